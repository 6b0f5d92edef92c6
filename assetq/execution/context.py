"""What an op is told about its run: the execution context."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetKey, AssetsDefinition, MetadataValue
from assetq.definitions.metadata import normalize_metadata
from assetq.errors import UsageError
from assetq.partitions import (
    PartitionKeyRange,
    PartitionsDefinition,
    TimeWindow,
    TimeWindowPartitionsDefinition,
)

if TYPE_CHECKING:
    from assetq.execution.instance import Instance


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that a step belongs to."""

    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Resources:
    """Resources as attributes; opened when first asked for."""

    def __init__(self, get: Callable[[str], Any], keys: Sequence[str]) -> None:
        self._get = get
        self._keys = tuple(keys)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._get(name)


@dataclass(slots=True)
class AssetExecutionContext:
    """The `context` argument of an op. Mirrors Dagster's `AssetExecutionContext`."""

    run: RunInfo
    assets_def: AssetsDefinition | None = None
    partitions_def: PartitionsDefinition | None = None
    partition_range: tuple[int, int] | None = None
    selected: tuple[str, ...] = ()
    resources: Any = None
    op_config: Any = None
    attempt: int = 1
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("assetq.step"))
    instance: Instance | None = None
    output_metadata: dict[str | None, dict[str, MetadataValue]] = field(default_factory=dict)
    log_event_to: Callable[[Any], None] | None = None
    user_events: list[Any] = field(default_factory=list)

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.run.run_id

    @property
    def asset_key(self) -> AssetKey:
        """Key of the op's one asset."""
        if self.assets_def is None:
            raise UsageError("This context belongs to no asset.")
        return self.assets_def.key

    @property
    def selected_asset_keys(self) -> set[AssetKey]:
        """Assets of the op that are materialized now."""
        return {AssetKey.from_user_string(key) for key in self.selected}

    @property
    def op_execution_context(self) -> AssetExecutionContext:
        """This context."""
        return self

    @property
    def retry_number(self) -> int:
        """How often the step was tried before; 0 at first."""
        return self.attempt - 1

    @property
    def has_partition_key(self) -> bool:
        """True when the step has exactly one partition."""
        return self.partition_range is not None and self.partition_range[1] - self.partition_range[0] == 1

    @property
    def partition_keys(self) -> list[str]:
        """Keys of the step's partitions, in order."""
        definition, (start, stop) = self._partitioned()
        return [definition.key_at(i) for i in range(start, stop)]

    @property
    def partition_key(self) -> str:
        """Key of the step's one partition.

        Raises:
            UsageError: The step has none, or several.
        """
        keys = self.partition_keys
        if len(keys) != 1:
            raise UsageError(f"The step has {len(keys)} partitions; use context.partition_keys or partition_key_range.")
        return keys[0]

    @property
    def partition_key_range(self) -> PartitionKeyRange:
        """First and last partition of the step."""
        definition, (start, stop) = self._partitioned()
        return PartitionKeyRange(definition.key_at(start), definition.key_at(stop - 1))

    @property
    def partition_time_window(self) -> TimeWindow:
        """From the start of the first partition to the end of the last."""
        definition, (start, stop) = self._partitioned()
        if not isinstance(definition, TimeWindowPartitionsDefinition):
            raise UsageError("The asset is not partitioned by time.")
        return TimeWindow(definition.window_at(start).start, definition.window_at(stop - 1).end)

    def _partitioned(self) -> tuple[PartitionsDefinition, tuple[int, int]]:
        if self.partitions_def is None or self.partition_range is None:
            raise UsageError("The asset is not partitioned, so there is no partition key.")
        return self.partitions_def, self.partition_range

    def add_output_metadata(self, metadata: Mapping[str, Any], output_name: str | None = None) -> None:
        """Record metadata with the materialization."""
        self.output_metadata.setdefault(output_name, {}).update(normalize_metadata(metadata))

    def add_asset_metadata(self, metadata: Mapping[str, Any], asset_key: Any = None) -> None:
        """Record metadata with the materialization of an asset."""
        name = None if asset_key is None else str(AssetKey.from_coercible(asset_key))
        self.output_metadata.setdefault(name, {}).update(normalize_metadata(metadata))

    def log_event(self, event: Any) -> None:
        """Record an `AssetMaterialization`, `AssetObservation`, `ExpectationResult` or `AssetCheckEvaluation`."""
        if self.log_event_to is not None:
            self.log_event_to(event)
        else:
            self.user_events.append(event)

    def get_events(self) -> list[Any]:
        """What was logged on a context that was built for a direct call."""
        return list(self.user_events)

    def has_tag(self, key: str) -> bool:
        """True when the run has the tag."""
        return key in self.run.tags

    def get_tag(self, key: str) -> str | None:
        """Value of a tag of the run."""
        return self.run.tags.get(key)

    @property
    def run_tags(self) -> Mapping[str, str]:
        """Tags of the run."""
        return self.run.tags


OpExecutionContext = AssetExecutionContext


def build_asset_context(
    resources: Mapping[str, Any] | None = None,
    asset_config: Any = None,
    instance: Instance | None = None,
    partition_key: str | None = None,
    partitions_def: PartitionsDefinition | None = None,
    run_tags: Mapping[str, str] | None = None,
) -> AssetExecutionContext:
    """A context for calling an asset directly in a test. Mirrors Dagster's `build_asset_context`."""
    from assetq.partitions import StaticPartitionsDefinition

    given = dict(resources or {})
    definition, span = partitions_def, None
    if partition_key is not None:
        definition = definition or StaticPartitionsDefinition([partition_key])
        index = definition.index_of(partition_key)
        span = (index, index + 1)
    return AssetExecutionContext(
        run=RunInfo("ephemeral", run_tags or {}),
        partitions_def=definition,
        partition_range=span,
        resources=Resources(given.__getitem__, list(given)),
        op_config=asset_config,
        instance=instance,
    )


def build_op_context(
    resources: Mapping[str, Any] | None = None,
    op_config: Any = None,
    partition_key: str | None = None,
    **_: Any,
) -> AssetExecutionContext:
    """A context for calling an op directly in a test. Mirrors Dagster's `build_op_context`."""
    return build_asset_context(resources=resources, asset_config=op_config, partition_key=partition_key)
