"""Data versions on Redis: 24 bytes for each partition, in pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from redis import Redis

from assetq.broker.asset_status import status_identity
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.execution.data_version import LAYOUT, VersionMark, Wanted, mark_from_bytes
from assetq.execution.event import StepEvent
from assetq.execution.step_versions import marked
from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.planning import Plan

PAGE = 512
SIZE = LAYOUT.size

VersionEntry = tuple[str, str, int, bytes, str]
"""Asset key, identity of its status space, first place, packed marks, the version that the op gave or ""."""


def places(grid: PartitionsDefinition | None, partitions: IndexSet) -> list[int]:
    """Where the versions of partitions lie, in the order of the partitions."""
    if grid is None:
        return [0] * len(partitions)
    if grid.status_keeps_order:
        return list(grid.to_status(partitions))
    return [grid.to_status(IndexSet.range(i, i + 1)).first for i in partitions]


def packed_versions(
    asset: str, grid: PartitionsDefinition | None, partitions: IndexSet, marks: Sequence[VersionMark]
) -> Iterator[VersionEntry]:
    """`(asset, identity, first place, packed marks, given text)` for each run of consecutive places."""
    row: list[tuple[int, VersionMark]] = []
    for place, mark in zip(places(grid, partitions), marks, strict=False):
        if row and place != row[-1][0] + 1:
            yield _packed(asset, grid, row)
            row = []
        row.append((place, mark))
    if row:
        yield _packed(asset, grid, row)


def _packed(asset: str, grid: PartitionsDefinition | None, row: Sequence[tuple[int, VersionMark]]) -> VersionEntry:
    marks = b"".join(mark.to_bytes() for _, mark in row)
    return asset, status_identity(grid), row[0][0], marks, row[0][1].text or ""


def version_entries(plan: Plan, node: int, step: int, events: Iterable[StepEvent]) -> Iterator[VersionEntry]:
    """The data versions that a step reported, as the scripts take them."""
    grid, own = plan.nodes[node].partitions_def, plan.partitions_of(node, step)
    for event in events:
        if event.marks and event.asset:
            yield from packed_versions(event.asset, grid, marked(grid, event.partition or own, event), event.marks)


@dataclass(frozen=True, slots=True)
class VersionStore:
    """Reads the versions of one namespace."""

    client: Redis
    keys: Keys

    def read(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """As `VersionSource.version_marks` says. One round trip, and one more where ops gave versions."""
        spots = [places(grid, partitions) for _, grid, partitions in wanted]
        pieces = self._pieces(wanted, spots)
        rows = [[mark_from_bytes(pieces[i].get(spot) or bytes(SIZE)) for spot in row] for i, row in enumerate(spots)]
        return self._with_texts(wanted, spots, rows)

    def _pieces(self, wanted: Sequence[Wanted], spots: Sequence[Sequence[int]]) -> list[dict[int, bytes]]:
        asked: list[tuple[int, int, int]] = []
        with self.client.pipeline(transaction=False) as pipeline:
            for i, ((asset, grid, _), row) in enumerate(zip(wanted, spots, strict=True)):
                for start, stop in _within_pages(IndexSet.from_indices(row)):
                    page, inside = divmod(start, PAGE)
                    key = self.keys("versions", asset, status_identity(grid), page)
                    pipeline.getrange(key, inside * SIZE, (inside + stop - start) * SIZE - 1)
                    asked.append((i, start, stop))
            replies = pipeline.execute() if asked else []
        found: list[dict[int, bytes]] = [{} for _ in wanted]
        for (i, start, _), reply in zip(asked, replies, strict=True):
            marks = (reply[at : at + SIZE] for at in range(0, len(reply) - SIZE + 1, SIZE))
            found[i].update(zip(range(start, start + PAGE), marks, strict=False))
        return found

    def _with_texts(
        self, wanted: Sequence[Wanted], spots: Sequence[Sequence[int]], rows: list[list[VersionMark | None]]
    ) -> list[list[VersionMark | None]]:
        for i, row in enumerate(rows):
            given = [at for at, mark in enumerate(row) if mark is not None and mark.is_given]
            if not given:
                continue
            asset, grid, _ = wanted[i]
            key = self.keys("version_texts", asset, status_identity(grid))
            for at, found in zip(given, self.client.hmget(key, [spots[i][at] for at in given]), strict=True):
                mark = row[at]
                row[at] = mark._replace(text=text(found)) if mark is not None and found is not None else mark
        return rows


def _within_pages(indices: IndexSet) -> Iterable[tuple[int, int]]:
    for start, stop in indices.ranges:
        while start < stop:
            end = min(stop, (start // PAGE + 1) * PAGE)
            yield start, end
            start = end
