"""What the catalog keeps of definitions."""

from __future__ import annotations

from typing import Any

from assetq.definitions import AssetNode
from assetq.definitions.spec_check import without_kinds
from assetq.execution.record import AssetRecord


def catalog_record(node: AssetNode) -> AssetRecord:
    """The catalog entry of a defined asset."""
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
    )


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
    }


def record_from_dict(data: dict[str, Any], **more: Any) -> AssetRecord:
    """The record that `record_to_dict` wrote."""
    lists = {name: tuple(data[name]) for name in ("kinds", "owners", "deps")}
    return AssetRecord(**{**data, **lists, **more})
