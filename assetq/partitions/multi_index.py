"""Partitions in two dimensions as indices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self

from assetq.errors import DefinitionError, InvariantError
from assetq.partitions.context import PartitionsStore
from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.dynamic import DynamicPartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.multi_key import SEPARATOR, MultiPartitionKey
from assetq.partitions.multi_status import StatusSpace
from assetq.partitions.pairing import Block, Pairing, Shells, Table
from assetq.partitions.static import StaticPartitionsDefinition
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

FORBIDDEN_IN_DIMENSIONS = (SEPARATOR, "[", "]", ",")
DIMENSION_KINDS = (StaticPartitionsDefinition, TimeWindowPartitionsDefinition, DynamicPartitionsDefinition)


class PartitionDimensionDefinition(NamedTuple):
    """A dimension. Mirrors Dagster's `PartitionDimensionDefinition`."""

    name: str
    partitions_def: PartitionsDefinition


class MultiIndex(PartitionsDefinition):
    """Every pair of partitions of two dimensions, by index.

    Indices go by rows of one dimension, so that the other has a fixed length: a list of keys is inside, time and
    dynamic keys are outside. Where both grow, a snapshot fixes the length of one, and the definition itself pairs by
    shells. Keys are listed by the dimensions' names, the first one outside, whatever the indices are.
    """

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

    def position_of(self, dimension_name: str) -> int:
        """0 for the first dimension, 1 for the second.

        Raises:
            InvariantError: There is no such dimension.
        """
        names = self.partition_dimension_names
        if dimension_name not in names:
            raise InvariantError(f"There is no dimension '{dimension_name}'; the dimensions are {listed(names)}.")
        return names.index(dimension_name)

    def bound(self, store: PartitionsStore | None) -> Self:
        dimensions = {name: definition.bound(store) for name, definition in self._dimensions}
        width = self._width
        grown = type(self)(dimensions, width=width)
        inner = grown.first if grown._is_turned else grown.second
        if inner.capacity is None and _is_known(grown.first) and _is_known(grown.second):
            width = max(1, inner.count())
        return type(self)(dimensions, width=width)

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

    def shares_indices_with(self, other: MultiIndex) -> bool:
        """True when a pair of dimension indices has the same index in both."""
        return (self._pairing, self._is_turned) == (other._pairing, other._is_turned)


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


def listed(names: Sequence[str]) -> str:
    """Names as people list them."""
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
