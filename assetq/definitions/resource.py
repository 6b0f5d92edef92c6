"""Resources: things that ops need, opened for them."""

from __future__ import annotations

import contextlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SkipValidation,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from assetq.definitions.config_field import Field
from assetq.definitions.config_model import model_fields, model_schema
from assetq.definitions.config_problem import describe_problems
from assetq.definitions.config_schema import check_schema, is_config_required, process_config, schema_default
from assetq.definitions.env_var import environment_in, read_environment
from assetq.definitions.init_resource_context import InitResourceContext
from assetq.errors import ConfigError, DefinitionError, InvariantError, InvocationError, MissingResourceError

T = TypeVar("T")


class _ResourceMarker:
    def __repr__(self) -> str:
        return "ResourceParam"


RESOURCE_MARKER = _ResourceMarker()
ResourceParam = Annotated[T, RESOURCE_MARKER]
"""Annotation of an argument that takes the resource of the argument's name."""


class _DependencyMarker:
    def __repr__(self) -> str:
        return "ResourceDependency"


DEPENDENCY_MARKER = _DependencyMarker()
ResourceDependency = Annotated[T, SkipValidation(), DEPENDENCY_MARKER]
"""Annotation of a field that takes another resource, of whatever kind."""


class IAttachDifferentObjectToOpContext(ABC):
    """A resource that shows something else on `context.resources`. Mirrors Dagster's class of that name."""

    @abstractmethod
    def get_object_to_set_on_execution_context(self) -> Any:
        """What `context.resources` shows; an argument of the resource's class is given the resource itself."""


class ConfigurableResource(BaseModel):
    """A resource whose fields are configuration or other resources. Mirrors Dagster's `ConfigurableResource`.

    Override `setup_for_execution` and `teardown_after_execution`, or `yield_for_execution`; and `create_resource` where
    ops are to be given another object than the resource.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    _init_context: InitResourceContext | None = PrivateAttr(default=None)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_deferred(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Any:
        """Where this class is the type of a field, a resource that is configured at launch may stand for it."""
        is_deferred = isinstance(value, ResourceAtLaunch) and issubclass(value.cls, cls)
        return value if is_deferred else handler(value)

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)
        # Validation makes plain values of variables; they are put back, to be read when the resource opens.
        self.__dict__.update(environment_in(data))

    def setup_for_execution(self, context: InitResourceContext) -> None:
        """Called once before the first step of a process uses the resource."""

    def create_resource(self, context: InitResourceContext) -> Any:
        """What ops are given once the resource is set up: by default itself."""
        return self

    def teardown_after_execution(self, context: InitResourceContext) -> None:
        """Called once when the process is done with the resource."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[Any, None, None]:
        """Setup, the resource, teardown."""
        self.setup_for_execution(context)
        try:
            yield self.create_resource(context)
        finally:
            self.teardown_after_execution(context)

    @classmethod
    def configure_at_launch(cls, **given: Any) -> ResourceAtLaunch:
        """The resource with the rest of its fields left to run config."""
        return ResourceAtLaunch(cls, given)

    def get_resource_context(self) -> InitResourceContext:
        """What the resource was told when it opened.

        Raises:
            InvariantError: It is not open.
        """
        if self._init_context is None:
            raise InvariantError(f"Resource {type(self).__name__} is not open, so it has no context.")
        return self._init_context

    @classmethod
    def to_fields_dict(cls) -> dict[str, Field]:
        """The fields that are configuration, as a `config_schema` has them."""
        return model_fields(cls, _resource_fields(cls))

    @classmethod
    def to_config_schema(cls) -> Field:
        """The fields as a `config_schema`, for a `@resource` function that makes the resource by hand."""
        return model_schema(cls, _resource_fields(cls))

    def with_resource_context(self, context: InitResourceContext) -> Self:
        """A copy that was told something else."""
        made = self.model_copy()
        made._init_context = context
        return made

    with_replaced_resource_context = with_resource_context

    @classmethod
    @contextlib.contextmanager
    def from_resource_context_cm(cls, context: InitResourceContext) -> Generator[Any, None, None]:
        """The resource whose fields are the config of an init context, open for as long as the block lasts."""
        made = cls(**(context.resource_config or {})).resolved()
        with made.with_resource_context(context).yield_for_execution(context) as value:
            yield value

    @classmethod
    def from_resource_context(cls, context: InitResourceContext) -> Any:
        """As `from_resource_context_cm`, for a resource that needs no teardown.

        Raises:
            InvariantError: It has one.
        """
        _refuse_teardown(cls(**(context.resource_config or {})), "from_resource_context_cm")
        with cls.from_resource_context_cm(context) as value:
            return value

    @contextlib.contextmanager
    def process_config_and_initialize_cm(self) -> Generator[Any, None, None]:
        """The resource, open outside of a run: variables are read, inner resources are opened."""
        scope = import_module("assetq.execution.resource_scope")
        with scope.build_resources({"resource": self}) as opened:
            yield opened.resource

    def process_config_and_initialize(self) -> Any:
        """As `process_config_and_initialize_cm`, for a resource that needs no teardown.

        Raises:
            InvariantError: It has one.
        """
        _refuse_teardown(self, "process_config_and_initialize_cm")
        with self.process_config_and_initialize_cm() as value:
            return value

    @property
    def nested_resources(self) -> Mapping[str, Any]:
        """The fields that are resources themselves."""
        return self.nested

    @property
    def nested(self) -> dict[str, Any]:
        """The fields that are resources themselves."""
        return nested_resources({name: getattr(self, name) for name in type(self).model_fields})

    def plain_config(self) -> dict[str, Any]:
        """The fields that are configuration, as they were given."""
        inner = {*self.nested, *self._dependencies()}
        return {name: getattr(self, name) for name in type(self).model_fields if name not in inner}

    def _dependencies(self) -> dict[str, Any]:
        fields = type(self).model_fields
        return {name: getattr(self, name) for name, each in fields.items() if DEPENDENCY_MARKER in each.metadata}

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
            return make_resource(type(self), {**read, **self._dependencies(), **inside})
        return self.model_copy(update={n: v for n, v in inside.items() if v is not getattr(self, n)})


