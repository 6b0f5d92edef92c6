"""Resources: things that ops need, opened for them."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict

from assetq.definitions.env_var import EnvVar
from assetq.errors import ConfigError

T = TypeVar("T")


class _ResourceMarker:
    def __repr__(self) -> str:
        return "ResourceParam"


RESOURCE_MARKER = _ResourceMarker()
ResourceParam = Annotated[T, RESOURCE_MARKER]
"""Annotation of an argument that takes the resource of the argument's name."""


class ConfigurableResource(BaseModel):
    """A resource whose fields are configuration. Mirrors Dagster's `ConfigurableResource`.

    Override `setup_for_execution` and `teardown_after_execution`, or `yield_for_execution`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def setup_for_execution(self, context: Any) -> None:
        """Called once before the first step of a process uses the resource."""

    def teardown_after_execution(self, context: Any) -> None:
        """Called once when the process is done with the resource."""

    @contextlib.contextmanager
    def yield_for_execution(self, context: Any) -> Generator[Any, None, None]:
        """Setup, the resource, teardown."""
        self.setup_for_execution(context)
        try:
            yield self
        finally:
            self.teardown_after_execution(context)

    def resolved(self) -> ConfigurableResource:
        """A copy in which every `EnvVar` has its value.

        Raises:
            ConfigError: A variable is not set.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        pending = {name: value for name, value in values.items() if isinstance(value, EnvVar)}
        for name, variable in pending.items():
            if variable.get_value() is None:
                raise ConfigError(
                    f"Resource {type(self).__name__}.{name} reads environment variable '{variable!s}', "
                    "which is not set."
                )
        return self.model_copy(update={name: variable.get_value() for name, variable in pending.items()})


@dataclass(frozen=True, slots=True)
class InitResourceContext:
    """What a `@resource` function is given."""

    resource_config: Any = None
    resources: Mapping[str, Any] = field(default_factory=dict)


class ResourceDefinition:
    """A resource made by a function of an init context; a generator's rest is its teardown."""

    def __init__(self, resource_fn: Callable[..., Any], config_schema: Any = None, **_: Any) -> None:
        self.resource_fn = resource_fn
        self.config_schema = config_schema

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

    @staticmethod
    def hardcoded_resource(value: Any) -> ResourceDefinition:
        """A resource that is always `value`."""
        return ResourceDefinition(lambda: value)


def resource(fn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns, or yields, a resource."""
    if fn is None:
        return lambda function: resource(function, **options)
    return ResourceDefinition(fn, **options)
