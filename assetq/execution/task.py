"""What is asked of one attempt at a step, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from assetq.execution.event import StepEvent
from assetq.execution.failure import ErrorInfo
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

Guard = Callable[[], None]
Limit = Callable[[], AbstractContextManager[None]]


def no_guard() -> None:
    """The guard of an attempt that nobody can overtake."""


@dataclass(frozen=True, slots=True)
class StepTask:
    """One attempt at one step; `attempt` counts the op's own tries from 1, `fence` numbers the attempt.

    `made` are the partitions that earlier attempts made: this one leaves them out. `ready_to` ends the half-open range
    of steps that can run as this one can, and come next in the same process.
    """

    run_id: str
    plan: Plan
    node: int
    step: int
    attempt: int = 1
    fence: int = 0
    run_tags: Mapping[str, str] = field(default_factory=dict)
    run_config: Mapping[str, Any] = field(default_factory=dict)
    made: IndexSet = field(default_factory=IndexSet)
    ready_to: int = 0

    @property
    def plan_node(self) -> PlanNode:
        """The step's node."""
        return self.plan.nodes[self.node]

    @property
    def step_key(self) -> str:
        """The step as people name it."""
        return self.plan.step_key(self.node, self.step)

    @property
    def mapping_key(self) -> str | None:
        """The value of a dynamic output for which it runs; None for a step of no fan."""
        return self.plan.mapping_key(self.node, self.step)

    @property
    def partition_range(self) -> tuple[int, int] | None:
        """Half-open range of partitions; None for an asset without."""
        return None if self.plan_node.partitions_def is None else self.plan.partitions_of(self.node, self.step)

    @property
    def partitions(self) -> IndexSet:
        """The partitions that are to be made; {0} for an asset without."""
        return IndexSet.range(*(self.partition_range or (0, 1))) - self.made

    @property
    def partitions_ahead(self) -> IndexSet:
        """The partitions of the steps that come next."""
        node = self.plan_node
        if node.partitions_def is None:
            return IndexSet.range(0, int(self.step + 1 < self.ready_to))
        return IndexSet.of(*(node.partitions_of(step) for step in range(self.step + 1, self.ready_to)))

    @property
    def partition_keys(self) -> list[str] | None:
        """Keys of the partitions that are to be made; None for an asset without."""
        grid = self.plan_node.partitions_def
        return None if grid is None else [grid.key_at(index) for index in self.partitions]

    @property
    def partition_count(self) -> int:
        """How many partitions it takes; 1 for an asset without."""
        start, stop = self.partition_range or (0, 1)
        return stop - start


class StepStatus(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class StepResult:
    """How an attempt ended, and what it reported.

    `made` are the partitions that this and earlier attempts made, where the step has not succeeded as a whole;
    `omitted` are nodes that read what it chose not to give; `keys` the mapping keys of its dynamic outputs.
    """

    status: StepStatus
    events: tuple[StepEvent, ...]
    error: ErrorInfo | None = None
    retry_delay_ms: int = 0
    exception: BaseException | None = None
    made: IndexSet = field(default_factory=IndexSet)
    omitted: tuple[int, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
