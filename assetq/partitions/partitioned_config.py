"""Config of a run as a function of its partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assetq.definitions.config import run_config_dict
from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.static import StaticPartitionsDefinition
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

ConfigOfKey = Callable[[str], Any]
TagsOfKey = Callable[[str], Mapping[str, str]]


class PartitionedConfig:
    """Makes the config and tags of runs from their partitions. Mirrors Dagster's `PartitionedConfig`.

    Args:
        partitions_def: The partitions.
        run_config_for_partition_key_fn: Partition key -> config.
        tags_for_partition_key_fn: Partition key -> tags.
        decorated_fn: What is called when the object is.
    """

    def __init__(
        self,
        partitions_def: PartitionsDefinition,
        run_config_for_partition_key_fn: ConfigOfKey | None = None,
        tags_for_partition_key_fn: TagsOfKey | None = None,
        decorated_fn: Callable[..., Any] | None = None,
    ) -> None:
        if run_config_for_partition_key_fn is None:
            raise DefinitionError("PartitionedConfig needs run_config_for_partition_key_fn: partition key -> config.")
        self.partitions_def = partitions_def
        self.run_config_for_partition_key_fn = run_config_for_partition_key_fn
        self.tags_for_partition_key_fn = tags_for_partition_key_fn
        self._decorated_fn = decorated_fn

    def get_partition_keys(self, current_time: datetime | None = None) -> Sequence[str]:
        """Keys of the partitions that exist."""
        return self.partitions_def.get_partition_keys(current_time)

    def get_run_config_for_partition_key(self, partition_key: str) -> Mapping[str, Any]:
        """The config of a partition's run.

        Raises:
            UnknownPartitionError: There is no such partition.
        """
        self.partitions_def.index_of(partition_key)
        return run_config_dict(self.run_config_for_partition_key_fn(partition_key))

    def get_tags_for_partition_key(self, partition_key: str, job_name: str | None = None) -> Mapping[str, str]:
        """The tags of a partition's run."""
        self.partitions_def.index_of(partition_key)
        own = self.tags_for_partition_key_fn(partition_key) if self.tags_for_partition_key_fn else {}
        return {**own, "dagster/partition": partition_key}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the decorated function."""
        if self._decorated_fn is None:
            raise DefinitionError("This PartitionedConfig was made without a decorated function; it cannot be called.")
        return self._decorated_fn(*args, **kwargs)


def partitioned_config(
    partitions_def: PartitionsDefinition, tags_for_partition_key_fn: TagsOfKey | None = None
) -> Callable[[ConfigOfKey], PartitionedConfig]:
    """Define config by a function of the partition key. Mirrors Dagster's decorator."""
    return lambda fn: PartitionedConfig(partitions_def, fn, tags_for_partition_key_fn, fn)


def static_partitioned_config(
    partition_keys: Sequence[str],
    tags_for_partition_fn: TagsOfKey | None = None,
    tags_for_partition_key_fn: TagsOfKey | None = None,
) -> Callable[[ConfigOfKey], PartitionedConfig]:
    """The same, for partitions that are listed. Mirrors Dagster's decorator."""
    grid = StaticPartitionsDefinition(partition_keys)
    return partitioned_config(grid, tags_for_partition_key_fn or tags_for_partition_fn)


def dynamic_partitioned_config(
    partition_fn: Callable[[datetime | None], Sequence[str]],
    tags_for_partition_fn: TagsOfKey | None = None,
    tags_for_partition_key_fn: TagsOfKey | None = None,
) -> Callable[[ConfigOfKey], PartitionedConfig]:
    """The same, for partitions that a function lists when the config is defined. Mirrors Dagster's decorator."""
    grid = StaticPartitionsDefinition(partition_fn(None))
    return partitioned_config(grid, tags_for_partition_key_fn or tags_for_partition_fn)


def time_config(
    grid: TimeWindowPartitionsDefinition, tags: Callable[[datetime, datetime], Mapping[str, str]] | None
) -> Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]:
    """Config by a function of the start and end of a time window."""

    def make(fn: Callable[[datetime, datetime], Any]) -> PartitionedConfig:
        def config(key: str) -> Any:
            return fn(*grid.time_window_for_partition_key(key))

        def tags_of(key: str) -> Mapping[str, str]:
            return tags(*grid.time_window_for_partition_key(key)) if tags is not None else {}

        return PartitionedConfig(grid, config, tags_of, fn)

    return make
