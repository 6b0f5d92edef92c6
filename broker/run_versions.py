"""Data versions that a process has recorded itself: what a run reads of its own it need not ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetq.broker.asset_status import status_identity
from assetq.broker.version_store import SIZE, VersionEntry, places
from assetq.execution.data_version import VersionMark, VersionSource, Wanted, mark_from_bytes

KEPT = 20_000

Spot = tuple[str, str, str, int]


@dataclass(slots=True)
class RunVersions:
    """The last versions that this process has recorded, by run.

    Those that an op gave are not among them: should Redis lose the record of a step, it may give another one when it
    runs again. The others follow from the run and from what was read. They are kept as bytes, which the garbage
    collector need not look at: a full collection with as many objects would stop all steps for 25 ms.
    """

    source: VersionSource
    kept: int = KEPT
    _marks: dict[Spot, bytes] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def note(self, run_id: str, entries: Iterable[VersionEntry]) -> None:
        """Steps of a run were recorded, with these versions."""
        with self._guard:
            for asset, identity, first, packed, _ in entries:
                for number, at in enumerate(range(0, len(packed), SIZE)):
                    mark = mark_from_bytes(packed[at : at + SIZE])
                    if mark is not None and not mark.is_given:
                        self._marks[run_id, asset, identity, first + number] = packed[at : at + SIZE]
            while len(self._marks) > self.kept:
                del self._marks[next(iter(self._marks))]

    def of(self, run_id: str) -> VersionSource:
        """What steps of a run read."""
        return _OfRun(self, run_id)

    def find(self, run_id: str, wanted: Wanted) -> list[VersionMark | None] | None:
        """The marks of some partitions, if the run has recorded all of them here."""
        asset, grid, partitions = wanted
        identity = status_identity(grid)
        found: list[VersionMark | None] = []
        for place in places(grid, partitions):
            packed = self._marks.get((run_id, asset, identity, place))
            if packed is None:
                return None
            found.append(mark_from_bytes(packed))
        return found


@dataclass(frozen=True, slots=True)
class _OfRun:
    versions: RunVersions
    run_id: str

    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """The marks of the wanted partitions, in their order; None where none is known."""
        rows = [self.versions.find(self.run_id, one) for one in wanted]
        missing = [one for one, row in zip(wanted, rows, strict=True) if row is None]
        asked = iter(self.versions.source.version_marks(missing) if missing else ())
        return [next(asked) if row is None else row for row in rows]
