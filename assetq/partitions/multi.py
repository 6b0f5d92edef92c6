"""Partitions in two dimensions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from assetq.errors import DefinitionError, InvariantError, UnknownPartitionError
from assetq.partitions.context import PartitionsStore
from assetq.partitions.definition import PARTITION_TAG, PartitionsDefinition, partitions_from_dict
from assetq.partitions.dynamic import DynamicPartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.multi_key import SEPARATOR, MultiPartitionKey
from assetq.partitions.multi_status import StatusSpace
from assetq.partitions.pairing import Block, Pairing, Shells, Table
from assetq.partitions.static import StaticPartitionsDefinition
from assetq.partitions.time_window import TimeWindow, TimeWindowPartitionsDefinition

FORBIDDEN_IN_DIMENSIONS = (SEPARATOR, "[", "]", ",")
DIMENSION_KINDS = (StaticPartitionsDefinition, TimeWindowPartitionsDefinition, DynamicPartitionsDefinition)


class PartitionDimensionDefinition(NamedTuple):
    """A dimension. Mirrors Dagster's `PartitionDimensionDefinition`."""

    name: str
    partitions_def: PartitionsDefinition


class MultiPartitionsDefinition(PartitionsDefinition):
    """Every pair of partitions of two dimensions. Mirrors Dagster's `MultiPartitionsDefinition`.

    Indices go by rows of one dimension, so that the other has a fixed length: a list of keys is inside, time and
    dynamic keys are outside. Where both grow, a snapshot fixes the length of one, and the definition itself pairs by
    shells. Keys are listed by the dimensions' names, the first one outside, whatever the indices are.

    Args:
        partitions_defs: Name of the dimension -> its partitions.

    Raises:
        DefinitionError: There are not two dimensions, one is itself of two, or a key holds one of `| [ ] ,`.
    """

    kind = "multi"

    def __init__(self, partitions_defs: Mapping[str, PartitionsDefinition], *, width: int | None = None) -> None:
        _check(partitions_defs)
        self._dimensions = tuple(PartitionDimensionDefinition(n, d) for n, d in sorted(partitions_defs.items()))
        self.first, self.second = (dimension.partitions_def for dimension in self._dimensions)
        self._width = width
        self._is_turned = _outer_is_second(self.first, self.second)
        self._pairing = self._pair()

    def _pair(self) -> Pairing:
        inner = self.first if self._is_turned else self.second
        if inner.capacity is not None:
            return Table(max(1, inner.capacity))
        return Table(self._width) if self._width else Shells()

    @property
    def pairing(self) -> Pairing:
        """How indices of the dimensions make one index."""
        return self._pairing

    @property
    def is_turned(self) -> bool:
        """True when the second dimension is the outer one."""
        return self._is_turned

    @property
    def partitions_defs(self) -> Sequence[PartitionDimensionDefinition]:
        """Both dimensions, by name."""
        return list(self._dimensions)

    @property
    def partition_dimension_names(self) -> list[str]:
        """Names of both dimensions, sorted."""
        return [dimension.name for dimension in self._dimensions]

    def get_partitions_def_for_dimension(self, dimension_name: str) -> PartitionsDefinition:
        """Partitions of one dimension.

        Raises:
            InvariantError: There is no such dimension.
        """
        return self._dimensions[self.position_of(dimension_name)].partitions_def

    def position_of(self, dimension_name: str) -> int:
        """0 for the first dimension, 1 for the second.

        Raises:
            InvariantError: There is no such dimension.
        """
        names = self.partition_dimension_names
        if dimension_name not in names:
            raise InvariantError(f"There is no dimension '{dimension_name}'; the dimensions are {_listed(names)}.")
        return names.index(dimension_name)

    def bound(self, store: PartitionsStore | None) -> MultiPartitionsDefinition:
        dimensions = {name: definition.bound(store) for name, definition in self._dimensions}
        width = self._width
        grown = MultiPartitionsDefinition(dimensions, width=width)
        inner = grown.first if grown._is_turned else grown.second
        if inner.capacity is None and _is_known(grown.first) and _is_known(grown.second):
            width = max(1, inner.count())
        return MultiPartitionsDefinition(dimensions, width=width)

    def join(self, first: IndexSet, second: IndexSet) -> IndexSet:
        """Indices of every pair, existing or not, given as indices of the dimensions."""
        outer, inner = (second, first) if self._is_turned else (first, second)
        if isinstance(self._pairing, Table):
            inner = inner & IndexSet.range(0, self._pairing.width)
        return self._pairing.join_all(outer, inner)

    def blocks(self, indices: IndexSet) -> list[Block]:
        """The same partitions as products of indices of the first and the second dimension."""
        return [(b, a) if self._is_turned else (a, b) for a, b in self._pairing.blocks(indices)]

    def split(self, index: int) -> tuple[int, int]:
        """Indices of the first and the second dimension."""
        outer, inner = self._pairing.split(index)
        return (inner, outer) if self._is_turned else (outer, inner)

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        return self.join(self.first.all_indices(now), self.second.all_indices(now))

    def exists(self, index: int, now: datetime | None = None) -> bool:
        first, second = self.split(index)
        return self.first.exists(first, now) and self.second.exists(second, now)

    def count(self, now: datetime | None = None) -> int:
        known = self.all_indices(now)
        return known.last + 1 if known else 0

    @property
    def capacity(self) -> int | None:
        if self.first.capacity is None or self.second.capacity is None:
            return None
        return self.first.capacity * self.second.capacity

    def key_at(self, index: int) -> MultiPartitionKey:
        first, second = self.split(index)
        return self._key(self.first.key_at(first), self.second.key_at(second))

    def _key(self, first: str, second: str) -> MultiPartitionKey:
        return MultiPartitionKey(dict(zip(self.partition_dimension_names, (first, second), strict=True)))

    def keys_of(self, indices: IndexSet) -> list[str]:
        blocks = self.blocks(indices)
        first = _named(self.first, IndexSet.of(*(r for block in blocks for r in block[0].ranges)))
        second = _named(self.second, IndexSet.of(*(r for block in blocks for r in block[1].ranges)))
        pairs = map(self.split, indices)
        return [self._key(first[a], second[b]) for a, b in pairs]

    def ordered_keys(self, now: datetime | None = None) -> list[str]:
        inner = self.second.ordered_keys(now)
        return [self._key(a, b) for a in self.first.ordered_keys(now) for b in inner]

    def get_num_partitions(self) -> int:
        return len(self.first.all_indices()) * len(self.second.all_indices())

    def find(self, key: str) -> int | None:
        parts = self._parts(key)
        if parts is None:
            return None
        first, second = self.first.find(parts[0]), self.second.find(parts[1])
        if first is None or second is None or min(first, second) < 0:
            return None
        found = self.join(IndexSet.range(first, first + 1), IndexSet.range(second, second + 1))
        return found.first if found else None

    def _parts(self, key: str) -> tuple[str, str] | None:
        named = getattr(key, "keys_by_dimension", None)
        if named is not None and list(named) != self.partition_dimension_names:
            return None
        parts = key.split(SEPARATOR) if isinstance(key, str) else []
        return (parts[0], parts[1]) if len(parts) == 2 else None

    def _near(self, key: str, known: IndexSet) -> str:
        """Part by part: the parts of a key in the wrong order, or for each the nearest of its dimension."""
        parts = self._parts(key)
        if parts is None or not known:
            return f" A key has the parts {SEPARATOR.join(self.partition_dimension_names)}."
        if self.find(SEPARATOR.join(parts[::-1])) is not None:
            return f" Did you mean '{SEPARATOR.join(parts[::-1])}'?"
        return "".join(
            f" Of '{name}' there is no '{part}': {definition.near(part)}"
            for (name, definition), part in zip(self._dimensions, parts, strict=True)
            if not definition.has_partition_key(part)
        )

    def keys_between(self, start: str, end: str) -> list[str]:
        (a, b), (c, d) = self._existing(start), self._existing(end)
        inner = self.second.keys_between(b, d)
        return [self._key(x, y) for x in self.first.keys_between(a, c) for y in inner]

    def indices_between(self, start: str, end: str, now: datetime | None = None) -> IndexSet:
        """Every pair whose keys lie between those of the start and the end, in both dimensions."""
        (a, b), (c, d) = self._existing(start), self._existing(end)
        return self.join(self.first.indices_between(a, c, now), self.second.indices_between(b, d, now))

    def _existing(self, key: str) -> tuple[str, str]:
        self.index_of(key)
        parts = self._parts(key)
        assert parts is not None
        return parts

    def get_partition_key_from_str(self, partition_key_str: str) -> MultiPartitionKey:
        """The key of which a text `a|b` is the text form.

        Raises:
            UnknownPartitionError: The text has not two parts.
        """
        parts = self._parts(partition_key_str)
        if parts is None:
            raise UnknownPartitionError(
                f"'{partition_key_str}' is no key of the dimensions {_listed(self.partition_dimension_names)}; "
                f"write {SEPARATOR.join(self.partition_dimension_names)}."
            )
        return self._key(*parts)

    def key_from_dimensions(self, dimensions: str | Mapping[str, str]) -> MultiPartitionKey:
        """The key with these parts.

        Args:
            dimensions: Key by dimension, or the same as text: `day=2024-01-01,region=eu`, in any order.

        Raises:
            UnknownPartitionError: The dimensions are not those of the definition.
        """
        named = dict(_pairs(dimensions)) if isinstance(dimensions, str) else dict(dimensions)
        names = self.partition_dimension_names
        if sorted(named) != names:
            example = ",".join(f"{name}=..." for name in names)
            raise UnknownPartitionError(
                f"The dimensions are {_listed(names)}, not {_listed(sorted(named)) or 'none'}; write {example}."
            )
        return MultiPartitionKey(named)

    def get_multipartition_keys_with_dimension_value(
        self, dimension_name: str, dimension_partition_key: str
    ) -> Sequence[MultiPartitionKey]:
        """Every key that has this part in a dimension, as they are listed."""
        if self.position_of(dimension_name) == 0:
            return [self._key(dimension_partition_key, key) for key in self.second.ordered_keys()]
        return [self._key(key, dimension_partition_key) for key in self.first.ordered_keys()]

    @property
    def has_time_window_dimension(self) -> bool:
        """True when a dimension is time."""
        return any(isinstance(d.partitions_def, TimeWindowPartitionsDefinition) for d in self._dimensions)

    @property
    def primary_dimension(self) -> PartitionDimensionDefinition:
        """The time dimension, else the first."""
        timed = (d for d in self._dimensions if isinstance(d.partitions_def, TimeWindowPartitionsDefinition))
        return next(timed, self._dimensions[0])

    @property
    def secondary_dimension(self) -> PartitionDimensionDefinition:
        """The other one."""
        return next(d for d in self._dimensions if d is not self.primary_dimension)

    @property
    def time_window_dimension(self) -> PartitionDimensionDefinition:
        """The one dimension that is time.

        Raises:
            InvariantError: None is, or both are.
        """
        timed = [d for d in self._dimensions if isinstance(d.partitions_def, TimeWindowPartitionsDefinition)]
        if len(timed) != 1:
            raise InvariantError(f"{len(timed)} of the dimensions are time; exactly one is needed.")
        return timed[0]

    @property
    def time_window_partitions_def(self) -> TimeWindowPartitionsDefinition:
        """Partitions of the time dimension."""
        definition = self.time_window_dimension.partitions_def
        assert isinstance(definition, TimeWindowPartitionsDefinition)
        return definition

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """Window of a key in the time dimension.

        Raises:
            InvariantError: Not exactly one dimension is time.
        """
        key = self.get_partition_key_from_str(partition_key).keys_by_dimension[self.time_window_dimension.name]
        return self.time_window_partitions_def.time_window_for_partition_key(key)

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        parts = self.get_partition_key_from_str(partition_key).keys_by_dimension
        return {PARTITION_TAG: str(partition_key), **{f"{PARTITION_TAG}/{name}": key for name, key in parts.items()}}

    def to_status(self, partitions: IndexSet) -> IndexSet:
        space = StatusSpace.of(self.first, self.second)
        places = (space.place(self.first.to_status(a), self.second.to_status(b)) for a, b in self.blocks(partitions))
        return IndexSet.of(*(r for found in places for r in found.ranges))

    def from_status(self, places: IndexSet) -> IndexSet:
        pairs = StatusSpace.of(self.first, self.second).blocks(places)
        found = (self.join(self.first.from_status(a), self.second.from_status(b)) for a, b in pairs)
        return IndexSet.of(*(r for indices in found for r in indices.ranges))

    @cached_property
    def identity(self) -> str:
        words = [f"{name}={definition.identity}" for name, definition in self._dimensions]
        return hashlib.sha256(",".join([self.kind, *words]).encode()).hexdigest()[:16]

    @cached_property
    def status_identity(self) -> str:
        words = [f"{name}={definition.status_identity}" for name, definition in self._dimensions]
        return f"{self.kind}.{hashlib.sha256(','.join(words).encode()).hexdigest()[:16]}"

    def to_dict(self) -> dict[str, Any]:
        dimensions = {name: definition.to_dict() for name, definition in self._dimensions}
        return {"kind": self.kind, "dimensions": dimensions, **({"width": self._width} if self._width else {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MultiPartitionsDefinition:
        dimensions = {name: partitions_from_dict(plain) for name, plain in data["dimensions"].items()}
        known = {name: definition for name, definition in dimensions.items() if definition is not None}
        return cls(known, width=data.get("width"))

    def shares_indices_with(self, other: MultiPartitionsDefinition) -> bool:
        """True when a pair of dimension indices has the same index in both."""
        return (self._pairing, self._is_turned) == (other._pairing, other._is_turned)

    def __eq__(self, other: object) -> bool:
        """Equal by dimensions: a snapshot equals its definition."""
        return isinstance(other, MultiPartitionsDefinition) and self._dimensions == other._dimensions

    def __hash__(self) -> int:
        return hash(self.identity)

    def __str__(self) -> str:
        lines = (f"{name.capitalize()}: {definition}" for name, definition in self._dimensions)
        return "Multi-partitioned, with dimensions: \n" + " \n".join(lines)

    def __repr__(self) -> str:
        return f"MultiPartitionsDefinition({ {d.name: d.partitions_def for d in self._dimensions}!r})"


def _outer_is_second(first: PartitionsDefinition, second: PartitionsDefinition) -> bool:
    """True when the second dimension grows more freely than the first."""
    freedom = [
        2 if isinstance(d, TimeWindowPartitionsDefinition) else 1 if isinstance(d, DynamicPartitionsDefinition) else 0
        for d in (first, second)
    ]
    return freedom[1] > freedom[0]


def _is_known(definition: PartitionsDefinition) -> bool:
    return not isinstance(definition, DynamicPartitionsDefinition) or definition.is_bound


def _named(definition: PartitionsDefinition, indices: IndexSet) -> dict[int, str]:
    return dict(zip(indices, definition.keys_of(indices), strict=True))


def _pairs(text: str) -> list[tuple[str, str]]:
    pieces = (piece.partition("=") for piece in text.split(","))
    return [(name.strip(), key.strip()) for name, _, key in pieces if name.strip()]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)


def _check(dimensions: object) -> None:
    if not isinstance(dimensions, Mapping) or len(dimensions) != 2:
        raise DefinitionError(f"MultiPartitionsDefinition takes two dimensions by name, not {dimensions!r}.")
    for name, definition in dimensions.items():
        if not isinstance(name, str) or not isinstance(definition, DIMENSION_KINDS):
            raise DefinitionError(f"Dimension {name!r} must be static, time or dynamic partitions, not {definition!r}.")
        keys = definition.keys if isinstance(definition, StaticPartitionsDefinition) else ()
        bad = next((key for key in keys if any(part in key for part in FORBIDDEN_IN_DIMENSIONS)), None)
        if bad is not None:
            raise DefinitionError(f"Key '{bad}' of dimension '{name}' must not hold any of | [ ] and comma.")
