"""Contexts for calling an I/O manager directly, in its unit tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from assetq.definitions import AssetKey, AssetSpec, DagsterType
from assetq.definitions.metadata_check import expect
from assetq.errors import UsageError
from assetq.io.context import NO_RUN, InputContext, OutputContext


def build_input_context(
    name: str | None = None,
    config: Any = None,
    definition_metadata: Mapping[str, Any] | None = None,
    upstream_output: OutputContext | None = None,
    dagster_type: DagsterType | None = None,
    resource_config: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    op_def: Any = None,
    step_context: Any = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    partition_key: str | None = None,
    asset_partition_key_range: Any = None,
    asset_partitions_def: Any = None,
    instance: Any = None,
    metadata: Mapping[str, Any] | None = None,
) -> InputContext:
    """A context for calling `load_input` directly in a test. Mirrors Dagster's `build_input_context`.

    Raises:
        UsageError: An argument has the wrong type, or names a partition that is not there.
    """
    _refuse_step_context(step_context)
    expect(upstream_output, OutputContext, "upstream_output", optional=True)
    return InputContext(
        upstream_output=upstream_output,
        instance=instance,
        **_shared(name, dagster_type, resources, asset_key),
        **_partitions(partition_key, asset_partition_key_range, asset_partitions_def),
        definition_metadata=_one_metadata(definition_metadata, metadata),
        config=config,
        resource_config=dict(resource_config or {}),
        op_def=op_def,
    )


def build_output_context(
    step_key: str | None = None,
    name: str | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    mapping_key: str | None = None,
    config: Any = None,
    dagster_type: DagsterType | None = None,
    version: str | None = None,
    resource_config: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    op_def: Any = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    partition_key: str | None = None,
    asset_partitions_def: Any = None,
    asset_partition_key_range: Any = None,
    instance: Any = None,
    asset_spec: AssetSpec | None = None,
    metadata: Mapping[str, Any] | None = None,
    output_metadata: Mapping[str, Any] | None = None,
) -> OutputContext:
    """A context for calling `handle_output` directly in a test. Mirrors Dagster's `build_output_context`.

    Raises:
        UsageError: An argument has the wrong type, or names a partition that is not there.
    """
    texts: dict[str, Any] = {"step_key": step_key, "run_id": run_id, "mapping_key": mapping_key, "version": version}
    for what, text in texts.items():
        expect(text, str, what, optional=True)
    return OutputContext(
        **{**texts, "run_id": run_id or NO_RUN},
        asset_spec=asset_spec,
        output_metadata=output_metadata,
        **_shared(name, dagster_type, resources, asset_key),
        **_partitions(partition_key, asset_partition_key_range, asset_partitions_def),
        definition_metadata=_one_metadata(definition_metadata, metadata),
        config=config,
        resource_config=dict(resource_config or {}),
        op_def=op_def,
    )


def _shared(name: Any, dagster_type: Any, resources: Any, asset_key: Any) -> dict[str, Any]:
    expect(name, str, "name", optional=True)
    expect(dagster_type, DagsterType, "dagster_type", optional=True)
    if isinstance(resources, Mapping) or resources is None:
        resources = SimpleNamespace(**(resources or {}))
    elif isinstance(resources, int | float | str | bytes):
        raise UsageError(f"resources is a mapping by resource key, not {resources!r}.")
    key = None if asset_key is None else AssetKey.from_coercible(asset_key)
    return {"name": name, "dagster_type": dagster_type, "resources": resources, "asset_key": key}


def _one_metadata(metadata: Mapping[str, Any] | None, older: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if metadata is not None and older is not None:
        raise UsageError("metadata is the older name of definition_metadata; give one of them.")
    return (older if metadata is None else metadata) or {}


def _partitions(key: Any, span: Any, grid: Any) -> dict[str, Any]:
    """The partitions that a key or a range names."""
    expect(key, str, "partition_key", optional=True)
    told: dict[str, Any] = {"partitions_def": grid, "partition_key": key}
    if span is not None:
        return {**told, "partition_keys": _keys_between(span, grid)}
    if key is not None and grid is not None:
        grid.index_of(key)
    return {**told, "partition_keys": None if key is None else [key]}


def _keys_between(span: Any, grid: Any) -> list[str]:
    if span.start == span.end and grid is None:
        return [span.start]
    if grid is None:
        raise UsageError("asset_partition_key_range needs asset_partitions_def, which says what lies in the range.")
    return list(grid.keys_between(span.start, span.end))


def _refuse_step_context(step_context: Any) -> None:
    if step_context is not None:
        raise UsageError("assetq has no step_context; leave it out.")
