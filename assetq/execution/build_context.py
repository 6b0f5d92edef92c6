"""Contexts for calling assets, ops, checks and resources directly, as tests do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from assetq.definitions import InitResourceContext
from assetq.errors import InvocationError, UsageError
from assetq.execution.context import (
    AssetCheckExecutionContext,
    AssetExecutionContext,
    ExecutionContext,
    OpExecutionContext,
    RunInfo,
)
from assetq.execution.instance import Instance
from assetq.execution.resource_scope import ResourceScope
from assetq.partitions import PartitionKeyRange, PartitionsDefinition

RUN_ID = "EPHEMERAL"
C = TypeVar("C", bound=ExecutionContext)


def build_asset_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Any = None,
    instance: Instance | None = None,
    partition_key: str | None = None,
    partition_key_range: PartitionKeyRange | None = None,
    run_tags: Mapping[str, str] | None = None,
    event_loop: Any = None,
    partitions_def: PartitionsDefinition | None = None,
) -> AssetExecutionContext:
    """A context for calling an asset directly. Mirrors Dagster's `build_asset_context`.

    Args:
        resources: Resource key -> resource. When one of them must be closed, use the context in a `with` statement.
        resources_config: Resource key -> `{"config": ...}`.
        asset_config: Config of the asset.
        instance: What `context.instance` is; by default one in memory.
        partition_key: The partition.
        partition_key_range: Instead of it, several.
        run_tags: Tags of the run that there is not.
        event_loop: Taken for compatibility.
        partitions_def: How the asset is partitioned, for a context that is looked at outside of a call.

    Raises:
        UsageError: Both `partition_key` and `partition_key_range` are given.
    """
    return _build(
        AssetExecutionContext,
        ResourceScope(resources, resources_config, instance),
        asset_config,
        instance,
        _range(partition_key, partition_key_range),
        run_tags,
        partitions_def,
    )


def build_op_context(
    resources: Mapping[str, Any] | None = None,
    op_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
    instance: Instance | None = None,
    config: Any = None,
    partition_key: str | None = None,
    partition_key_range: PartitionKeyRange | None = None,
    mapping_key: str | None = None,
    run_tags: Mapping[str, str] | None = None,
    event_loop: Any = None,
) -> OpExecutionContext:
    """A context for calling an op directly. Mirrors Dagster's `build_op_context`; see `build_asset_context`.

    Raises:
        InvocationError: Both `op_config` and `config`, its older name, are given.
    """
    if op_config and config:
        raise InvocationError("build_op_context takes op_config or config, its older name; not both.")
    context = _build(
        OpExecutionContext,
        ResourceScope(resources, resources_config, instance),
        op_config if op_config is not None else config,
        instance,
        _range(partition_key, partition_key_range),
        run_tags,
    )
    context.mapping_key = mapping_key
    return context


def build_asset_check_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Any = None,
    instance: Instance | None = None,
) -> AssetCheckExecutionContext:
    """A context for calling a check directly. Mirrors Dagster's function; see `build_asset_context`."""
    scope = ResourceScope(resources, resources_config, instance)
    return _build(AssetCheckExecutionContext, scope, asset_config, instance)


def build_init_resource_context(
    config: Any = None,
    resources: Mapping[str, Any] | None = None,
    instance: Instance | None = None,
) -> InitResourceContext:
    """A context for calling a `@resource` function directly. Mirrors Dagster's function."""
    scope = ResourceScope(resources, None, instance)
    return InitResourceContext(
        resource_config=config, resources=scope.resources, instance=instance or Instance.ephemeral()
    )


def _build(
    cls: type[C],
    scope: ResourceScope,
    config: Any,
    instance: Instance | None,
    keys: PartitionKeyRange | None = None,
    run_tags: Mapping[str, str] | None = None,
    partitions_def: PartitionsDefinition | None = None,
) -> C:
    return cls(
        run=RunInfo(RUN_ID, dict(run_tags or {})),
        partitions_def=partitions_def,
        given_range=keys,
        resources=scope.resources,
        op_config=config,
        instance=instance or Instance.ephemeral(),
        is_direct=True,
        lifetime=scope,
    )


def _range(key: str | None, keys: PartitionKeyRange | None) -> PartitionKeyRange | None:
    if key is None:
        return keys
    if keys is not None:
        raise UsageError("Give partition_key or partition_key_range, not both.")
    return PartitionKeyRange(key, key)
