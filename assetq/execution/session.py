"""What a process keeps open between steps: resources and I/O managers."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, Any

from assetq.definitions import ConfigurableResource, Definitions, IOManager, ResourceDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.resource import InitResourceContext
from assetq.errors import DefinitionError, MissingResourceError, suggest
from assetq.execution.context import Resources
from assetq.io import FilesystemIOManager

if TYPE_CHECKING:
    from assetq.execution.instance import Instance

DEFAULT_STORAGE = os.path.join(".assetq", "storage")


class ExecutionSession:
    """Definitions with their resources, opened when first used and closed together.

    Args:
        defs: The definitions.
        storage: Base path or URL for I/O managers that have none of their own.
        instance: What `context.instance` is.
        config: Resource key -> config of a `@resource`.
    """

    def __init__(
        self,
        defs: Definitions,
        *,
        storage: str | None = None,
        instance: Instance | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.defs = defs
        self.storage = storage or os.environ.get("ASSETQ_STORAGE") or DEFAULT_STORAGE
        self.instance = instance
        self.config = config or {}
        self._open: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()
        self._lock = threading.RLock()

    def resource(self, key: str) -> Any:
        """The opened resource.

        Raises:
            MissingResourceError: It is not provided.
        """
        with self._lock:
            if key not in self._open:
                self._open[key] = self._start(key)
            return self._open[key]

    def _start(self, key: str) -> Any:
        if key not in self.defs.resources:
            raise MissingResourceError(f"There is no resource '{key}'.{suggest(key, self.defs.resources)}")
        value = self.defs.resources[key]
        if isinstance(value, ConfigurableResource):
            return self._stack.enter_context(value.resolved().yield_for_execution(InitResourceContext()))
        if isinstance(value, ResourceDefinition):
            config = (self.config.get(key) or {}).get("config")
            return self._stack.enter_context(value.open(config))
        return value

    def io_manager(self, key: str) -> IOManager:
        """The I/O manager with this resource key; pickle files when "io_manager" is not provided."""
        with self._lock:
            if key == DEFAULT_IO_MANAGER_KEY and key not in self.defs.resources:
                return self._open.setdefault(key, FilesystemIOManager())  # type: ignore[no-any-return]
            found = self.resource(key)
        if not (hasattr(found, "handle_output") and hasattr(found, "load_input")):
            raise DefinitionError(f"Resource '{key}' is used as an I/O manager, but {type(found).__name__} is none.")
        manager: IOManager = found
        return manager

    def resources(self) -> Resources:
        """All resources as attributes."""
        return Resources(self.resource, list(self.defs.resources))

    def close(self) -> None:
        """Tear down what was opened, last first."""
        with self._lock:
            self._open.clear()
            self._stack.close()
