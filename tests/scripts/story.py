"""Reads a run's events as a person would, and tells which of them cannot follow those before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .model import TERMINAL, Held, Run, Step, demand

ENDS = {"STEP_SUCCESS": "succeeded", "STEP_FAILURE": "failed", "STEP_SKIPPED": "skipped"}
BREAKS = ("STEP_UP_FOR_RETRY", "STEP_WORKER_LOST", "STEP_RESTARTED")


@dataclass
class Story:
    """What the events of one run have told so far."""

    started: dict[Step, int] = field(default_factory=dict)
    ended: dict[Step, str] = field(default_factory=dict)
    lost: set[Step] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def tell(self, event: Mapping[str, Any]) -> None:
        """One event more."""
        type, step = event["t"], (event.get("n"), event.get("s"))
        demand(not self.told or self.told[-1].removeprefix("RUN_") not in TERMINAL, event, "after the end of the run")
        if type.startswith("RUN_"):
            demand(type not in self.told, type, "twice")
            self.told.append(type)
        elif type == "STEP_START":
            self._start(step, event)
        elif type == "STEP_SKIPPED" and "e" in event:
            self._skip(event)
        elif type in ENDS:
            self._end(step, event)
        elif type in BREAKS:
            self._break(step, event)

    def _start(self, step: Step, event: Mapping[str, Any]) -> None:
        demand("RUN_START" in self.told, event, "before the run started")
        demand("RUN_CANCELING" not in self.told or event["ts"] == 0, event, "after the run was canceled")
        demand(step not in self.started, event, "but it runs already")
        demand(step not in self.ended, event, "but it ended before")
        self.started[step] = event["a"]

    def _skip(self, event: Mapping[str, Any]) -> None:
        for number in range(event["s"], event["e"]):
            step = event["n"], number
            demand(step not in self.started, event, "but it runs", step)
            demand(self.ended.setdefault(step, "skipped") == "skipped", event, "but it ended before", step)

    def _end(self, step: Step, event: Mapping[str, Any]) -> None:
        demand(step not in self.ended, event, "but it ended before")
        attempt = self.started.pop(step, None)
        if attempt is None:
            demand(event["t"] == "STEP_FAILURE" and step in self.lost, event, "but it never started")
        else:
            demand(attempt == event["a"], event, "but attempt", attempt, "runs")
        self.ended[step] = ENDS[event["t"]]

    def _break(self, step: Step, event: Mapping[str, Any]) -> None:
        demand(step in self.started, event, "but it does not run")
        del self.started[step]
        if event["t"] == "STEP_WORKER_LOST":
            self.lost.add(step)

    def agree(self, run: Run, grants: list[Held]) -> None:
        """The events and the model say the same."""
        final = {step: state for step, state in run.at.items() if state in ENDS.values()}
        demand(
            run.turn is not None or self.ended == final, run.run_id, "events tell", self.ended, "but the model", final
        )
        demand((self.told[-1] == f"RUN_{run.status}") or not run.is_terminal, self.told, "but is", run.status)
        demand(("RUN_START" in self.told) >= (run.status == "STARTED"), self.told, "but is", run.status)
        if run.is_open:
            under_way = {grant.steps[0] for grant in grants if grant.worker not in (None, "recovery")}
            demand(set(self.started) == under_way, "events tell of", self.started, "but the model", under_way)
