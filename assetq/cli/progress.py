"""Live progress of a run: events are pushed, counts are read when something happened."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from assetq.execution import Event, EventType, Instance, RunRecord

GATHER_S = 0.03
PACE_S, PACE_SHARE = 0.1, 0.02


def watch(instance: Instance, run_id: str) -> RunRecord:
    """Show a run's progress on stderr until it ends; returns its last state."""
    show = _Bars if sys.stderr.isatty() else _Lines
    with _following(instance, run_id) as feed, show(instance.get_run(run_id)) as display:
        while True:
            ended = feed.wait(display.due_s())
            record = instance.get_run(run_id)
            display.update(record)
            for event in feed.take_failures():
                display.failure(event)
            if ended or record.status.is_terminal:
                return instance.get_run(run_id)


class _Feed:
    """Events of a run, gathered by a thread."""

    def __init__(self) -> None:
        self.news = threading.Event()
        self.ended = False
        self.failures: list[Event] = []
        self.error: BaseException | None = None

    def gather(self, events: Iterator[Event]) -> None:
        try:
            for event in events:
                if event.type is EventType.STEP_FAILURE:
                    self.failures.append(event)
                self.news.set()
        except Exception as error:
            self.error = error
        self.ended = True
        self.news.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Block until something happened or the time is over; True when the run has ended."""
        if self.news.wait(timeout_s) and not self.ended:
            time.sleep(GATHER_S)  # what happens at once is shown at once
        self.news.clear()
        if self.error is not None:
            raise self.error
        return self.ended

    def take_failures(self) -> list[Event]:
        """Failures since the last call."""
        taken, self.failures = self.failures, []
        return taken


@contextmanager
def _following(instance: Instance, run_id: str) -> Iterator[_Feed]:
    feed = _Feed()
    events = instance.follow_events(run_id)
    threading.Thread(target=feed.gather, args=(events,), name="assetq-watch", daemon=True).start()
    yield feed


class _Lines:
    """For pipes and log files: a line for each change, but the longer it goes on the fewer.

    A change that comes after a pause is shown at once; changes that follow each other are at least 0.1 s and a
    fiftieth of the time so far apart.
    """

    def __init__(self, record: RunRecord) -> None:
        self.began = time.monotonic()
        self.printed_at = 0.0
        self.last = self.line = ""

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def due_s(self) -> float | None:
        """Seconds until what was held back may be shown; None when nothing was."""
        if self.line == self.last:
            return None
        now = time.monotonic()
        return max(0.0, self.printed_at + max(PACE_S, PACE_SHARE * (now - self.began)) - now)

    def update(self, record: RunRecord) -> None:
        steps = record.steps
        self.line = f"{record.status}: {steps.done}/{steps.total} steps, {steps.running} running, {steps.failed} failed"
        if self.line != self.last and (record.status.is_terminal or not self.due_s()):
            click.echo(self.line, err=True)
            self.printed_at, self.last = time.monotonic(), self.line

    def failure(self, event: Event) -> None:
        click.echo(f"FAILED {event.step_key}: {event.message}", err=True)


class _Bars:
    """For terminals: a bar with counts and the time that is left."""

    def __init__(self, record: RunRecord) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.console = Console(stderr=True)
        self.progress: Any = Progress(
            TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[counts]}"), TimeElapsedColumn(), TimeRemainingColumn(), console=self.console,
        )  # fmt: skip
        self.task = self.progress.add_task(record.run_id[:8], total=record.steps.total, counts="")

    def __enter__(self) -> _Bars:
        self.progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.stop()

    def due_s(self) -> float | None:
        """Nothing is held back."""
        return None

    def update(self, record: RunRecord) -> None:
        steps = record.steps
        counts = f"{steps.running} running"
        counts += f", [red]{steps.failed} failed[/]" if steps.failed else ""
        counts += f", [yellow]{steps.skipped} skipped[/]" if steps.skipped else ""
        self.progress.update(self.task, completed=steps.done, counts=counts, refresh=True)

    def failure(self, event: Event) -> None:
        self.console.print(f"[red]FAILED[/] {event.step_key}: {event.message}", highlight=False)
