"""A run in this process: the same steps and events, one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from assetq.definitions.time_limit import step_timeout_s
from assetq.errors import StepInterrupted
from assetq.execution.event import Event, EventType, StepEvent, now_ms, partition_text
from assetq.execution.omission import skipped_by_omission, skipped_with
from assetq.execution.record import RunRecord, RunStatus, StepCounts
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.execution.step_context import RunInfo
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.execution.time_limit import time_limit
from assetq.partitions import IndexSet
from assetq.planning import Growth, Plan

STATE_OF = {StepStatus.SUCCEEDED: "succeeded", StepStatus.FAILED: "failed", StepStatus.SKIPPED: "skipped"}
EVENT_OF = {
    StepStatus.SUCCEEDED: EventType.STEP_SUCCESS,
    StepStatus.FAILED: EventType.STEP_FAILURE,
    StepStatus.SKIPPED: EventType.STEP_SKIPPED,
    StepStatus.RETRY: EventType.STEP_UP_FOR_RETRY,
}


class Recorder(Protocol):
    """Where a run in this process is recorded while it goes on."""

    def noted(self, event: Event) -> None:
        """An event was appended."""

    def step_ended(self, task: StepTask, result: StepResult, events: Sequence[Event]) -> None:
        """An attempt at a step ended; `events` are those that it reported, all noted already."""

    def steps_skipped(self, node: int, steps: IndexSet) -> None:
        """Steps will not run, because of what failed above them."""

    def grew(self, fan: int, keys: Sequence[str], nodes: Sequence[int]) -> None:
        """The keys of a fan are known, and so are the steps of its nodes."""

    def flush(self) -> None:
        """A good moment to write: a step begins, or waits for its next attempt."""


@dataclass(slots=True)
class LocalRun:
    """A plan being executed in this process; readable from other threads while it is."""

    run_id: str
    plan: Plan
    session: ExecutionSession
    tags: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 0
    parent_run_id: str | None = None
    status: RunStatus = RunStatus.QUEUED
    submitted_at_ms: int = field(default_factory=now_ms)
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    events: list[Event] = field(default_factory=list)
    states: dict[int, dict[str, IndexSet]] = field(default_factory=dict)
    made: dict[int, IndexSet] = field(default_factory=dict)
    current: tuple[int, int] | None = None
    exception: BaseException | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)
    canceled: threading.Event = field(default_factory=threading.Event)
    recorder: Recorder | None = None
    is_paused: Callable[[Sequence[str]], bool] | None = None
    blocked_by: str | None = None

    def __post_init__(self) -> None:
        self.session.tells_all = True
        if self.session.run is None:
            self.session.run = RunInfo(self.run_id, self.tags, self.config)
        self.note(EventType.RUN_ENQUEUED, data={"steps": self.plan.step_count})

    def record(self) -> RunRecord:
        """The run as it is now."""
        counts = {s: sum(len(by.get(s, ())) for by in self.states.values()) for s in ("succeeded", "failed", "skipped")}
        total, running = self.plan.step_count, int(self.current is not None)
        left = total - sum(counts.values()) - running
        ended = self.status is RunStatus.CANCELED
        steps = StepCounts(
            total=total,
            running=running,
            waiting=0 if ended else left,
            canceled=left if ended else 0,
            **counts,
        )
        return RunRecord(
            run_id=self.run_id,
            status=self.status,
            steps=steps,
            submitted_at_ms=self.submitted_at_ms,
            started_at_ms=self.started_at_ms,
            ended_at_ms=self.ended_at_ms,
            tags=self.tags,
            priority=self.priority,
            selection=self.plan.selection,
            parent_run_id=self.parent_run_id,
            job=self.plan.job,
        )

    def note(self, kind: EventType, **details: Any) -> None:
        """Append an event and wake those who follow."""
        with self.changed:
            cursor = f"{len(self.events):012d}"
            event = Event(kind, now_ms(), self.run_id, cursor, **details)
            self.events.append(event)
            if self.recorder is not None:
                self.recorder.noted(event)
            self.changed.notify_all()

    def _flush(self) -> None:
        if self.recorder is not None:
            self.recorder.flush()

    def execute(self) -> None:
        """Run every step; returns when the run has ended."""
        self.started_at_ms = now_ms()
        self.status = RunStatus.CANCELING if self.canceled.is_set() else RunStatus.STARTED
        self.note(EventType.RUN_START)
        try:
            for node, step in self._steps():
                self._wait_while_paused(node)
                if self.canceled.is_set() or isinstance(self.exception, KeyboardInterrupt):
                    break
                self._run_step(node, step)
        except BaseException as error:
            self.canceled.set()
            self.current = None
            if not isinstance(error, StepInterrupted):
                self._finish()
                raise
        finally:
            self.session.inputs.forget(self.run_id)
        self._finish()

    def _wait_while_paused(self, node: int) -> None:
        pools, is_paused = self.plan.nodes[node].pools, self.is_paused
        if is_paused is None or not is_paused(pools):
            return
        self._flush()
        with self.changed:
            self.blocked_by = next(pool for pool in pools if is_paused([pool]))
            self.changed.wait_for(lambda: self.canceled.is_set() or not is_paused(pools))
            self.blocked_by = None

    def _steps(self) -> Iterator[tuple[int, int]]:
        for node in range(len(self.plan.nodes)):
            for step in self.plan.nodes[node].steps:  # those of a fan are known by then
                if step not in self.states.get(node, {}).get("skipped", IndexSet()):
                    yield node, step

    def _run_step(self, node: int, step: int) -> None:
        self.current = (node, step)
        step_key = self.plan.step_key(node, step)
        attempt, made = 1, IndexSet()
        while True:
            self.note(EventType.STEP_START, step_key=step_key, attempt=attempt)
            self._flush()
            if self.canceled.is_set():
                break
            task = StepTask(self.run_id, self.plan, node, step, attempt, attempt, self.tags, self.config, made)
            try:
                result = self._execute(task)
            except StepInterrupted:
                self.canceled.set()
                break
            self._report(task, result)
            if result.status is not StepStatus.RETRY:
                break  # what comes next writes, be it a step or the run's end
            self._flush()
            if self.canceled.wait(result.retry_delay_ms / 1000):
                break
            attempt, made = attempt + 1, result.made
        self.current = None

    def _execute(self, task: StepTask) -> StepResult:
        timeout_s = step_timeout_s(self.session.defs.get_op(task.plan_node.name).op.tags)
        if timeout_s is None:
            return execute_step(self.session, task)
        return execute_step(self.session, task, limit=partial(time_limit, timeout_s))

    def _report(self, task: StepTask, result: StepResult) -> None:
        first = len(self.events)
        for event in result.events:
            self._pass_on(task, event)
        if self.recorder is not None:
            self.recorder.step_ended(task, result, self.events[first:])
        if result.made:
            self.made[task.node] = self.made.get(task.node, IndexSet()) | result.made
        if result.status is StepStatus.SUCCEEDED:
            self._grow(task.node, result.keys)
        if result.status in STATE_OF:
            self._end(task.node, IndexSet.range(task.step, task.step + 1), STATE_OF[result.status])
        error = {"error": result.error.to_json()} if result.error else {}
        message = f"{result.error.class_name}: {result.error.message}" if result.error else None
        self.note(EVENT_OF[result.status], step_key=task.step_key, attempt=task.attempt, message=message, data=error)
        if result.status in (StepStatus.FAILED, StepStatus.SKIPPED):
            is_stopped = isinstance(result.exception, KeyboardInterrupt)  # nothing else starts then
            self.exception = result.exception if is_stopped else self.exception or result.exception
            self._skip_downstream(task, result)
        elif result.omitted:
            omitted = skipped_by_omission(task.plan, task.node, task.step, result.omitted)
            self._skip(omitted, f"upstream {task.step_key} did not give it")

    def _pass_on(self, task: StepTask, event: StepEvent) -> None:
        grid, (start, stop) = task.plan_node.partitions_def, event.partition or task.partition_range or (0, 1)
        self.note(
            event.type,
            step_key=task.step_key,
            asset=event.asset,
            partition=partition_text((grid.key_at(start), grid.key_at(stop - 1))) if grid else None,
            attempt=task.attempt,
            message=event.message,
            data=event.data,
        )

    def _grow(self, node: int, keys: Mapping[str, Sequence[str]]) -> None:
        """What is mapped over dynamic outputs of the node has a step for each of their keys."""
        for fan, output in self.plan.fans_from(node):
            found = tuple(keys.get(output, ()))
            nodes = [below.index for below in self.plan.fan_nodes(fan)]
            self.plan = self.plan.grown(Growth(str(len(self.events)), {fan: found}))
            if self.recorder is not None:
                self.recorder.grew(fan, found, nodes)
            for below in nodes:
                self._skip_all(below)

    def _skip_all(self, node: int) -> None:
        """What was skipped before its steps were known is skipped in all of them."""
        if self.states.get(node, {}).get("skipped"):
            self.states[node]["skipped"] = IndexSet()
            self._skip({node: self.plan.nodes[node].steps}, "upstream of it did not succeed")

    def _skip_downstream(self, task: StepTask, result: StepResult) -> None:
        if result.status is StepStatus.SKIPPED:
            closure = skipped_with(self.plan, task.node, task.step)
        else:
            lost = IndexSet.range(*task.plan.partitions_of(task.node, task.step)) - result.made
            closure = self.plan.closure_without(task.node, task.step, lost)
        self._skip(closure, f"upstream {task.step_key} did not succeed")

    def _skip(self, found: Mapping[int, IndexSet], reason: str) -> None:
        for node, steps in found.items():
            fresh = steps - self.states.get(node, {}).get("skipped", IndexSet())
            self._end(node, fresh, "skipped")
            if self.recorder is not None:
                self.recorder.steps_skipped(node, fresh)
            for start, stop in fresh.ranges:
                key = self.plan.steps_key(node, start, stop)
                self.note(EventType.STEP_SKIPPED, step_key=key, message=reason)

    def _end(self, node: int, steps: IndexSet, state: str) -> None:
        by_state = self.states.setdefault(node, {})
        by_state[state] = by_state.get(state, IndexSet()) | steps

    def _finish(self) -> None:
        failed = any(by.get("failed") for by in self.states.values())
        self.ended_at_ms = now_ms()
        if self.canceled.is_set():
            self.status = RunStatus.CANCELED
        else:
            self.status = RunStatus.FAILURE if failed else RunStatus.SUCCESS
        self.note(EventType(f"RUN_{self.status}"))

    def follow(self, after: str | None, timeout_s: float | None) -> Iterator[Event]:
        """Events from behind a cursor, until the end or until nothing came for so long."""
        position = 0 if after is None else int(after) + 1
        while True:
            with self.changed:
                if position >= len(self.events):
                    deadline = None if timeout_s is None else time.monotonic() + timeout_s
                    while position >= len(self.events):
                        left = None if deadline is None else deadline - time.monotonic()
                        if (left is not None and left <= 0) or not self.changed.wait(left):
                            return
                event = self.events[position]
            position += 1
            yield event
            if event.type.ends_run:
                return
