"""Archives of runs on shared storage: where they lie, and how they are read.

    <archive>/day=2024-01-31/run=<id>/events-00000-<cursor>.parquet    events up to a cursor, in parts
    <archive>/day=2024-01-31/run=<id>/run.parquet                      the run, its plan, how its steps ended

The folders are named as tools expect it of partitions. A part is named by its number and its last event, so that
whoever writes it again, after a crash or beside a slower writer, never writes anything else under its name. The record
lists the parts; a file that it does not list counts for nothing.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from redis import Redis

from assetq.broker import archive_file
from assetq.broker.archive_file import cursor_place
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.errors import UnknownRunError
from assetq.execution.event import Event
from assetq.partitions import IndexSet
from assetq.planning import Plan

if TYPE_CHECKING:
    from upath import UPath

BEGINNING = "0-0"
RUN_FILE = "run.parquet"
MADE = "made"


def part_name(number: int, last: str) -> str:
    """File name of a part."""
    return f"events-{number:05d}-{last}.parquet"


@dataclass(frozen=True, slots=True)
class Archive:
    """The archives of one namespace."""

    client: Redis
    keys: Keys
    base: str

    def folder(self, run_id: str) -> UPath:
        """Where a run's archive lies.

        Raises:
            UnknownRunError: There is no such run.
        """
        from upath import UPath

        submitted = self.client.hget(self.keys("run", run_id), "submitted")
        if submitted is None:
            raise UnknownRunError(f"There is no run '{run_id}'. `assetq runs list` shows the runs.")
        day = datetime.fromtimestamp(int(submitted) / 1000, tz=UTC).date().isoformat()
        return UPath(self.base) / f"day={day}" / f"run={run_id}"

    def has(self, run_id: str) -> bool:
        """True when the whole run is here."""
        return bool(self.client.hexists(self.keys("run", run_id), "archived"))

    def parts(self, run_id: str) -> list[str]:
        """The last cursor of each part that the record lists, in order."""
        return [text(last) for last in self.client.lrange(self.keys("parts", run_id), 0, -1)]

    def read(self, run_id: str, parts: Sequence[str], after: str | None, limit: int) -> list[Event]:
        """At most `limit` events behind a cursor, as far as the parts go."""
        return list(islice(self._behind(run_id, parts, cursor_place(after or BEGINNING)), limit))

    def _behind(self, run_id: str, parts: Sequence[str], after: tuple[int, ...]) -> Iterator[Event]:
        folder = self.folder(run_id)
        first = bisect_right([cursor_place(last) for last in parts], after)
        for number in range(first, len(parts)):
            yield from archive_file.read_events(folder / part_name(number, parts[number]), run_id, after)

    def find(self, run_id: str, cursors: Sequence[str]) -> dict[str, Event]:
        """The events with some cursors, those of them that are here."""
        parts = self.parts(run_id)
        ends = [cursor_place(last) for last in parts]
        by_part: dict[int, list[tuple[int, ...]]] = {}
        for place in map(cursor_place, cursors):
            by_part.setdefault(bisect_left(ends, place), []).append(place)
        found: dict[str, Event] = {}
        for number, places in by_part.items():
            if number < len(parts):
                path = self.folder(run_id) / part_name(number, parts[number])
                found.update((event.cursor, event) for event in archive_file.find_events(path, run_id, places))
        return found

    def plan(self, run_id: str) -> Plan:
        """The plan of an archived run."""
        return Plan.from_bytes(self._value(run_id, "plan"))

    def states(self, run_id: str) -> dict[int, dict[str, IndexSet]]:
        """Node -> final state -> steps, and node -> "made" -> partitions."""
        spans: dict[int, dict[str, list[tuple[int, int]]]] = {}
        for row in self._value(run_id, "states"):
            spans.setdefault(row["node"], {}).setdefault(row["state"], []).append((row["start"], row["stop"]))
        return {node: {name: IndexSet.of(*found) for name, found in by.items()} for node, by in spans.items()}

    def _value(self, run_id: str, column: str) -> Any:
        return archive_file.read_run(self.folder(run_id) / RUN_FILE, column)


def state_rows(states: Mapping[int, Mapping[str, IndexSet]], made: Mapping[int, IndexSet]) -> list[dict[str, Any]]:
    """Ranges of steps by final state, and of partitions made all the same, as the file of a run holds them."""
    every = {node: {**by, **({MADE: made[node]} if node in made else {})} for node, by in states.items()}
    every |= {node: {MADE: partitions} for node, partitions in made.items() if node not in states}
    return [
        {"node": node, "state": state, "start": start, "stop": stop}
        for node, by in sorted(every.items())
        for state, steps in by.items()
        for start, stop in steps.ranges
    ]


def delete_folder(folder: UPath) -> None:
    """Delete the archive of a run, and the folder of its day when nothing else is there."""
    with contextlib.suppress(FileNotFoundError):
        folder.fs.rm(folder.path, recursive=True)
    with contextlib.suppress(OSError, NotImplementedError):
        folder.parent.rmdir()
