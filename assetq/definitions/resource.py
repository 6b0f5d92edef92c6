"""Resources: things that ops need, opened for them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, field_validator

from assetq.definitions.env_var import EnvVar
from assetq.errors import ConfigError

T = TypeVar("T")


class _ResourceMarker:
    def __repr__(self) -> str:
        return "ResourceParam"


RESOURCE_MARKER = _ResourceMarker()
ResourceParam = Annotated[T, RESOURCE_MARKER]
"""Annotation of an argument that takes the resource of the argument's name. Mirrors Dagster's `ResourceParam`."""


class ConfigurableResource(BaseModel):
    """A resource whose fields are configuration. Mirrors Dagster's `ConfigurableResource`.

    Fields may be `EnvVar`s, and other resources, which are opened first. Override `setup_for_execution` and
    `teardown_after_execution`, or `yield_for_execution`. State that is set up belongs into pydantic's `PrivateAttr`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _leave_env_var(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        return value if isinstance(value, EnvVar) else handler(value)

    def setup_for_execution(self, context: Any) -> None:
        """Called once before the first step of a process uses the resource."""

    def teardown_after_execution(self, context: Any) -> None:
        """Called once when the process is done with the resource."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: Any) -> Generator[Any, None, None]:
        """Setup, what ops are given, teardown."""
        self.setup_for_execution(context)
        try:
            yield self.create_resource(context)
        finally:
            self.teardown_after_execution(context)

    def create_resource(self, context: Any) -> Any:
        """What ops are given: the resource itself."""
        return self

    @contextlib.contextmanager
    def open(self, context: Any = None) -> Iterator[Any]:
        """What ops are given, for as long as the block lasts; resources among the fields are opened around it.

        Raises:
            ConfigError: An environment variable is not set, or does not fit its field.
        """
        with contextlib.ExitStack() as stack:
            nested = {
                name: stack.enter_context(value.open(context))
                for name, value in _fields(self).items()
                if isinstance(value, ConfigurableResource)
            }
            ready = self.resolved().model_copy(update=nested)
            yield stack.enter_context(ready.yield_for_execution(context or InitResourceContext()))

    def resolved(self) -> Self:
        """A copy in which every `EnvVar` has its value; the resource itself when there is none.

        Raises:
            ConfigError: A variable is not set, or its value does not fit the field.
        """
        values = _fields(self)
        pending = {name: value for name, value in values.items() if isinstance(value, EnvVar)}
        if not pending:
            return self
        read = {name: variable.require(f"{type(self).__name__}.{name}") for name, variable in pending.items()}
        try:
            return type(self)(**{**values, **read})
        except ValidationError as error:
            problem = error.errors()[0]
            name = str(problem["loc"][0])
            source = f" from environment variable '{pending[name]!s}'" if name in pending else ""
            raise ConfigError(f"{type(self).__name__}.{name}{source}: {problem['msg']}.") from None


def _fields(resource: BaseModel) -> dict[str, Any]:
    return {name: getattr(resource, name) for name in type(resource).model_fields}


class ConfigurableResourceFactory(ConfigurableResource):
    """A resource that gives ops another object: override `create_resource`. Mirrors Dagster's class of this name."""


@dataclass(frozen=True, slots=True)
class InitResourceContext:
    """What a `@resource` function is given. Mirrors Dagster's `InitResourceContext`."""

    resource_config: Any = None
    resources: Mapping[str, Any] = field(default_factory=dict)


class ResourceDefinition:
    """A resource made by a function of an init context; a generator's rest is its teardown.

    Args:
        resource_fn: Function of an `InitResourceContext`, or of nothing.
        config_schema, description, required_resource_keys, version: Carried along.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
    ) -> None:
        self.resource_fn = resource_fn
        self.config_schema = config_schema
        self.description = description
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.version = version

    @contextlib.contextmanager
    def open(self, config: Any = None) -> Iterator[Any]:
        """The resource for as long as the block lasts."""
        context = InitResourceContext(resource_config=config)
        made = self.resource_fn(context) if inspect.signature(self.resource_fn).parameters else self.resource_fn()
        if inspect.isgenerator(made):
            with contextlib.contextmanager(lambda: made)() as value:
                yield value
        else:
            yield made

    @classmethod
    def hardcoded_resource(cls, value: Any, description: str | None = None) -> Self:
        """A resource that is always `value`."""
        return cls(lambda: value, description=description)


def resource(fn: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns, or yields, a resource. Mirrors Dagster's `@resource`.

    Args:
        fn: The function; or, as in Dagster, the config schema.
        description: What the resource is.
        options: As for `ResourceDefinition`.
    """
    if callable(fn) and not isinstance(fn, type):
        return ResourceDefinition(fn, description=description, **options)
    schema = {} if fn is None else {"config_schema": fn}
    return lambda function: ResourceDefinition(function, description=description, **schema, **options)