def _resource_fields(cls: type[ConfigurableResource]) -> frozenset[str]:
    def is_resource(field: FieldInfo) -> bool:
        kind = field.annotation
        return DEPENDENCY_MARKER in field.metadata or (
            inspect.isclass(kind) and issubclass(kind, ConfigurableResource | ResourceDefinition)
        )

    return frozenset(name for name, field in cls.model_fields.items() if is_resource(field))


def _refuse_teardown(value: ConfigurableResource, instead: str) -> None:
    if import_module("assetq.execution.resource_scope").has_teardown(value):
        raise InvariantError(f"Resource {type(value).__name__} must be closed after use; open it with {instead}.")


def nested_resources(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some values that are resources."""
    kinds = (ConfigurableResource, ResourceAtLaunch, ResourceDefinition)
    return {name: value for name, value in values.items() if isinstance(value, kinds)}


def make_resource(cls: type[ConfigurableResource], values: Mapping[str, Any], path: str | None = None) -> Any:
    """An instance, with assetq's error for fields that do not validate.

    Args:
        cls: Its class.
        values: Its fields.
        path: Where run config gives them, for messages.
    """
    try:
        return cls(**values)
    except ValidationError as error:
        problems = describe_problems(cls, error, path or "")
        given = "" if path is None else f" Correct run config under {path}."
        raise ConfigError(f"Resource {cls.__name__} does not validate: {problems}.{given}") from None


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
        self.inner: ResourceDefinition | None = None
        self.config_fn: Callable[[Any], Any] | None = None

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> ResourceDefinition:
        """A copy that needs no config any more, or other config, of which a function makes what this one takes.

        Args:
            config_or_config_fn: The config, or a function from config of `config_schema` to config of this resource.
            config_schema: Schema of what the function takes.
            description: What the copy is.
        """
        made = copy(self)
        made.description = description or self.description
        if callable(config_or_config_fn):
            made.config_schema, made.preset = config_schema, None
            made.inner, made.config_fn = self, config_or_config_fn
        else:
            made.preset = {"config": config_or_config_fn}
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
        read = self._read_own(dict(self.preset or section or {}), path)
        if self.config_fn is None or self.inner is None:
            return read
        return self.inner.read_config({"config": self.config_fn(read)}, path)

    def check_config(self, section: Mapping[str, Any] | None, path: str) -> None:
        """Refuse config that does not fit; variables of the environment may be those of another machine.

        Raises:
            ConfigError: Names the path of what does not fit.
        """
        given = dict(self.preset or section or {})
        if self.config_schema is not None and "config" in given:
            process_config(self.config_schema, given["config"], path=path, reads_environment=False)

    def _read_own(self, given: Mapping[str, Any], path: str) -> Any:
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
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is a `MagicMock`."""
        return ResourceDefinition(lambda: import_module("unittest.mock").MagicMock(), description=description)

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


def configured(configurable: Any, config_schema: Any = None, description: str | None = None) -> Any:
    """Decorator, or a function of config: a resource with other config. Mirrors Dagster's `configured`.

    Args:
        configurable: A `ResourceDefinition`.
        config_schema: Schema of what the decorated function takes.
        description: What the copy is.

    Returns:
        A function that takes a function from the new config to the resource's, or the resource's config itself.

    Raises:
        DefinitionError: It is given something that is not configurable.
    """
    if not isinstance(configurable, ResourceDefinition):
        raise DefinitionError(f"configured takes a ResourceDefinition, not {configurable!r}; use its own configured().")
    return lambda config: configurable.configured(
        config, config_schema, description or inspect.getdoc(config) if callable(config) else description
    )
