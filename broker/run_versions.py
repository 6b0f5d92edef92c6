"""Data versions that a process knows: what it has recorded of a run itself, and what it has read for the next steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from assetq.broker.asset_status import status_identity
from assetq.broker.version_store import SIZE, VersionEntry, places
from assetq.execution.data_version import VersionMark, VersionSource, Wanted, mark_from_bytes
from assetq.partitions import IndexSet

KEPT = 20_000
AHEAD_S, MOST_AHEAD = 0.25, 4096

Spot = tuple[str, str, str, int]
Ahead = Callable[[], Sequence[Wanted]]


class _Batch(threading.local):
    """What a thread has read for the steps of one batch, and until when it may be believed."""

    def __init__(self) -> None:
        self.fence, self.until = 0, 0.0
        self.marks: dict[Spot, VersionMark | None] = {}

    def begin(self, fence: int, until: float) -> None:
        """Forget what was read before."""
        self.fence, self.until, self.marks = fence, until, {}

    def is_known(self, fence: int) -> bool:
        """True while what was read for a batch may be believed."""
        return fence == self.fence and time.monotonic() < self.until


@dataclass(slots=True)
class RunVersions:
    """The last versions that this process has recorded, by run, and those that it has read ahead.

    Those that an op gave are not among the recorded: should Redis lose the record of a step, it may give another one
    when it runs again. The others follow from the run and from what was read. They are kept as bytes, which the
    garbage collector need not look at: a full collection with as many objects would stop all steps for 25 ms.

    What is read ahead is for steps that the thread holds already: what their run makes of it is made. Where another run
    replaces it meanwhile, what was read looks older than it is, never newer.
    """

    source: VersionSource
    kept: int = KEPT
    _marks: dict[Spot, bytes] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _batch: _Batch = field(default_factory=_Batch)

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

    def of(self, run_id: str, fence: int = 0, ahead: Ahead = tuple) -> VersionSource:
        """What steps of a run read.

        Args:
            run_id: The run.
            fence: That of the batch.
            ahead: Tells what the steps read that come next in this batch.
        """
        return _OfBatch(self, run_id, fence, ahead)

    def find(self, run_id: str, fence: int, wanted: Wanted) -> list[VersionMark | None] | None:
        """The marks of some partitions, if all of them are known here."""
        read = self._batch.marks if self._batch.is_known(fence) else {}
        found: list[VersionMark | None] = []
        for spot in _spots(run_id, wanted):
            if (packed := self._marks.get(spot)) is not None:
                found.append(mark_from_bytes(packed))
            elif spot in read:
                found.append(read[spot])
            else:
                return None
        return found

    def ask(self, run_id: str, fence: int, wanted: Sequence[Wanted], ahead: Ahead) -> list[list[VersionMark | None]]:
        """The marks of some partitions as they are recorded now; those that come next are read with them."""
        asked = [*wanted, *_further(wanted, ahead())]
        until = time.monotonic() + AHEAD_S
        rows = self.source.version_marks(asked)
        if not self._batch.is_known(fence) or len(self._batch.marks) > MOST_AHEAD:
            self._batch.begin(fence, until)
        for one, row in zip(asked, rows, strict=True):
            self._batch.marks.update(zip(_spots(run_id, one), row, strict=True))
        return rows[: len(wanted)]


def _further(wanted: Sequence[Wanted], ahead: Sequence[Wanted]) -> list[Wanted]:
    """What is to be read ahead and is not wanted now; nothing where it is much."""
    now = {asset: partitions for asset, _, partitions in wanted}
    left = [(asset, grid, partitions - now.get(asset, IndexSet())) for asset, grid, partitions in ahead]
    return [one for one in left if one[2]] if sum(len(one[2]) for one in left) <= MOST_AHEAD else []


def _spots(run_id: str, wanted: Wanted) -> list[Spot]:
    asset, grid, partitions = wanted
    identity = status_identity(grid)
    return [(run_id, asset, identity, place) for place in places(grid, partitions)]


@dataclass(frozen=True, slots=True)
class _OfBatch:
    versions: RunVersions
    run_id: str
    fence: int
    ahead: Ahead

    def version_marks(self, wanted: Sequence[Wanted]) -> list[list[VersionMark | None]]:
        """The marks of the wanted partitions, in their order; None where none is known."""
        rows = [self.versions.find(self.run_id, self.fence, one) for one in wanted]
        missing = [one for one, row in zip(wanted, rows, strict=True) if row is None]
        asked = iter(self.versions.ask(self.run_id, self.fence, missing, self.ahead) if missing else ())
        return [next(asked) if row is None else row for row in rows]
