"""What the catalog keeps of definitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import AssetGraph, AssetNode
from assetq.definitions.spec_check import without_kinds
from assetq.execution.data_version import VersionedAsset, VersionedDep
from assetq.execution.record import AssetRecord
from assetq.partitions import AllPartitionMapping, mapping_from_dict, partitions_from_dict
from assetq.planning import mapping_between


def catalog_record(graph: AssetGraph, node: AssetNode) -> AssetRecord:
    """The catalog entry of an asset of a graph."""
    return AssetRecord(
        key=str(node.key),
        description=node.description,
        group=node.group_name,
        kinds=tuple(sorted(node.kinds)),
        owners=node.owners,
        tags=without_kinds(node.tags),
        deps=tuple(str(dep.asset_key) for dep in node.deps),
        code_version=node.code_version,
        pool=node.pool,
        partitions=node.partitions_def.to_dict() if node.partitions_def else None,
        mappings=_mappings(graph, node),
        is_external=node.assets_def is None,
    )


def _mappings(graph: AssetGraph, node: AssetNode) -> dict[str, Any]:
    if node.assets_def is None:
        return {}
    return {
        str(dep.asset_key): mapping_between(
            node.assets_def, dep.asset_key, graph.get(dep.asset_key), dep.partition_mapping
        ).to_dict()
        for dep in node.deps
        if node.partitions_def is not None or graph.get(dep.asset_key).partitions_def is not None
    }


def versioned_record(record: AssetRecord, upstream: Mapping[str, AssetRecord]) -> VersionedAsset:
    """An asset of the catalog as far as versions are concerned; `upstream` holds what it reads, by key."""
    deps = [
        VersionedDep(
            key,
            partitions_from_dict(upstream[key].partitions) if key in upstream else None,
            mapping_from_dict(record.mappings.get(key) or {"kind": AllPartitionMapping.kind}),
        )
        for key in sorted(set(record.deps))
    ]
    return VersionedAsset(record.key, record.code_version, partitions_from_dict(record.partitions), tuple(deps))


def record_to_dict(record: AssetRecord) -> dict[str, Any]:
    """A plain form, without the latest materialization."""
    return {
        "key": record.key,
        "description": record.description,
        "group": record.group,
        "kinds": list(record.kinds),
        "owners": list(record.owners),
        "tags": dict(record.tags),
        "deps": list(record.deps),
        "code_version": record.code_version,
        "pool": record.pool,
        "partitions": record.partitions,
        "mappings": dict(record.mappings),
        "is_external": record.is_external,
    }


def record_from_dict(data: dict[str, Any], **more: Any) -> AssetRecord:
    """The record that `record_to_dict` wrote."""
    lists = {name: tuple(data[name]) for name in ("kinds", "owners", "deps")}
    return AssetRecord(**{**data, **lists, **more})
