"""What an execution context says of partitions: its own, and those that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from assetq.definitions import Failure
from assetq.errors import UsageError
from assetq.execution.step_context import StepContext
from assetq.partitions import (
    IndexSet,
    MultiPartitionsDefinition,
    PartitionKeyRange,
    PartitionsDefinition,
    TimeWindow,
    TimeWindowPartitionsDefinition,
)

LOGGED = 20
"""Failed partitions that get a line in the log of the step."""


class PartitionContext(StepContext):
    """A context that knows its partitions."""

    __slots__ = ()

    @property
    def has_partition_key(self) -> bool:
        """True when the step has exactly one partition."""
        if self.given_range is not None:
            return self.given_range.start == self.given_range.end
        return self.partition_range is not None and len(self._left()) == 1

    @property
    def has_partition_key_range(self) -> bool:
        """True when the step has several partitions."""
        if self.given_range is not None:
            return not self.has_partition_key
        return self.partition_range is not None and len(self._left()) > 1

    @property
    def partition_key(self) -> str:
        """Key of the step's one partition.

        Raises:
            UsageError: The step has none, or several.
        """
        keys = self.partition_key_range
        if not self.has_partition_key:
            raise UsageError(
                f"The step has the partitions '{keys.start}' to '{keys.end}', not one; use context.partition_keys or "
                "partition_key_range."
            )
        return keys.start

    @property
    def multi_partition_key(self) -> Any:
        """Key of the step's one partition, when it has several dimensions.

        Raises:
            UsageError: It has not.
        """
        key: Any = self.partition_key
        if not hasattr(key, "keys_by_dimension"):
            raise UsageError("The asset is partitioned in one dimension; use context.partition_key.")
        return key

    @property
    def partition_keys(self) -> list[str]:
        """Keys of the step's partitions, in order; of a retry, those that no earlier attempt has made."""
        definition, _ = self._partitioned()
        return definition.keys_of(self._left() & definition.all_indices())

    @property
    def partition_key_range(self) -> PartitionKeyRange:
        """First and last partition of the step; of a retry, those of what no earlier attempt has made."""
        if self.given_range is not None:
            return self.given_range
        definition, _ = self._partitioned()
        left = self._left()
        return PartitionKeyRange(definition.key_at(left.first), definition.key_at(left.last))

    @property
    def asset_partition_key_range(self) -> PartitionKeyRange:
        """First and last partition of the step."""
        return self.partition_key_range

    @property
    def partition_time_window(self) -> TimeWindow:
        """From the start of the first partition to the end of the last.

        Raises:
            UsageError: The asset is not partitioned by time.
        """
        definition = self.partitions_def
        keys = self.partition_key_range
        return _window(definition, keys.start, keys.end)

    @contextmanager
    def partition(self, partition_key: str) -> Iterator[str]:
        """Work on one partition of the step: an error fails this partition, and the step goes on behind the block.

        What is not an `Exception`, such as the end of the process, leaves the block. A step with failed partitions
        fails in the end; those that did not fail are recorded as materialized.

        Args:
            partition_key: One of `partition_keys`.

        Raises:
            UsageError: It is no partition of the step.
        """
        self._check_own(partition_key)
        try:
            yield partition_key
        except Exception as error:
            self.fail_partition(partition_key, error)

    def fail_partition(self, partition_key: str, error: Exception | str) -> None:
        """Note that one partition of the step cannot be made; see `partition`.

        A partition that an earlier attempt made stays made: that it failed now is only logged.

        Args:
            partition_key: One of `partition_keys`.
            error: Why.

        Raises:
            UsageError: It is no partition of the step.
        """
        is_made = self._check_own(partition_key) in self.made_before
        reason = error if isinstance(error, BaseException) else Failure(error)
        if is_made:
            self.log.warning("Partition '%s' failed, and was made by an earlier attempt: %s", partition_key, reason)
            return
        if len(self.failed_partitions) < LOGGED:
            self.log.warning("Partition '%s' failed: %s: %s", partition_key, type(reason).__name__, reason)
        self.failed_partitions.setdefault(partition_key, reason)

    def _check_own(self, partition_key: str) -> int:
        definition, (start, stop) = self._partitioned()
        index = definition.find(partition_key)
        if index is None or not start <= index < stop:
            keys = self.partition_key_range
            raise UsageError(
                f"'{partition_key}' is no partition of the step, which has '{keys.start}' to '{keys.end}'; see "
                "context.partition_keys."
            )
        return index

    def asset_partition_key_for_output(self, output_name: str = "result") -> str:
        """Key of the one partition of an output."""
        self._check_output(output_name)
        return self.partition_key

    def asset_partition_keys_for_output(self, output_name: str = "result") -> list[str]:
        """Keys of the partitions of an output, in order."""
        self._check_output(output_name)
        return self.partition_keys

    def asset_partition_key_range_for_output(self, output_name: str = "result") -> PartitionKeyRange:
        """First and last partition of an output."""
        self._check_output(output_name)
        return self.partition_key_range

    def asset_partitions_time_window_for_output(self, output_name: str = "result") -> TimeWindow:
        """From the start of the first partition of an output to the end of the last."""
        self._check_output(output_name)
        return self.partition_time_window

    def asset_partitions_def_for_output(self, output_name: str = "result") -> PartitionsDefinition:
        """How an output is partitioned."""
        key = self.asset_key_for_output(output_name)
        if self.partitions_def is None:
            raise UsageError(f"Asset '{key}' is not partitioned.")
        return self.partitions_def

    def asset_partition_key_for_input(self, input_name: str) -> str:
        """Key of the one partition that an argument reads.

        Raises:
            UsageError: It reads several, or none.
        """
        keys = self.asset_partition_keys_for_input(input_name)
        if len(keys) != 1:
            raise UsageError(f"Input '{input_name}' reads {len(keys)} partitions; use asset_partition_keys_for_input.")
        return keys[0]

    def asset_partition_keys_for_input(self, input_name: str) -> list[str]:
        """Keys of the partitions that an argument reads, in order."""
        key = self.asset_key_for_input(input_name)
        return self._reach().upstream_keys(key, input_name)

    def asset_partition_key_range_for_input(self, input_name: str) -> PartitionKeyRange:
        """First and last partition that an argument reads."""
        keys = self.asset_partition_keys_for_input(input_name)
        if not keys:
            raise UsageError(f"Input '{input_name}' reads no partition.")
        return PartitionKeyRange(keys[0], keys[-1])

    def asset_partitions_time_window_for_input(self, input_name: str) -> TimeWindow:
        """From the start of the first partition that an argument reads to the end of the last."""
        definition = self.asset_partitions_def_for_input(input_name)
        keys = self.asset_partition_key_range_for_input(input_name)
        return _window(definition, keys.start, keys.end)

    def asset_partitions_def_for_input(self, input_name: str) -> PartitionsDefinition:
        """How the asset that an argument reads is partitioned."""
        return self._reach().upstream_partitions_def(self.asset_key_for_input(input_name))

    def _check_output(self, output_name: str) -> None:
        if self.definition is not None:
            self.asset_key_for_output(output_name)

    def _left(self) -> IndexSet:
        return IndexSet.range(*self._partitioned()[1]) - self.made_before

    def _partitioned(self) -> tuple[PartitionsDefinition, tuple[int, int]]:
        definition, given = self.partitions_def, self.given_range
        if definition is not None and self.partition_range is not None:
            return definition, self.partition_range
        if given is None:
            raise UsageError("The step is not partitioned, so there is no partition key.")
        if definition is None:
            raise UsageError("The partitions of a context that was built for direct calls are known during a call.")
        return definition, (definition.index_of(given.start), definition.index_of(given.end) + 1)


def _window(definition: PartitionsDefinition | None, first: str, last: str) -> TimeWindow:
    in_time = isinstance(definition, TimeWindowPartitionsDefinition) or (
        isinstance(definition, MultiPartitionsDefinition) and definition.has_time_window_dimension
    )
    if not in_time:
        raise UsageError("The asset is not partitioned by time, so there is no time window.")
    assert isinstance(definition, TimeWindowPartitionsDefinition | MultiPartitionsDefinition)
    start, end = (definition.time_window_for_partition_key(key) for key in (first, last))
    return TimeWindow(start.start, end.end)
