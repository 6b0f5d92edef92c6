"""Moves what is over from Redis to the archive: first the file, under its name, then the script that trims the record.

Killed at any point it leaves the record as it was, or as it is to be; the next turn does the rest. Two at once do no
harm: the script takes a part from one of them only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetq.broker.archive import BEGINNING, RUN_FILE, Archive, delete_folder, part_name, state_rows
from assetq.broker.archive_file import INSTALL, is_available, write_events, write_run
from assetq.broker.codes import Code, error_of
from assetq.broker.engine import Engine
from assetq.broker.event_log import pack_event, unpack_event
from assetq.broker.message import text
from assetq.broker.run_reader import RunReader
from assetq.errors import UsageError
from assetq.execution.event import Event
from assetq.execution.record import RunRecord
from assetq.io.atomic import ATTEMPTS, publish
from assetq.planning import Plan

if TYPE_CHECKING:
    from upath import UPath

PART_EVENTS = 100_000
PAGE = 1000
EVERYTHING = 1 << 60


@dataclass(frozen=True, slots=True)
class Archiver:
    """Writes archives of one namespace."""

    engine: Engine
    runs: RunReader
    archive: Archive

    def archive_run(self, run_id: str) -> bool:
        """Move a run that has ended. Cost follows its events; memory does not.

        Returns:
            False when it was archived already.

        Raises:
            UnknownRunError: There is no such run.
            UsageError: It has not ended, or pyarrow is not installed.
            PlanError: Another version of assetq submitted it.
        """
        check_available()
        record = self.runs.run(run_id)
        if not record.status.is_terminal:
            raise UsageError(f"Run {run_id} is still {record.status}; only a run that has ended can be archived.")
        while not self.archive.has(run_id):
            if not self.move_part(run_id) and self._finish(record):
                return True
        return False

    def move_part(self, run_id: str, most: int = EVERYTHING) -> int:
        """Move the oldest events of a run, at most a part of them; returns how many. The run may go on meanwhile."""
        parts = self.archive.parts(run_id)
        with tempfile.TemporaryDirectory(prefix="assetq-") as here:
            path = os.path.join(here, "part")
            events = self._events(run_id, parts[-1] if parts else BEGINNING, min(most, PART_EVENTS))
            first = next(events, None)
            if first is None:
                return 0
            count, last = write_events(path, _with(first, events))
            folder = self.archive.folder(run_id)
            target = folder / part_name(len(parts), last)
            _publish(target, path)
        if not self._did("trim_events", run_id, folder, parts=len(parts), last=last):  # somebody else was quicker
            _tidy(folder, self.archive.parts(run_id))
        return count

    def _did(self, script: str, run_id: str, folder: UPath, **arguments: Any) -> bool:
        """Whether a script did its part.

        Raises:
            UnknownRunError: The run was deleted meanwhile; so is what was written of it.
        """
        reply = self.engine.run_script(script, run_id=run_id, **arguments)
        if reply[0] is Code.UNKNOWN_RUN:
            delete_folder(folder)
            raise error_of(reply[0], run_id)
        return reply[0] is Code.OK

    def _events(self, run_id: str, after: str, most: int) -> Iterator[Event]:
        key = self.archive.keys("events", run_id)
        while most > 0:
            page: Any = self.archive.client.xrange(key, min=f"({after}", count=min(PAGE, most))
            plan = self.runs.plan(run_id)  # behind the events, so that it has grown as far
            for cursor, entry in page:
                yield unpack_event(run_id, plan, text(cursor), entry)
            if not page:
                return
            after, most = text(page[-1][0]), most - len(page)

    def _finish(self, record: RunRecord) -> bool:
        """Every event has moved: now the rest of the run; False when events came in between."""
        run_id = record.run_id
        plan, folder = self.runs.plan(run_id), self.archive.folder(run_id)
        row = run_row(record, plan, state_rows(self.runs.states(run_id), self.runs.made(run_id)))
        with tempfile.TemporaryDirectory(prefix="assetq-") as here:
            path = os.path.join(here, "run")
            write_run(path, row)
            _publish(folder / RUN_FILE, path)
        latest = self._latest(run_id, plan)
        if not self._did("archive_run", run_id, folder, nodes=len(plan.nodes), latest=latest):
            return False
        _tidy(folder, self.archive.parts(run_id))
        return True

    def _latest(self, run_id: str, plan: Plan) -> list[list[Any]]:
        """Latest materializations that the run made, in a form that can be read without its plan."""
        assets = sorted({asset for node in plan.nodes for asset in node.assets})
        client, keys = self.archive.client, self.archive.keys
        with client.pipeline(transaction=False) as pipeline:
            for asset in assets:
                pipeline.hmget(keys("asset", asset), "latest", "latest_run")
            rows = pipeline.execute() if assets else []
        return [
            [asset, pack_event(unpack_event(run_id, plan, "", {b"e": latest}))]
            for asset, (latest, run) in zip(assets, rows, strict=True)
            if latest and text(run or b"") == run_id
        ]


def check_available() -> None:
    """Raise where archives cannot be written.

    Raises:
        UsageError: pyarrow is not installed.
    """
    if not is_available():
        raise UsageError(f"Archives are Parquet files, and pyarrow is not installed here: {INSTALL}.")


def run_row(record: RunRecord, plan: Plan, states: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of a run's file: what people ask of it, its plan, and how its steps ended."""
    return {
        "run_id": record.run_id,
        "status": str(record.status),
        "submitted_at": record.submitted_at_ms,
        "started_at": record.started_at_ms,
        "ended_at": record.ended_at_ms,
        **{f"steps_{name}": count for name, count in record.to_json()["steps"].items()},
        "priority": record.priority,
        "selection": record.selection,
        "job": record.job,
        "parent_run_id": record.parent_run_id,
        "tags": json.dumps(dict(record.tags), ensure_ascii=False),
        "states": states,
        "plan": plan.to_bytes(),
    }


def _with(first: Event, rest: Iterator[Event]) -> Iterator[Event]:
    yield first
    yield from rest


def _publish(target: UPath, path: str) -> None:
    publish(target, lambda place: _copy(path, str(place)), 0, lambda: None)
    with contextlib.suppress(OSError, NotImplementedError):
        (target.parent / ATTEMPTS).rmdir()


def _copy(source: str, target: str) -> None:
    shutil.copyfile(source, target)


def _tidy(folder: UPath, parts: list[str]) -> None:
    """Remove what killed or slower ones left: parts whose number is taken by another one. No script takes them now."""
    listed = {part_name(number, last) for number, last in enumerate(parts)}
    for path in folder.iterdir():
        number = path.name.removeprefix("events-").partition("-")[0]
        if number.isdigit() and int(number) < len(parts) and path.name not in listed:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
