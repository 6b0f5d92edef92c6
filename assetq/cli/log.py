"""What `runs logs` shows: logs of attempts from shared storage, lines and failures from the event log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from assetq.execution import Event, EventType, Instance

POLL_S = 1.0
ENDS = (
    EventType.STEP_SUCCESS, EventType.STEP_FAILURE, EventType.STEP_SKIPPED, EventType.STEP_UP_FOR_RETRY,
    EventType.STEP_RESTARTED, EventType.STEP_WORKER_LOST,
)  # fmt: skip
SHOWN = (
    EventType.LOG, EventType.PARTITIONS_FAILED, EventType.STEP_FAILURE, EventType.STEP_UP_FOR_RETRY,
    EventType.STEP_WORKER_LOST,
)  # fmt: skip

Attempt = tuple[str, int]


@dataclass(slots=True)
class LogReader:
    """Reads one run. An attempt whose log stands in storage is shown from there, else from its events."""

    instance: Instance
    run_id: str
    step_key: str | None
    follow: bool
    offsets: dict[Attempt, int] = field(default_factory=dict)
    running: dict[Attempt, None] = field(default_factory=dict)
    rest: dict[Attempt, bytes] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """For people, as they come."""
        for event in self._events():
            if event is None:
                for attempt in list(self.running):
                    yield from self._printed(attempt)
                continue
            attempt = event.step_key or "", event.attempt or 1
            if event.type is EventType.STEP_START:
                self.running[attempt] = None
            elif event.type is EventType.LOGS_CAPTURED:
                yield from self._printed(attempt, is_last=True)
            elif event.type is EventType.LOG and self.offsets.get(attempt):
                continue
            elif event.type in ENDS:
                self.running.pop(attempt, None)
                if self.offsets.get(attempt) or event.type is EventType.STEP_WORKER_LOST:
                    yield from self._printed(attempt, is_last=True)
            if event.type in SHOWN:
                yield log_line(event)

    def documents(self) -> Iterator[dict[str, Any]]:
        """For programs: events, that of a captured log with its `text`; one such for each attempt under way."""
        for event in self._events():
            if event is None:
                continue
            attempt = event.step_key or "", event.attempt or 1
            if event.type is EventType.STEP_START:
                self.running[attempt] = None
            elif event.type in ENDS:
                self.running.pop(attempt, None)
            if event.type is EventType.LOGS_CAPTURED:
                document = event.to_json()
                yield {**document, "data": {**document["data"], "text": self._text(attempt)}}
            elif event.type in SHOWN:
                yield event.to_json()
        for attempt in self.running:
            if text := self._text(attempt):
                told = {"type": str(EventType.LOGS_CAPTURED), "run_id": self.run_id}
                yield {**told, "step_key": attempt[0], "attempt": attempt[1], "data": {"text": text}}

    def _text(self, attempt: Attempt) -> str:
        return self.instance.attempt_log(self.run_id, *attempt).decode("utf-8", "replace")

    def _printed(self, attempt: Attempt, *, is_last: bool = False) -> Iterator[str]:
        """Whole lines that came to a log since it was looked at; at its end the last half line as well."""
        data = self.instance.attempt_log(self.run_id, *attempt, self.offsets.get(attempt, 0))
        if not data:
            return
        self.offsets[attempt] = self.offsets.get(attempt, 0) + len(data)
        whole, newline, half = (self.rest.pop(attempt, b"") + data).rpartition(b"\n")
        if half and not is_last:
            self.rest[attempt] = half
        shown = whole.split(b"\n") if newline else []
        if half and is_last:
            shown.append(half)
        for line in shown:
            yield f"{attempt[0]}: {line.decode('utf-8', 'replace')}"

    def _events(self) -> Iterator[Event | None]:
        """Events of the step, or of all; None when a moment has passed without any, or at the end of what there is."""
        cursor: str | None = None
        while True:
            for event in self._read(cursor):
                cursor = event.cursor
                if self.step_key in (None, event.step_key):
                    yield event
                if event.type.ends_run:
                    return
            yield None
            if not self.follow:
                return

    def _read(self, after: str | None) -> Iterator[Event]:
        if self.follow:
            yield from self.instance.follow_events(self.run_id, after, POLL_S)
            return
        while page := self.instance.read_events(self.run_id, after):
            yield from page
            after = page[-1].cursor


def log_line(event: Event) -> str:
    """A line of the log, or a failure with its stacks."""
    level = event.data.get("level", "ERROR")
    line = f"{event.to_json()['timestamp'][11:23]} {level:<7} {event.step_key}: {event.message}"
    errors = [event.data.get("error", {}), *(one["error"] for one in event.data.get("first", ()))]
    return "\n".join([line, *(error["stack"].rstrip() for error in errors if error.get("stack"))])
