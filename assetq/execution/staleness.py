"""Which partitions are out of date: their code, their dependencies or what they read has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from assetq.definitions import AssetKey, Definitions
from assetq.execution.data_version import (
    WHOLE,
    VersionedAsset,
    VersionMark,
    VersionSource,
    inputs_digest,
    look_up,
    versioned,
    versions_read,
)
from assetq.partitions import IndexSet, PartitionsDefinition, PartitionsStore


class StaleStatus(StrEnum):
    """Whether what is stored is what the code would make now."""

    MISSING = "MISSING"
    STALE = "STALE"
    FRESH = "FRESH"


class StaleCause(StrEnum):
    """Why a partition is stale; Dagster's words."""

    CODE = "CODE"
    DEPENDENCIES = "DEPENDENCIES"
    DATA = "DATA"


REASONS = {
    StaleCause.CODE: "its code version has changed",
    StaleCause.DEPENDENCIES: "it reads other assets than before",
    StaleCause.DATA: "what it reads has changed",
}


class Records(VersionSource, PartitionsStore, Protocol):
    """What staleness is computed from: an instance."""

    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions."""


@dataclass(frozen=True, slots=True)
class Staleness:
    """Partitions of an asset by whether they are out of date; {0} stands for an asset without partitions.

    Attributes:
        asset: Its key.
        fresh: Materialized, and what the code would make now.
        missing: Not materialized.
        by_cause: Materialized and out of date; a partition can have two causes.
    """

    asset: str
    fresh: IndexSet
    missing: IndexSet
    by_cause: Mapping[StaleCause, IndexSet]

    @property
    def stale(self) -> IndexSet:
        """Partitions that are out of date."""
        found = IndexSet()
        for partitions in self.by_cause.values():
            found = found | partitions
        return found

    @property
    def status(self) -> StaleStatus:
        """Of the asset: stale as soon as one partition is, missing when none was ever made."""
        if self.stale:
            return StaleStatus.STALE
        return StaleStatus.FRESH if self.fresh else StaleStatus.MISSING

    @property
    def causes(self) -> tuple[StaleCause, ...]:
        """Why some partition is stale."""
        return tuple(cause for cause in StaleCause if self.by_cause.get(cause))

    def to_json(self) -> dict[str, Any]:
        """As `assetq assets list --json` prints it."""
        counts = {"fresh": len(self.fresh), "stale": len(self.stale), "missing": len(self.missing)}
        causes = [{"category": str(cause), "partitions": len(self.by_cause[cause])} for cause in self.causes]
        return {"status": str(self.status), **counts, "causes": causes}


def staleness(asset: VersionedAsset, records: Records) -> Staleness:
    """What is out of date of one asset.

    Args:
        asset: The asset as the code defines it now.
        records: The instance that knows what was made.
    """
    asset = asset.bound(records)
    every = WHOLE if asset.grid is None else asset.grid.all_indices()
    made = records.partition_states(asset.key, asset.grid)[0] & every
    marks = dict(zip(made, look_up(records, [(asset.key, asset.grid, made)])[0], strict=True))
    known = {index: mark for index, mark in marks.items() if mark is not None and mark.deps}
    by_cause = {
        StaleCause.CODE: _where(known, lambda mark: asset.code_digest not in (0, mark.code)),
        StaleCause.DEPENDENCIES: _where(known, lambda mark: asset.deps_digest != mark.deps),
    }
    same = IndexSet.from_indices(known) - by_cause[StaleCause.DEPENDENCIES]
    by_cause[StaleCause.DATA] = _with_other_inputs(asset, records, same, known)
    fresh = made
    for partitions in by_cause.values():
        fresh = fresh - partitions
    return Staleness(asset.key, fresh, every - made, by_cause)


def _where(marks: Mapping[int, VersionMark], condition: Any) -> IndexSet:
    return IndexSet.from_indices(index for index, mark in marks.items() if condition(mark))


def _with_other_inputs(
    asset: VersionedAsset, records: Records, partitions: IndexSet, marks: Mapping[int, VersionMark]
) -> IndexSet:
    if not asset.deps:
        return IndexSet()
    read = versions_read(asset, partitions, records)
    return IndexSet.from_indices(
        index for index, row in zip(partitions, read.rows, strict=True) if inputs_digest(row) != marks[index].inputs
    )


def stale_partitions(defs: Definitions, keys: Iterable[AssetKey], records: Records) -> dict[AssetKey, IndexSet]:
    """Stale partitions of some assets; those that have none are left out."""
    found = {key: staleness(versioned(defs, key), records).stale for key in keys}
    return {key: partitions for key, partitions in found.items() if partitions}
