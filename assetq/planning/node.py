"""Nodes and edges of a plan."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from assetq.definitions import Backoff, Jitter, RetryPolicy
from assetq.partitions import (
    IndexSet,
    PartitionMapping,
    PartitionsDefinition,
    mapping_from_dict,
    partitions_from_dict,
)


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One op and the partitions to run.

    A step takes one partition, or for a node with chunks the contiguous partitions of one chunk. Steps of
    a node without chunks are numbered like its partitions; chunks are numbered from 0.

    Attributes:
        index: Place in the plan, topological.
        name: Name of the op.
        assets: Keys of the assets that it makes, as text.
        pool: Its concurrency pool.
        partitions_def: None for an asset without partitions.
        partitions: Partition indices to run; {0} without partitions.
        chunk: Most partitions in a step; 0 for all contiguous ones.
        retry: When a failed step runs again.
        priority: A larger one goes first within its run.
        fingerprint: Of the op's definition.
        checks: Keys of the checks that it evaluates, as text.
    """

    index: int
    name: str
    assets: tuple[str, ...]
    pool: str
    partitions_def: PartitionsDefinition | None
    partitions: IndexSet
    chunk: int = 1
    retry: RetryPolicy | None = None
    priority: int = 0
    fingerprint: str = ""
    checks: tuple[str, ...] = ()
    _before: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts = (self._pieces(start, stop) for start, stop in self.partitions.ranges) if self.chunk != 1 else ()
        object.__setattr__(self, "_before", tuple(accumulate(counts, initial=0)))

    def _pieces(self, start: int, stop: int) -> int:
        return math.ceil((stop - start) / self.chunk) if self.chunk else 1

    @property
    def steps(self) -> IndexSet:
        """Numbers of all steps."""
        return self.partitions if self.chunk == 1 else IndexSet.range(0, self._before[-1])

    def partitions_of(self, step: int) -> tuple[int, int]:
        """Half-open range of the partitions of a step."""
        if self.chunk == 1:
            return step, step + 1
        at = bisect_right(self._before, step) - 1
        start, stop = self.partitions.ranges[at]
        if not self.chunk:
            return start, stop
        begin = start + (step - self._before[at]) * self.chunk
        return begin, min(stop, begin + self.chunk)

    def step_of(self, partition: int) -> int:
        """The step that takes a partition of the node."""
        if self.chunk == 1:
            return partition
        at = bisect_right(self.partitions.ranges, partition, key=lambda r: r[0]) - 1
        offset = (partition - self.partitions.ranges[at][0]) // self.chunk if self.chunk else 0
        return self._before[at] + offset

    def steps_of(self, partitions: IndexSet) -> IndexSet:
        """The steps that take some of the partitions."""
        own = partitions & self.partitions
        if self.chunk == 1:
            return own
        return IndexSet.of(*((self.step_of(start), self.step_of(stop - 1) + 1) for start, stop in own.ranges))

    def partitions_in(self, steps: IndexSet) -> IndexSet:
        """The partitions that some steps take."""
        if self.chunk == 1:
            return steps & self.partitions
        own = steps & self.steps
        return (
            IndexSet.of(*((self.partitions_of(a)[0], self.partitions_of(b - 1)[1]) for a, b in own.ranges))
            & self.partitions
        )

    def to_dict(self) -> dict[str, Any]:
        """A plain form."""
        return {
            "name": self.name,
            "assets": list(self.assets),
            "pool": self.pool,
            "partitions_def": self.partitions_def.to_dict() if self.partitions_def else None,
            "partitions": self.partitions.to_wire(),
            "chunk": self.chunk,
            "retry": _retry_to_dict(self.retry),
            "priority": self.priority,
            "fingerprint": self.fingerprint,
            "checks": list(self.checks),
        }

    @classmethod
    def from_dict(cls, index: int, data: Mapping[str, Any]) -> PlanNode:
        """The node that `to_dict` wrote."""
        return cls(
            index=index,
            name=data["name"],
            assets=tuple(data["assets"]),
            pool=data["pool"],
            partitions_def=partitions_from_dict(data["partitions_def"]),
            partitions=IndexSet.from_wire(data["partitions"]),
            chunk=data["chunk"],
            retry=_retry_from_dict(data["retry"]),
            priority=data["priority"],
            fingerprint=data["fingerprint"],
            checks=tuple(data.get("checks", ())),
        )


def _retry_to_dict(retry: RetryPolicy | None) -> dict[str, Any] | None:
    if retry is None:
        return None
    return {
        "max_retries": retry.max_retries,
        "delay": retry.delay,
        "backoff": retry.backoff.value if retry.backoff else None,
        "jitter": retry.jitter.value if retry.jitter else None,
    }


def _retry_from_dict(data: Mapping[str, Any] | None) -> RetryPolicy | None:
    if data is None:
        return None
    backoff = Backoff(data["backoff"]) if data["backoff"] else None
    jitter = Jitter(data["jitter"]) if data["jitter"] else None
    return RetryPolicy(data["max_retries"], data["delay"], backoff, jitter)


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """`downstream` reads `upstream` through a mapping."""

    upstream: int
    downstream: int
    mapping: PartitionMapping

    @property
    def is_gate(self) -> bool:
        """True when every downstream step waits for every upstream step of the plan."""
        return self.mapping.is_gate

    def to_dict(self) -> dict[str, Any]:
        """A plain form."""
        return {"upstream": self.upstream, "downstream": self.downstream, "mapping": self.mapping.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PlanEdge:
        """The edge that `to_dict` wrote."""
        return cls(data["upstream"], data["downstream"], mapping_from_dict(data["mapping"]))
