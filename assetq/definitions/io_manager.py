"""I/O managers as definitions see them: objects that store outputs and load inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from assetq.definitions.resource import ConfigurableResource, ResourceDefinition


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


class IOManagerDefinition(ResourceDefinition):
    """A resource that gives an I/O manager."""


def io_manager(fn: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns an I/O manager."""
    if fn is None:
        return lambda function: io_manager(function, **options)
    return IOManagerDefinition(fn, **options)
