"""Which partitions a backfill is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assetq.errors import UsageError
from assetq.partitions import IndexSet, PartitionKeyRange, PartitionsDefinition

RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
PARTITION_TAG = "dagster/partition"
WORDS = ("all", "missing", "failed", "stale")


@dataclass(frozen=True, slots=True)
class PartitionScope:
    """Partitions by key, by range of keys, or by status.

    Attributes:
        keys: Single partitions.
        ranges: First and last key, both included.
        all: Every partition of every selected asset.
        missing: Those without a materialization.
        failed: Those whose last attempt failed.
        stale: Those that are out of date, and what is made from them.
        anchor: Asset whose partitions `keys` and `ranges` name; by default the roots of the selection.
        reverse: The newest partitions first.
        one_step: All contiguous partitions of an asset in one step, whatever its policy says.
    """

    keys: tuple[str, ...] = ()
    ranges: tuple[tuple[str, str], ...] = ()
    all: bool = False
    missing: bool = False
    failed: bool = False
    stale: bool = False
    anchor: str | None = None
    reverse: bool = False
    one_step: bool = False

    def __post_init__(self) -> None:
        given = [name for name in WORDS if getattr(self, name)]
        if len(given) > 1 or (given and (self.keys or self.ranges)):
            named = given + (["keys"] if self.keys or self.ranges else [])
            raise UsageError(f"Partitions are given in {len(named)} ways ({', '.join(named)}); keep one.")
        if self.anchor is not None and not (self.keys or self.ranges):
            raise UsageError(
                f"Anchor '{self.anchor}' says whose partitions are named by key or range, and none are named; "
                "name some with --partition or --partitions, or leave the anchor out."
            )

    @property
    def is_empty(self) -> bool:
        """True when no partitions are named."""
        return not (self.keys or self.ranges or any(getattr(self, word) for word in WORDS))

    def resolve(self, grid: PartitionsDefinition, now: datetime | None = None) -> IndexSet:
        """The partitions that the keys and ranges name.

        Raises:
            UnknownPartitionError: One of them does not exist; proposes the nearest.
            UsageError: A range runs backwards.
        """
        found = IndexSet.from_indices(grid.index_of(key_in(grid, key), now) for key in self.keys)
        for first, last in self.ranges:
            between = grid.indices_between(key_in(grid, first), key_in(grid, last), now)
            if not between:
                raise UsageError(f"Range '{first}..{last}' runs backwards; write '{last}..{first}'.")
            found = found | between
        return found & grid.all_indices(now)

    @classmethod
    def of_tags(cls, tags: Mapping[str, str] | None) -> PartitionScope:
        """What Dagster's tags of a run say: a range, which each asset makes in one step, or one partition.

        Raises:
            UsageError: They contradict each other, or one end of the range is missing.
        """
        start, end, one = ((tags or {}).get(name) for name in (RANGE_START_TAG, RANGE_END_TAG, PARTITION_TAG))
        if (start is None) != (end is None):
            raise UsageError(f"Tags '{RANGE_START_TAG}' and '{RANGE_END_TAG}' name a range together; give both.")
        if start is None or end is None:
            return cls() if one is None else cls(keys=(one,))
        if one is not None:
            raise UsageError(f"Tags '{PARTITION_TAG}' and '{RANGE_START_TAG}' both name partitions; keep one.")
        return cls(ranges=((start, end),), one_step=True)

    @classmethod
    def parse(cls, value: Any) -> PartitionScope:
        """A scope from what `Instance.submit` takes: None, "all", "missing", "failed", "stale", "A..B", a key,
        a `PartitionKeyRange`, or a list of these."""
        if value is None:
            return cls()
        if isinstance(value, PartitionScope):
            return value
        if isinstance(value, PartitionKeyRange):
            return cls(ranges=((value.start, value.end),))
        if isinstance(value, str):
            return cls._parse_text(value)
        if isinstance(value, Sequence):
            scope = cls()
            for part in map(cls.parse, value):
                scope = replace(scope, keys=scope.keys + part.keys, ranges=scope.ranges + part.ranges)
            return scope
        raise UsageError(f"Partitions must be keys, 'A..B', 'all', 'missing', 'failed' or 'stale', not {value!r}.")

    @classmethod
    def _parse_text(cls, text: str) -> PartitionScope:
        if text in WORDS:
            return cls(**{text: True})  # type: ignore[arg-type]
        first, dots, last = text.partition("..")
        if dots and first and last:
            return cls(ranges=((first, last.lstrip(".")),))
        return cls(keys=(text,))


def key_in(grid: PartitionsDefinition, text: str) -> str:
    """A partition key as the grid has it: `day=2024-01-01,region=eu` names one by its dimensions."""
    from_dimensions = getattr(grid, "key_from_dimensions", None)
    if from_dimensions is None or "=" not in text or grid.find(text) is not None:
        return text
    pairs = (part.partition("=") for part in text.split(","))
    key: str = from_dimensions({name.strip(): value.strip() for name, _, value in pairs})
    return key
