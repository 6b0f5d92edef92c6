"""The data versions of what one step makes and observes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetKey
from assetq.execution.data_version import (
    WHOLE,
    VersionedAsset,
    VersionMark,
    VersionSource,
    Wanted,
    digest,
    joint_version,
    look_up,
    made_marks,
    versioned,
)
from assetq.partitions import IndexSet, PartitionsDefinition

if TYPE_CHECKING:
    from assetq.execution.event import StepEvent
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask


@dataclass(frozen=True, slots=True)
class StepVersions:
    """Looks versions up for one step.

    Attributes:
        known: Asset -> the marks of what it has made so far, which it may read itself, and of kept values that it read.
    """

    session: ExecutionSession
    task: StepTask
    known: dict[str, dict[int, VersionMark | None]] = field(default_factory=dict)

    def made(
        self, key: AssetKey, given: str | None, partitions: IndexSet
    ) -> tuple[tuple[VersionMark, ...], dict[str, Any]]:
        """What is recorded of an asset that the step makes.

        Args:
            key: The asset.
            given: The data version that the op gave.
            partitions: Which of its partitions; {0} without.

        Returns:
            Marks of its partitions in their order, and what the event tells: the data version (a digest when the
            partitions have several), the versions that were read, and whether the op gave its own.
        """
        asset, task = self._asset(key), self.task
        recorded = self.session.recorded(task.run_id, task.fence, lambda: asset.reads_together(task.partitions_ahead))
        source = _WithKnown(recorded, self.known) if self.known else recorded
        marks, read = made_marks(asset, partitions, source, task.run_id, given)
        self.known.setdefault(str(key), {}).update(zip(partitions, marks, strict=True))
        told: dict[str, Any] = {"data_version": joint_version(marks)}
        if read:
            told["input_data_versions"] = read
        if given is not None:
            told["is_user_provided"] = True
        return tuple(marks), told

    def _asset(self, key: AssetKey) -> VersionedAsset:
        """The asset, partitioned as the plan says."""
        known = self.session.versioned
        if key not in known:
            known[key] = versioned(self.session.defs, key)
        asset = replace(known[key], grid=self.task.plan_node.partitions_def)
        return asset.bound(self.session.instance)


@dataclass(frozen=True, slots=True)
class _WithKnown:
    recorded: VersionSource | None
    known: dict[str, dict[int, VersionMark | None]]

    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """The marks of partitions; those that the step knows go before recorded ones."""
        rows = look_up(self.recorded, wanted)
        for (asset, _, partitions), row in zip(wanted, rows, strict=True):
            own = self.known.get(asset, {})
            row[:] = [own.get(at, mark) for at, mark in zip(partitions, row, strict=True)]
        return rows


def observed_mark(version: str) -> VersionMark:
    """The mark of what was seen elsewhere."""
    return VersionMark(data=digest(version.encode()) | 1, text=version)


def marked(grid: PartitionsDefinition | None, own: tuple[int, int], event: StepEvent) -> IndexSet:
    """Which partitions the marks of a step's event are about.

    Args:
        grid: How the step is partitioned.
        own: Half-open range of partitions that the step takes.
        event: What it reported.
    """
    named = event.data.get("partition")
    if grid is None:
        return WHOLE
    if named is None:
        return IndexSet.range(*own)
    index = grid.find(named)
    return IndexSet() if index is None else IndexSet.range(index, index + 1)
