"""I/O managers as definitions see them: objects that store outputs and load inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

from assetq.definitions.resource import ConfigurableResource, ConfigurableResourceFactory, ResourceDefinition


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


class ConfigurableIOManagerFactory(ConfigurableResourceFactory):
    """Configuration from which an I/O manager is made. Mirrors Dagster's `ConfigurableIOManagerFactory`."""

    def create_io_manager(self, context: Any) -> Any:
        """The I/O manager."""
        raise NotImplementedError(f"{type(self).__name__} must define create_io_manager.")

    def create_resource(self, context: Any) -> Any:
        """The I/O manager."""
        return self.create_io_manager(context)


class IOManagerDefinition(ResourceDefinition):
    """A resource that gives an I/O manager. Mirrors Dagster's `IOManagerDefinition`."""

    @classmethod
    def hardcoded_io_manager(cls, value: Any, description: str | None = None) -> Self:
        """A definition that always gives this I/O manager."""
        return cls.hardcoded_resource(value, description)


def io_manager(fn: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns an I/O manager. Mirrors Dagster's `@io_manager`.

    Args:
        fn: The function; or, as in Dagster, the config schema.
        description: What the I/O manager is.
        options: As for `ResourceDefinition`.
    """
    if callable(fn) and not isinstance(fn, type):
        return IOManagerDefinition(fn, description=description, **options)
    schema = {} if fn is None else {"config_schema": fn}
    return lambda function: IOManagerDefinition(function, description=description, **schema, **options)


def can_store(value: object) -> bool:
    """False for what is certainly no I/O manager; what a resource function gives is known only when it runs."""
    if isinstance(value, ResourceDefinition | ConfigurableResourceFactory):
        return True
    return hasattr(value, "handle_output") and hasattr(value, "load_input")
