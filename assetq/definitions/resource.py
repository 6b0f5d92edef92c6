"""Resources as classes: things that ops need, whose fields are configuration and which are opened for them."""

from __future__ import annotations

import contextlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass
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
from assetq.definitions.env_var import environment_in, read_environment
from assetq.definitions.init_resource_context import InitResourceContext
from assetq.definitions.resource_definition import ResourceDefinition
from assetq.errors import ConfigError, DefinitionError, InvariantError

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
