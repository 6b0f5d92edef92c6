"""What a process keeps open between steps: resources and I/O managers."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from assetq.definitions import (
    AssetKey,
    ConfigurableResource,
    Definitions,
    InitResourceContext,
    IOManager,
    ResourceDefinition,
)
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.resource import (
    IAttachDifferentObjectToOpContext,
    ResourceAtLaunch,
    make_resource,
    nested_resources,
)
from assetq.errors import AssetqError, DefinitionError, MissingResourceError, ResourceError, suggest
from assetq.execution.input_cache import InputCache
from assetq.execution.resources import Resources
from assetq.execution.step_context import JOB_NAME, RunInfo
from assetq.io import FilesystemIOManager

if TYPE_CHECKING:
    from assetq.execution.data_version import VersionedAsset, VersionSource, Wanted
    from assetq.execution.instance import Instance

    # Of a run and a fence: the versions that steps read. The last tells what those that come next will read of them.
    Recorded = Callable[[str, int, Callable[[], Sequence[Wanted]]], VersionSource | None]

logger = logging.getLogger("assetq.resource")

DEFAULT_STORAGE = os.path.join(".assetq", "storage")


class ExecutionSession:
    """Definitions with their resources, opened when first used and closed together.

    Args:
        defs: The definitions.
        storage: Base path or URL for I/O managers that have none of their own.
        instance: What `context.instance` is.
        config: What run config says under `resources`.
        run_id: The run that resources open for, when they open for one.
        inputs: Where values are kept that several steps read, shared with other sessions of the process.
    """

    def __init__(
        self,
        defs: Definitions,
        *,
        storage: str | None = None,
        instance: Instance | None = None,
        config: Mapping[str, Any] | None = None,
        run_id: str | None = None,
        inputs: InputCache | None = None,
    ) -> None:
        self.defs = defs
        self.storage = storage or os.environ.get("ASSETQ_STORAGE") or DEFAULT_STORAGE
        self.instance = instance
        self.config = config or {}
        self.run = None if run_id is None else RunInfo(run_id)
        self.versioned: dict[AssetKey, VersionedAsset] = {}
        self.outputs: dict[tuple[str, str], Any] | None = None
        self.recorded: Recorded = lambda run_id, fence, ahead: self.instance
        self.tells_all = False  # of each input and output; the fleet's log has only those that say something
        self.inputs = InputCache() if inputs is None else inputs
        self._shared: dict[int, tuple[Any, Any]] = {}
        self._open: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()
        if inputs is None:
            self._stack.callback(self.inputs.clear)
        self._lock = threading.RLock()

    @property
    def job_name(self) -> str:
        """Name of the job whose definitions these are."""
        return self.defs.job_name or JOB_NAME

    @property
    def run_id(self) -> str | None:
        """Id of the run that resources open for, when they open for one."""
        return None if self.run is None else self.run.run_id

    def resource(self, key: str) -> Any:
        """The opened resource.

        Raises:
            MissingResourceError: It is not provided.
            ResourceError: Its code raised.
        """
        with self._lock:
            if key not in self._open:
                self._open[key] = self._start(key)
            return self._open[key]

    def _start(self, key: str) -> Any:
        if key not in self.defs.resources:
            raise MissingResourceError(f"There is no resource '{key}'.{suggest(key, self.defs.resources)}")
        try:
            return self._open_value(self.defs.resources[key], f"resources.{key}", self.config.get(key))
        except AssetqError:
            raise
        except Exception as error:
            message = f"Resource '{key}' could not be opened: {type(error).__name__}: {error}"
            raise ResourceError(message) from error

    def _open_value(self, value: Any, path: str, section: Mapping[str, Any] | None = None) -> Any:
        """Open a resource, those inside it first; one that stands in two places opens once."""
        if id(value) in self._shared and not section:
            return self._shared[id(value)][1]
        opened = self._opened(value, path, section)
        self._shared[id(value)] = (value, opened)
        return opened

    def _opened(self, value: Any, path: str, section: Mapping[str, Any] | None) -> Any:
        config = (section or {}).get("config")
        if isinstance(value, ResourceAtLaunch):
            inside = {n: self._open_inner(v, f"{path}.{n}") for n, v in nested_resources(value.given).items()}
            value = make_resource(value.cls, {**value.given, **inside, **(config or {})})
            return self._enter(value.resolved(), path)
        if isinstance(value, ConfigurableResource):
            inside = {n: self._open_inner(v, f"{path}.{n}") for n, v in value.nested.items()}
            return self._enter(value.resolved(config, inside), path)
        if isinstance(value, ResourceDefinition):
            needs = SimpleNamespace(**{key: self.resource(key) for key in value.required_resource_keys})
            read = value.read_config(section, f"{path}.config")
            return self._entered(value.open(self._context(read, value, needs)), path)
        return value

    def _open_inner(self, value: Any, path: str) -> Any:
        """A resource inside another; one that is provided under a key, too, has the config of that key."""
        keys = [key for key, provided in self.defs.resources.items() if provided is value]
        return self.resource(keys[0]) if keys else self._open_value(value, path)

    def _context(self, config: Any, definition: Any, needs: Any = None) -> InitResourceContext:
        return InitResourceContext(
            resource_config=config,
            resources=needs or SimpleNamespace(),
            run_id=self.run_id,
            instance=self.instance,
            resource_def=definition,
            dagster_run=self.run,
            all_resource_defs=self.defs.resources,
        )

    def _entered(self, opening: AbstractContextManager[Any], path: str) -> Any:
        value = opening.__enter__()
        self._stack.push(lambda *_: self._leave(opening, path))
        return value

    def _leave(self, opening: AbstractContextManager[Any], path: str) -> None:
        """Tear down; what that raises is logged, since the steps have long ended."""
        try:
            opening.__exit__(None, None, None)
        except Exception:
            logger.exception("%s could not be torn down", path)

    def _enter(self, value: ConfigurableResource, path: str) -> Any:
        context = self._context(value.plain_config(), value)
        return self._entered(value.with_resource_context(context).yield_for_execution(context), path)

    def io_manager(self, key: str) -> IOManager:
        """The I/O manager with this resource key; pickle files when "io_manager" is not provided."""
        with self._lock:
            if key == DEFAULT_IO_MANAGER_KEY and key not in self.defs.resources:
                if key not in self._open:
                    self._open[key] = FilesystemIOManager()
                return self._open[key]  # type: ignore[no-any-return]
            found = self.resource(key)
        if not hasattr(found, "load_input"):
            raise DefinitionError(f"Resource '{key}' is used as an I/O manager, but {type(found).__name__} is none.")
        manager: IOManager = found
        return manager

    def resource_config(self, key: str) -> Any:
        """What a resource was configured with; None for an object that takes no config."""
        value, section = self.defs.resources.get(key), self.config.get(key)
        if isinstance(value, ResourceDefinition):
            return value.read_config(section, f"resources.{key}.config")
        config = (section or {}).get("config")
        if isinstance(value, ResourceAtLaunch):
            return {**value.given, **(config or {})}
        return value.resolved(config).plain_config() if isinstance(value, ConfigurableResource) else None

    def resources(self) -> Resources:
        """All resources as attributes."""
        return Resources(self._attached, list(self.defs.resources))

    def _attached(self, key: str) -> Any:
        value = self.resource(key)
        shows_other = isinstance(value, IAttachDifferentObjectToOpContext)
        return value.get_object_to_set_on_execution_context() if shows_other else value

    def keep_outputs(self, op_name: str, values: Mapping[str, Any], mapping_key: str | None = None) -> None:
        """Hold what an op gave, by op and output, for a result in this process; a fleet holds no values."""
        if self.outputs is None:
            return
        for name, value in values.items():
            if mapping_key is None:
                self.outputs[op_name, name] = value
            else:
                self.outputs.setdefault((op_name, name), {})[mapping_key] = value

    def close(self) -> None:
        """Tear down what was opened, last first."""
        with self._lock:
            self._open.clear()
            self._shared.clear()
            self._stack.close()
