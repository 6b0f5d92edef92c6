"""Lanes of a node: which steps have which value of its concurrency key. `lua/lib/lane.lua` holds the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assetq.errors import UsageError
from assetq.partitions import IndexSet, MultiPartitionKey, MultiPartitionsDefinition, PartitionsDefinition
from assetq.partitions.pairing import Table
from assetq.planning import PlanNode

PARTITION = "partition"


@dataclass(frozen=True, slots=True)
class Lanes:
    """Step `s` is in lane `(s + offset) // stride % size`."""

    offset: int
    stride: int
    size: int

    @classmethod
    def parse(cls, wire: str) -> Lanes:
        """What `str` wrote."""
        offset, stride, size = map(int, wire.split(":"))
        return cls(offset, stride, size)

    def __str__(self) -> str:
        return f"{self.offset}:{self.stride}:{self.size}"

    def step_at(self, lane: int, place: int) -> int:
        """The step at a place of a lane."""
        row, column = divmod(place, self.stride)
        return row * self.stride * self.size + lane * self.stride + column - self.offset

    def place_of(self, step: int) -> int:
        """The place of a step in its lane."""
        at = step + self.offset
        return at // (self.stride * self.size) * self.stride + at % self.stride

    def lane_of(self, step: int) -> int:
        """The lane of a step."""
        return (step + self.offset) // self.stride % self.size


@dataclass(frozen=True, slots=True)
class NodeKey:
    """What the engine must know of a node's concurrency key; see `NodeEntry`."""

    key: str = ""
    lanes: str = ""
    lane_keys: tuple[int | str, ...] = ()


def node_key(node: PlanNode, tags: Mapping[str, str]) -> NodeKey:
    """The values of a node's key: of a dimension, else of a tag of the run, else of a tag of the op; else none."""
    if not node.key:
        return NodeKey()
    grid = node.partitions_def
    if node.fan is not None and len(node.partitions) == 1 and grid is not None:
        tags = {**tags, **_values(grid, node.partitions.first)}  # of all its steps, since they are of one partition
    elif isinstance(grid, MultiPartitionsDefinition) and node.key in grid.partition_dimension_names:
        return _dimension(node, grid)
    elif node.key == PARTITION and grid is not None:
        return _laned(node, grid, 1, node.partitions.last + 1, node.partitions)
    value = tags.get(node.key, node.tags.get(node.key))
    return NodeKey() if value is None else NodeKey(key=f"{node.key}={value}")


def _values(grid: PartitionsDefinition, partition: int) -> dict[str, str]:
    """What one partition is the value of: by the name of each dimension, and as a whole."""
    key = grid.key_at(partition)
    dimensions = key.keys_by_dimension if isinstance(key, MultiPartitionKey) else {}
    return {**dimensions, PARTITION: key}


def _dimension(node: PlanNode, grid: MultiPartitionsDefinition) -> NodeKey:
    position = grid.position_of(node.key)
    if not isinstance(grid.pairing, Table):
        raise UsageError(f"'{node.name}' has concurrency_key '{node.key}', a dimension that this plan cannot count.")
    chosen = IndexSet.of(*(span for block in grid.blocks(node.partitions) for span in block[position].ranges))
    is_inner = (position == 0) == grid.is_turned
    stride, size = (1, grid.pairing.width) if is_inner else (grid.pairing.width, chosen.last + 1)
    return _laned(node, grid.get_partitions_def_for_dimension(node.key), stride, size, chosen)


def _laned(node: PlanNode, grid: PartitionsDefinition, stride: int, size: int, chosen: IndexSet) -> NodeKey:
    if node.chunk != 1:
        raise UsageError(
            f"'{node.name}' takes several partitions in a step, so its concurrency_key cannot be '{node.key}': leave "
            "the backfill policy out, or use a tag."
        )
    row, top = stride * size, node.partitions.last + 1
    offset = -(-top // row) * row - top if node.is_reversed else 0
    values: list[int | str] = []
    for index in chosen:
        lane = size - 1 - index if node.is_reversed else index
        values += [lane, f"{node.key}={grid.key_at(index)}"]
    return NodeKey(lanes=str(Lanes(offset, stride, size)), lane_keys=tuple(values))


def lanes_in_use(node: PlanNode) -> dict[int, Lanes]:
    """Lane -> how its places are numbered, for a node with a dimension as its key."""
    key = node_key(node, {}) if node.key else NodeKey()
    return dict.fromkeys((int(lane) for lane in key.lane_keys[::2]), Lanes.parse(key.lanes)) if key.lanes else {}
