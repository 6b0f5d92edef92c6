"""Resources: things that ops need, opened for them."""

from __future__ import annotations

import contextlib
import inspect
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from assetq.definitions.config_schema import check_schema, is_config_required, process_config, schema_default
from assetq.definitions.env_var import environment_in, read_environment
from assetq.errors import ConfigError, DefinitionError, InvocationError, MissingResourceError

T = TypeVar("T")


class _ResourceMarker:
    def __repr__(self) -> str:
        return "ResourceParam"


RESOURCE_MARKER = _ResourceMarker()
ResourceParam = Annotated[T, RESOURCE_MARKER]
"""Annotation of an argument that takes the resource of the argument's name."""


@dataclass(frozen=True, slots=True)
class InitResourceContext:
    """What a resource is told when it opens. Mirrors Dagster's `InitResourceContext`.

    Attributes:
        resource_config: Its config, validated.
        resources: The resources that it asked for, as attributes.
        log: A logger.
        run_id: Id of the run, when it opens for one.
        instance: The instance of the run.
        resource_def: The definition itself.
    """

    resource_config: Any = None
    resources: Any = field(default_factory=SimpleNamespace)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("assetq.resource"))
    run_id: str | None = None
    instance: Any = None
    resource_def: Any = None


class ConfigurableResource(BaseModel):
    """A resource whose fields are configuration or other resources. Mirrors Dagster's `ConfigurableResource`.

    Override `setup_for_execution` and `teardown_after_execution`, or `yield_for_execution`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        # Validation makes plain values of variables; they are put back, to be read when the resource opens.
        self.__dict__.update(environment_in(data))

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Called once before the first step of a process uses the resource."""

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        """Called once when the process is done with the resource."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        """Setup, the resource, teardown."""
        self.setup_for_execution(context)
        try:
            yield self
        finally:
            self.teardown_after_execution(context)

    @classmethod
    def configure_at_launch(cls, **given: Any) -> ResourceAtLaunch:
        """The resource with the rest of its fields left to run config."""
        return ResourceAtLaunch(cls, given)

    @property
    def nested(self) -> dict[str, Any]:
        """The fields that are resources themselves."""
        return nested_resources({name: getattr(self, name) for name in type(self).model_fields})

    def plain_config(self) -> dict[str, Any]:
        """The fields that are configuration, as they were given."""
        nested = self.nested
        return {name: getattr(self, name) for name in type(self).model_fields if name not in nested}

    def resolved(self, config: Mapping[str, Any] | None = None, nested: Mapping[str, Any] | None = None) -> Any:
        """A copy with opened resources inside and every `EnvVar` read; fields from run config replace all others.

        Raises:
            ConfigError: A variable is not set, or a field from run config does not validate.
        """
        inside = dict(nested or {})
        given = self.plain_config() if config is None else dict(config)
        read = {
            name: read_environment(value, f"Resource {type(self).__name__}.{name}") for name, value in given.items()
        }
        if config is not None or environment_in(given):
            return make_resource(type(self), {**read, **inside})
        return self.model_copy(update={n: v for n, v in inside.items() if v is not getattr(self, n)})


def nested_resources(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some values that are resources."""
    kinds = (ConfigurableResource, ResourceAtLaunch, ResourceDefinition)
    return {name: value for name, value in values.items() if isinstance(value, kinds)}


def make_resource(cls: type[ConfigurableResource], values: Mapping[str, Any]) -> Any:
    """An instance, with assetq's error for fields that do not validate."""
    try:
        return cls(**values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in error.errors())
        raise ConfigError(f"Resource {cls.__name__} does not validate: {problems}.") from None


class ConfigurableResourceFactory(ConfigurableResource, Generic[T]):
    """A configured thing that makes the resource that ops see. Mirrors Dagster's class of that name."""

    def create_resource(self, context: InitResourceContext) -> T:
        """Make the resource."""
        raise DefinitionError(f"{type(self).__name__} must define create_resource.")

    @contextlib.contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[T, None, None]:
        """Setup, what `create_resource` makes, teardown."""
        self.setup_for_execution(context)
        try:
            yield self.create_resource(context)
        finally:
            self.teardown_after_execution(context)


