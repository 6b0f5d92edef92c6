"""Turns what a step reported into what the engine records: one way from result to outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from assetq.broker.asset_status import status_identity, status_ranges
from assetq.broker.engine import Outcome
from assetq.broker.event_log import StepMark, pack_step_event
from assetq.broker.script import packb
from assetq.broker.version_store import packed_versions
from assetq.execution.event import EventType, StepEvent
from assetq.execution.failure import ErrorInfo
from assetq.execution.step_versions import marked
from assetq.execution.task import StepResult, StepStatus
from assetq.partitions import IndexSet
from assetq.planning import Plan

AssetEntry = tuple[str, str, int, int, bytes]
"""Asset key, identity of its status space, half-open range in it, packed materialization."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a step, as it stands in the record."""

    plan: Plan
    node: int
    step: int
    number: int
    started_ms: int
    worker: str

    @property
    def mark(self) -> StepMark:
        """How its events name it."""
        return StepMark(self.node, self.step, self.number, self.worker)


def outcome_of(attempt: Attempt, result: StepResult) -> Outcome:
    """Everything that must be recorded in the moment in which the step ends."""
    succeeded = result.status is StepStatus.SUCCEEDED
    ends_badly = result.status in (StepStatus.FAILED, StepStatus.SKIPPED)
    step_key = attempt.plan.step_key(attempt.node, attempt.step)
    return Outcome(
        step=attempt.step,
        state=str(result.status),
        attempt=attempt.number,
        started=attempt.started_ms,
        delay_ms=result.retry_delay_ms,
        message=f"{result.error.class_name}: {result.error.message}"[:500] if result.error else None,
        error=packb({"error": result.error.to_json()}) if result.error else None,
        events=tuple(pack_step_event(event, attempt.mark) for event in result.events),
        assets=tuple(_materialized(attempt, result.events) if succeeded else _failed(attempt, result.status)),
        versions=tuple(_versions(attempt, result.events)) if succeeded else (),
        satisfied=tuple(_satisfied(attempt)) if succeeded else (),
        skips=tuple(_skips(attempt)) if ends_badly else (),
        cause=f"upstream {step_key} {result.status}" if ends_badly else None,
    )


def failed_outcome(attempt: Attempt, error: ErrorInfo) -> Outcome:
    """The outcome of a step whose body cannot report for itself."""
    return outcome_of(attempt, StepResult(status=StepStatus.FAILED, events=(), error=error))


def _materialized(attempt: Attempt, events: Iterable[StepEvent]) -> Iterable[AssetEntry]:
    node = attempt.plan.nodes[attempt.node]
    for event in events:
        if event.type is EventType.ASSET_MATERIALIZATION and event.asset:
            span = event.partition or attempt.plan.partitions_of(attempt.node, attempt.step)
            # An op may log that it made another asset, of whose partitions nothing is known here.
            grid = node.partitions_def if event.asset in node.assets else None
            for start, stop in status_ranges(grid, IndexSet.range(*span)):
                yield event.asset, status_identity(grid), start, stop, pack_step_event(event, attempt.mark)


def _versions(attempt: Attempt, events: Iterable[StepEvent]) -> Iterable[tuple[str, str, int, bytes, str]]:
    node = attempt.plan.nodes[attempt.node]
    for event in events:
        if event.marks and event.asset:
            span = event.partition or attempt.plan.partitions_of(attempt.node, attempt.step)
            partitions = marked(node.partitions_def, span, event)
            yield from packed_versions(event.asset, node.partitions_def, partitions, event.marks)


def _failed(attempt: Attempt, status: StepStatus) -> Iterable[AssetEntry]:
    if status is not StepStatus.FAILED:
        return
    node = attempt.plan.nodes[attempt.node]
    span = IndexSet.range(*attempt.plan.partitions_of(attempt.node, attempt.step))
    for asset in node.assets:
        for start, stop in status_ranges(node.partitions_def, span):
            yield asset, status_identity(node.partitions_def), start, stop, b""


def _satisfied(attempt: Attempt) -> Iterable[tuple[int, int, int, int]]:
    run: list[int] = []
    for node, step, need in sorted(attempt.plan.pointwise_downstream(attempt.node, attempt.step)):
        if run and run[0] == node and run[2] == step and run[3] == need:
            run[2] = step + 1
            continue
        if run:
            yield run[0], run[1], run[2], run[3]
        run = [node, step, step + 1, need]
    if run:
        yield run[0], run[1], run[2], run[3]


def _skips(attempt: Attempt) -> Iterable[tuple[int, int, int]]:
    closure = attempt.plan.downstream_closure({attempt.node: IndexSet.range(attempt.step, attempt.step + 1)})
    for node, steps in sorted(closure.items()):
        for start, stop in steps.ranges:
            yield node, start, stop
