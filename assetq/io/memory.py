"""Values kept in memory, for tests."""

from __future__ import annotations

from typing import Any

from assetq.definitions import IOManager, IOManagerDefinition
from assetq.errors import StorageError
from assetq.io.context import InputContext, OutputContext


class InMemoryIOManager(IOManager):
    """Keeps values in this process. Mirrors Dagster's `InMemoryIOManager`."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str | None], Any] = {}

    def _name(self, context: InputContext | OutputContext) -> str:
        """The asset; of what is none, the run, op and output."""
        return str(context.asset_key) if context.has_asset_key else "\n".join(context.get_identifier())

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Keep a value."""
        context.guard()
        keys = context.partition_keys
        if keys is not None and (len(keys) > 1 or context.is_by_partition):
            for key in keys:
                self.values[self._name(context), key] = obj[key]
            return
        self.values[self._name(context), keys[0] if keys else None] = obj

    def load_input(self, context: InputContext) -> Any:
        """The kept value, or a dict of them by partition key; None when no partition is read."""
        keys = context.partition_keys
        if keys is not None and not keys:
            return None
        if keys is None or len(keys) == 1:
            return self._get(context, keys[0] if keys else None)
        return {key: self._get(context, key) for key in keys}

    def _get(self, context: InputContext, key: str | None) -> Any:
        try:
            return self.values[self._name(context), key]
        except KeyError:
            raise StorageError(
                f"'{self._name(context)}'{f', partition {key!r}' if key else ''}, which '{context.reader}' reads, "
                "was not materialized in this process."
            ) from None


mem_io_manager = IOManagerDefinition(InMemoryIOManager, description="Keeps values in this process.")
