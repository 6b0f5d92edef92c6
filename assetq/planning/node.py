"""Nodes and edges of a plan."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate

from assetq.definitions import RetryPolicy
from assetq.definitions.pool_name import slots_of
from assetq.partitions import (
    IndexSet,
    PartitionMapping,
    PartitionsDefinition,
    TimeWindowPartitionMapping,
)
from assetq.planning.fan import VIRTUAL, CollectMapping, Fan, FanMapping
from assetq.planning.span import overlap


@dataclass(frozen=True, slots=True)
class GraphPart:
    """That a node is one op of a graph.

    Attributes:
        graph: Name of what makes the graph's assets; empty for a job.
        selected: Keys of the graph's assets to materialize, as text.
        outputs: Names of the op's outputs that are wanted: selected assets, and what other ops of the plan read.
    """

    graph: str
    selected: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One op and the partitions to run.

    A step takes one partition, or for a node with chunks the contiguous partitions of one chunk. Steps of
    a node without chunks are numbered like its partitions; chunks are numbered from 0. Steps with small
    numbers run first, so a node that goes backwards has its numbers the other way round. A node of a fan has a step for
    each mapping key, and each takes all of the node's partitions.

    Attributes:
        index: Place in the plan, topological.
        name: Name of the op.
        assets: Keys of the assets that it makes, as text.
        bundle: Slots of pools that each of its steps holds, see `bundle_of`.
        partitions_def: None for an asset without partitions.
        partitions: Partition indices to run; {0} without partitions.
        chunk: Most partitions in a step; 0 for all contiguous ones.
        retry: When a failed step runs again.
        priority: A larger one goes first within its run.
        fingerprint: Of the op's definition.
        checks: Keys of the checks that it evaluates, as text.
        part: For one op of a graph: which graph, and what is wanted.
        key: Name of its concurrency key; "" for none.
        tags: Tags of its op that the key may name.
        is_reversed: True when steps are numbered from the last partition, and so run newest first.
        fan: The dynamic output over which its op is mapped, if each value is a step of its own.
        taken: Of a fan, the steps to run: all of them, unless the plan retries some.
    """

    index: int
    name: str
    assets: tuple[str, ...]
    bundle: str
    partitions_def: PartitionsDefinition | None
    partitions: IndexSet
    chunk: int = 1
    retry: RetryPolicy | None = None
    priority: int = 0
    fingerprint: str = ""
    checks: tuple[str, ...] = ()
    is_reversed: bool = False
    part: GraphPart | None = None
    key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    fan: Fan | None = None
    taken: IndexSet = VIRTUAL
    _before: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        counts = (self._pieces(start, stop) for start, stop in self.partitions.ranges) if self.chunk != 1 else ()
        object.__setattr__(self, "_before", tuple(accumulate(counts, initial=0)))

    def grown(self, keys: tuple[str, ...]) -> PlanNode:
        """The node of a fan of which the keys are known; as it is where they were known before."""
        if self.fan is None or self.fan.keys is not None:
            return self
        return replace(self, fan=replace(self.fan, keys=keys), taken=IndexSet.range(0, len(keys)))

    def ungrown(self) -> PlanNode:
        """The node of a fan of which no keys are known."""
        return self if self.fan is None else replace(self, fan=replace(self.fan, keys=None), taken=VIRTUAL)

    def _pieces(self, start: int, stop: int) -> int:
        return math.ceil((stop - start) / self.chunk) if self.chunk else 1

    def wants(self, output_name: str, asset: str) -> bool:
        """True when the plan wants an output of the op: its asset is selected, or another op of the graph reads it."""
        return asset in self.assets or (self.part is not None and output_name in self.part.outputs)

    @property
    def pool(self) -> str:
        """The pool whose queue its steps go through."""
        return slots_of(self.bundle)[0][0]

    @property
    def pools(self) -> tuple[str, ...]:
        """Every pool of which its steps hold slots."""
        return tuple(name for name, _ in slots_of(self.bundle))

    @property
    def steps(self) -> IndexSet:
        """Numbers of all steps."""
        if self.fan is not None:
            return self.taken
        if self.chunk != 1:
            return IndexSet.range(0, self._before[-1])
        return self._turned(self.partitions) if self.is_reversed else self.partitions

    @property
    def _top(self) -> int:
        """How many places there are; without chunks one for each index up to the last partition."""
        return self.partitions.last + 1 if self.chunk == 1 else self._before[-1]

    def _turned(self, places: IndexSet) -> IndexSet:
        """Places from steps, or steps from places, of a node that goes backwards."""
        top = self._top
        return IndexSet(
            tuple((max(0, top - stop), top - start) for start, stop in reversed(places.ranges) if start < top)
        )

    def partitions_of(self, step: int) -> tuple[int, int]:
        """Half-open range of the partitions of a step."""
        if self.fan is not None:
            return self.partitions.first, self.partitions.last + 1
        place = self._top - 1 - step if self.is_reversed else step
        if self.chunk == 1:
            return place, place + 1
        at = bisect_right(self._before, place) - 1
        start, stop = self.partitions.ranges[at]
        if not self.chunk:
            return start, stop
        begin = start + (place - self._before[at]) * self.chunk
        return begin, min(stop, begin + self.chunk)

    def step_of(self, partition: int) -> int:
        """The step that takes a partition of the node; of a fan, the first."""
        if self.fan is not None:
            return self.taken.first if self.taken else 0
        place = self._place_of(partition)
        return self._top - 1 - place if self.is_reversed else place

    def _place_of(self, partition: int) -> int:
        if self.chunk == 1:
            return partition
        at = bisect_right(self.partitions.ranges, partition, key=lambda r: r[0]) - 1
        offset = (partition - self.partitions.ranges[at][0]) // self.chunk if self.chunk else 0
        return self._before[at] + offset

    def steps_of(self, partitions: IndexSet) -> IndexSet:
        """The steps that take some of the partitions."""
        if self.fan is not None:
            return self.taken if self.partitions & partitions else IndexSet()
        places = overlap(self.partitions, partitions)
        if self.chunk != 1:
            spans = ((self._place_of(start), self._place_of(stop - 1) + 1) for start, stop in places.ranges)
            places = IndexSet.of(*spans)
        return self._turned(places) if self.is_reversed else places

    def partitions_in(self, steps: IndexSet) -> IndexSet:
        """The partitions that some steps take."""
        if self.fan is not None:
            return self.partitions if self.taken & steps else IndexSet()
        places = self._turned(steps) if self.is_reversed else steps
        if self.chunk == 1:
            return overlap(self.partitions, places)
        own = places & IndexSet.range(0, self._before[-1])
        spans = (self._partitions_at(start, stop) for start, stop in own.ranges)
        return overlap(self.partitions, IndexSet.of(*spans))

    def _partitions_at(self, start: int, stop: int) -> tuple[int, int]:
        first, last = (self._top - 1 - place if self.is_reversed else place for place in (start, stop - 1))
        return self.partitions_of(first)[0], self.partitions_of(last)[1]


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """`downstream` reads `upstream` through a mapping; an asset that reads its own earlier partitions is both."""

    upstream: int
    downstream: int
    mapping: PartitionMapping

    @property
    def is_gate(self) -> bool:
        """True when every downstream step waits for every upstream step of the plan."""
        return self.mapping.is_gate

    @property
    def is_fan(self) -> bool:
        """True between steps of the same mapping key."""
        return isinstance(self.mapping, FanMapping)

    @property
    def is_collect(self) -> bool:
        """True where all steps of a fan are collected."""
        return isinstance(self.mapping, CollectMapping)

    @property
    def is_loop(self) -> bool:
        """True for a node that reads itself."""
        return self.upstream == self.downstream

    @property
    def is_shift(self) -> bool:
        """True for a loop through which every partition reads the same number of partitions, equally far before it."""
        return self.is_loop and type(self.mapping) is TimeWindowPartitionMapping and self.mapping.end_offset < 0