@dataclass(frozen=True, slots=True)
class ResourceAtLaunch:
    """A resource class some of whose fields come from run config."""

    cls: type[ConfigurableResource]
    given: Mapping[str, Any]


class ResourceDefinition:
    """A resource made by a function of an init context; a generator's rest is its teardown.

    Mirrors Dagster's `ResourceDefinition`.

    Args:
        resource_fn: Takes an `InitResourceContext`, or nothing.
        config_schema: Schema of its config.
        description: What it is.
        required_resource_keys: Resources that it uses itself, through `context.resources`.
        version: Carried along.

    Raises:
        DefinitionError: The schema is none.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
    ) -> None:
        check_schema(config_schema, f"Resource '{getattr(resource_fn, '__name__', 'resource')}'")
        self.resource_fn = resource_fn
        self.config_schema = config_schema
        self.description = description
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.version = version
        self.preset: Any = None

    def configured(self, config: Any, name: str | None = None, description: str | None = None) -> ResourceDefinition:
        """A copy that needs no config any more."""
        made = type(self)(
            self.resource_fn, self.config_schema, description or self.description, self.required_resource_keys
        )
        made.preset = {"config": config}
        return made

    @property
    def needs_config(self) -> bool:
        """True when run config must say something of it."""
        return self.preset is None and self.config_schema is not None and is_config_required(self.config_schema)

    def read_config(self, section: Mapping[str, Any] | None, path: str) -> Any:
        """The config that the function is given.

        Args:
            section: What run config says under `resources.<key>`.
            path: Where that stands, for messages.

        Raises:
            ConfigError: It does not fit the schema.
        """
        given = dict(self.preset or section or {})
        if self.config_schema is None:
            return given.get("config")
        if "config" in given:
            return process_config(self.config_schema, given["config"], path=path)
        return schema_default(self.config_schema, path=path)

    @contextlib.contextmanager
    def open(self, context: InitResourceContext) -> Iterator[Any]:
        """The resource for as long as the block lasts."""
        made = self.resource_fn(context) if inspect.signature(self.resource_fn).parameters else self.resource_fn()
        if inspect.isgenerator(made):
            with contextlib.contextmanager(lambda: made)() as value:
                yield value
        elif isinstance(made, contextlib.AbstractContextManager) and hasattr(made, "gen"):
            with made as value:
                yield value
        else:
            yield made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as in a unit test, with a context from `build_init_resource_context`.

        Returns:
            The resource; for a generator a context manager that gives it.

        Raises:
            InvocationError: The function takes a context and none is given, or the other way round.
            ConfigError: The context's config does not fit.
            MissingResourceError: The context lacks a resource that is needed.
        """
        given = [*args, *kwargs.values()]
        takes = len(inspect.signature(self.resource_fn).parameters)
        if len(given) != takes:
            hint = "; give build_init_resource_context()" if takes > len(given) else ""
            raise InvocationError(f"The resource's function takes {takes} arguments, not {len(given)}{hint}.")
        made = self.resource_fn(*(self._checked(context) for context in given))
        return contextlib.contextmanager(lambda: made)() if inspect.isgenerator(made) else made

    def _checked(self, context: InitResourceContext | None) -> InitResourceContext:
        context = context or InitResourceContext()
        section = None if context.resource_config is None else {"config": context.resource_config}
        for key in sorted(self.required_resource_keys):
            if not hasattr(context.resources, key):
                raise MissingResourceError(f"The resource needs resource '{key}'; give it to the context.")
        return replace(context, resource_config=self.read_config(section, "resources.config"), resource_def=self)

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        """A resource that is always `value`."""
        return ResourceDefinition(lambda: value, description=description)

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is None."""
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def string_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is the string in its config."""
        return ResourceDefinition(lambda context: context.resource_config, str, description)


def resource(config_schema: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns, or yields, a resource. Mirrors `@resource`."""
    if inspect.isfunction(config_schema):
        return ResourceDefinition(config_schema)
    return lambda fn: ResourceDefinition(fn, config_schema, description, **options)


def make_values_resource(**schema: Any) -> ResourceDefinition:
    """A resource that is the values in its config, by name. Mirrors Dagster's function."""
    return ResourceDefinition(lambda context: dict(context.resource_config or {}), schema or None)
