"""Which partitions of a step were given and which failed: the account of one attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import OpOutput
from assetq.errors import CheckFailedError, PartitionsFailedError, StepFailedError
from assetq.execution.event import EventType, StepEvent
from assetq.execution.failure import error_info
from assetq.execution.task import StepTask
from assetq.partitions import IndexSet, PartitionsDefinition

TOLD = 20
"""Failed partitions that an event names; the record of partitions knows them all."""
LONGEST_STACK = 2048


@dataclass(slots=True)
class PartitionAccount:
    """What became of the partitions of one attempt.

    Attributes:
        task: The attempt.
        failed: Partition key -> why; shared with the op's context.
        given: Name of an output that comes partition by partition -> those that were given.
    """

    task: StepTask
    failed: dict[str, BaseException]
    given: dict[str, IndexSet] = field(default_factory=dict)

    @property
    def good(self) -> IndexSet:
        """Partitions to be made that have not failed; {0} for an asset without."""
        if not self.failed:
            return self.task.partitions
        return self.task.partitions - IndexSet.from_indices(sorted(self._grid.index_of(key) for key in self.failed))

    @property
    def is_partial(self) -> bool:
        """True when not all partitions of the step are made by this attempt."""
        return bool(self.failed or self.task.made)

    @property
    def is_lost(self) -> bool:
        """True when every partition failed."""
        return bool(self.failed) and not self.good

    @property
    def _grid(self) -> PartitionsDefinition:
        grid = self.task.plan_node.partitions_def
        assert grid is not None
        return grid

    def keys_of(self, partitions: IndexSet) -> list[str] | None:
        """Keys of some partitions; None for an asset without."""
        if self.task.plan_node.partitions_def is None:
            return None
        return [self._grid.key_at(index) for index in partitions]

    def take(self, output: OpOutput, key: str) -> IndexSet:
        """An output is given for one partition; empty when it has failed already, and so is not made.

        Raises:
            StepFailedError: It is no partition of the step, or was given before.
        """
        index = self._index(key)
        if index is None:
            raise StepFailedError(
                f"'{self.task.plan_node.name}' gave output '{output.name}' for '{key}', which is no partition of step "
                f"'{self.task.step_key}'; see context.partition_keys."
            )
        one, known = IndexSet.range(index, index + 1), self.given.get(output.name, IndexSet())
        if index in known:
            raise StepFailedError(
                f"'{self.task.plan_node.name}' gave partition '{key}' of output '{output.name}' twice; give it once."
            )
        self.given[output.name] = known | one
        return IndexSet() if key in self.failed else one

    def _index(self, key: Any) -> int | None:
        span = self.task.partition_range
        index = self._grid.find(key) if span and isinstance(key, str) else None
        return index if span and index is not None and span[0] <= index < span[1] else None

    def kept(self, value: Any) -> Any:
        """Of a value that the op gave for the whole step, what belongs to partitions that are made now.

        Raises:
            StepFailedError: Partitions failed, and the value is not divided by partition.
        """
        if not self.is_partial:
            return value
        if self._is_divided(value):
            good = self.good
            return {key: part for key, part in value.items() if self._index(key) in good}
        if self.failed and self.good:
            raise StepFailedError(
                f"'{self.task.plan_node.name}' returned {type(value).__name__} though {len(self.failed)} of its "
                "partitions failed, so it is not known what of it may be stored. Return a dict with a value for each "
                "partition key that did not fail, or yield Output(value, partition=key) for each."
            )
        return value

    def _is_divided(self, value: Any) -> bool:
        return isinstance(value, Mapping) and all(self._index(key) is not None for key in value)

    def is_by_partition(self, value: Any) -> bool:
        """True for the dict that the op of a chunked asset returns, when just one partition is to be stored."""
        node, left = self.task.plan_node, self.good
        if node.partitions_def is None or node.chunk == 1 or len(left) != 1 or not isinstance(value, Mapping):
            return False
        return set(value) == {self._grid.key_at(left.first)}

    def close(self) -> None:
        """The op is done: of an output that it gave partition by partition, the others have failed."""
        for name, given in self.given.items():
            for key in self.keys_of(self.good - given) or ():
                what = f"'{self.task.plan_node.name}' gave no output '{name}' for partition '{key}'."
                self.failed.setdefault(key, StepFailedError(what))

    def refuse_failed(self) -> None:
        """Nothing, if no partition failed.

        Raises:
            PartitionsFailedError: Some failed. What failed a step of one partition is raised as it is.
        """
        if not self.failed:
            return
        if self.task.partition_count == 1:
            raise next(iter(self.failed.values()))
        keys = list(self.failed)
        named = ", ".join(f"'{key}'" for key in keys[:5]) + (", ..." if len(keys) > 5 else "")
        first = self.failed[keys[0]]
        raise PartitionsFailedError(
            f"{len(keys)} of {self.task.partition_count} partitions of '{self.task.plan_node.name}' failed: {named}. "
            f"The first: {type(first).__name__}: {first}",
            self.failed,
        )

    def made_despite(self, error: BaseException, outputs: Iterable[OpOutput]) -> IndexSet:
        """What was made by an attempt that raised: with partitions that failed the others, else what was given one by
        one before. Empty when that would be all of it, since then it is the step that failed."""
        if isinstance(error, PartitionsFailedError):
            return self.good
        if isinstance(error, CheckFailedError) or not self.given:
            return IndexSet()
        made = self.good
        for output in outputs:
            if output.is_required or output.name in self.given:
                made = made & self.given.get(output.name, IndexSet())
        return made if made != self.task.partitions else IndexSet()

    def failure_event(self, error: BaseException, made: IndexSet, now_ms: int) -> StepEvent:
        """Says which partitions failed, and why; names the first ones."""
        lost = self.task.partitions - made
        keys = [self._grid.key_at(index) for index, _ in zip(lost, range(TOLD), strict=False)]
        first = [{"partition": key, "error": _told(self.failed.get(key, error))} for key in keys]
        message = f"{len(lost)} of {self.task.partition_count} partitions failed: {', '.join(keys[:5])}"
        return StepEvent(
            EventType.PARTITIONS_FAILED,
            now_ms,
            message=message + (", ..." if len(lost) > 5 else ""),
            data={"failed": len(lost), "made": len(made | self.task.made), "first": first},
        )


def _told(error: BaseException) -> dict[str, Any]:
    document = error_info(error).to_json()
    return {**document, "stack": document["stack"][-LONGEST_STACK:]}
