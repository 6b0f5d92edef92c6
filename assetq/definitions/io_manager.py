"""I/O managers as definitions see them: objects that store outputs and load inputs."""

from __future__ import annotations

import contextlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from assetq.definitions.config_schema import check_schema
from assetq.definitions.init_resource_context import InitResourceContext
from assetq.definitions.resource import ConfigurableResource
from assetq.definitions.resource_definition import ResourceDefinition
from assetq.errors import DefinitionError


class IOManager(ABC):
    """Stores what ops return and loads it for those that read it. Mirrors Dagster's `IOManager`."""

    @abstractmethod
    def handle_output(self, context: Any, obj: Any) -> None:
        """Store `obj`; `context` is an `OutputContext`."""

    @abstractmethod
    def load_input(self, context: Any) -> Any:
        """Load a value; `context` is an `InputContext`."""


class ConfigurableIOManager(ConfigurableResource, IOManager):
    """An I/O manager whose fields are configuration. Mirrors Dagster's `ConfigurableIOManager`."""


class ConfigurableIOManagerFactory(ConfigurableResource):
    """Configuration from which an I/O manager is made. Mirrors Dagster's `ConfigurableIOManagerFactory`."""

    def create_io_manager(self, context: InitResourceContext) -> IOManager:
        """Make the I/O manager."""
        raise DefinitionError(f"{type(self).__name__} must define create_io_manager.")

    @contextlib.contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Generator[IOManager, None, None]:
        """Setup, what `create_io_manager` makes, teardown."""
        self.setup_for_execution(context)
        try:
            yield self.create_io_manager(context)
        finally:
            self.teardown_after_execution(context)


class InputManager(ABC):
    """Loads inputs and stores nothing. Mirrors Dagster's `InputManager`."""

    @abstractmethod
    def load_input(self, context: Any) -> Any:
        """Load a value; `context` is an `InputContext`."""


class IOManagerDefinition(ResourceDefinition):
    """A resource that gives an I/O manager.

    Args:
        input_config_schema: Schema of what run config may say under `ops.<op>.inputs.<input>`.
        output_config_schema: The same, under `ops.<op>.outputs.<output>`.
        resource_fn, config_schema, description, required_resource_keys, version: As for `ResourceDefinition`.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
        input_config_schema: Any = None,
        output_config_schema: Any = None,
    ) -> None:
        super().__init__(resource_fn, config_schema, description, required_resource_keys, version)
        check_schema(input_config_schema, "The I/O manager's input_config_schema")
        check_schema(output_config_schema, "The I/O manager's output_config_schema")
        self.input_config_schema = input_config_schema
        self.output_config_schema = output_config_schema

    @staticmethod
    def hardcoded_io_manager(value: IOManager, description: str | None = None) -> IOManagerDefinition:
        """A resource that is always this I/O manager."""
        return IOManagerDefinition(lambda: value, description=description)


class InputManagerDefinition(ResourceDefinition):
    """A resource that gives an input manager: made by a function of the input's context and, maybe, a resource's.

    Args:
        input_config_schema: Schema of what run config may say under `ops.<op>.inputs.<input>`.
        resource_fn, config_schema, description, required_resource_keys, version: As for `ResourceDefinition`.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        input_config_schema: Any = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
    ) -> None:
        super().__init__(resource_fn, config_schema, description, required_resource_keys, version)
        check_schema(input_config_schema, "The input manager's input_config_schema")
        self.input_config_schema = input_config_schema


def io_manager(config_schema: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns an I/O manager. Mirrors `@io_manager`."""
    if inspect.isfunction(config_schema):
        return IOManagerDefinition(config_schema)
    return lambda fn: IOManagerDefinition(fn, config_schema, description, **options)


def input_manager(config_schema: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an `InputContext` that loads a value. Mirrors `@input_manager`."""
    if inspect.isfunction(config_schema):
        return InputManagerDefinition(lambda: _LoadingFunction(config_schema))
    return lambda fn: InputManagerDefinition(
        lambda context: _LoadingFunction(fn), config_schema, description, **options
    )


@dataclass(frozen=True, slots=True)
class _LoadingFunction(InputManager):
    fn: Callable[[Any], Any]

    def load_input(self, context: Any) -> Any:
        return self.fn(*([context] if inspect.signature(self.fn).parameters else []))
