"""Loads stored values outside of a run, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import AssetKey, Definitions
from assetq.errors import UnknownPartitionError, UsageError
from assetq.execution.session import ExecutionSession
from assetq.io import InputContext, OutputContext
from assetq.io.context import NO_RUN
from assetq.partitions import PartitionKeyRange


def load_asset_value(
    defs: Definitions,
    asset_key: Any,
    *,
    python_type: Any = None,
    partition_key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    storage: str | None = None,
    instance: Any = None,
    partition_key_range: PartitionKeyRange | None = None,
    resource_config: Mapping[str, Any] | None = None,
) -> Any:
    """The stored value of an asset, loaded by its I/O manager; see `AssetValueLoader.load_asset_value`."""
    if partition_key is not None and partition_key_range is not None:
        raise UsageError("Give partition_key or partition_key_range, not both.")
    if storage is None and instance is not None:
        storage = instance.storage_directory()
    session = ExecutionSession(defs, storage=storage, instance=instance, config=resource_config)
    try:
        return load_value(
            session,
            asset_key,
            python_type=python_type,
            partition_key=partition_key,
            partition_key_range=partition_key_range,
            metadata=metadata,
        )
    finally:
        session.close()


def load_value(
    session: ExecutionSession,
    asset_key: Any,
    *,
    python_type: Any = None,
    partition_key: str | None = None,
    partition_key_range: PartitionKeyRange | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Any:
    """The stored value of an asset, loaded by an I/O manager of the session."""
    node = session.defs.graph.get(asset_key)
    given = partition_key_range
    if given is None and partition_key is not None:
        given = PartitionKeyRange(partition_key, partition_key)
    keys = _partition_keys(node.key, node.partitions_def, given)
    context = InputContext(
        asset_key=node.key,
        partition_keys=keys,
        partitions_def=node.partitions_def,
        annotation=python_type,
        resource_config=session.resource_config(node.io_manager_key),
        resources=session.resources(),
        storage=session.storage,
        metadata=metadata,
        upstream_output=OutputContext(
            name="result",
            asset_key=node.key,
            run_id=NO_RUN,
            partition_keys=keys,
            partitions_def=node.partitions_def,
            definition_metadata=node.spec.metadata,
            storage=session.storage,
        ),
        reader="load_asset_value",
    )
    return session.io_manager(node.io_manager_key).load_input(context)


def _partition_keys(key: AssetKey, grid: Any, given: PartitionKeyRange | None) -> list[str] | None:
    if grid is None:
        if given is not None:
            raise UsageError(f"Asset '{key}' has no partitions; leave partition_key out.")
        return None
    if given is None:
        raise UnknownPartitionError(f"Asset '{key}' is partitioned; say which partition: partition_key='...'.")
    return [grid.key_at(i) for i in range(grid.index_of(given.start), grid.index_of(given.end) + 1)]
