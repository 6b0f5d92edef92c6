"""Turns what a step reported into what the engine records: one way from result to outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assetq.broker.asset_entry import AssetEntry, failed_entries, index_entries, materialized_entries
from assetq.broker.engine import Outcome
from assetq.broker.event_log import StepMark, pack_step_event
from assetq.broker.growth import entries_of
from assetq.broker.script import packb
from assetq.broker.version_store import version_entries
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.failure import ErrorInfo
from assetq.execution.omission import skipped_by_omission, skipped_with
from assetq.execution.task import StepResult, StepStatus
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode
from assetq.workers.capture import Captured


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
    succeeded, lost = result.status is StepStatus.SUCCEEDED, _lost(attempt, result)
    ends_badly = result.status in (StepStatus.FAILED, StepStatus.SKIPPED)
    skips = tuple(_skips(attempt, result, lost)) if ends_badly or result.omitted else ()
    packed = tuple(pack_step_event(event, attempt.mark) for event in result.events)
    return Outcome(
        step=attempt.step,
        state=str(result.status),
        attempt=attempt.number,
        started=attempt.started_ms,
        delay_ms=result.retry_delay_ms,
        message=f"{result.error.class_name}: {result.error.message}"[:500] if result.error else None,
        error=packb({"error": result.error.to_json()}) if result.error else None,
        events=packed,
        index=tuple(index_entries(result.events)),
        assets=tuple(_assets(attempt, result, packed)),
        versions=tuple(version_entries(attempt.plan, attempt.node, attempt.step, result.events))
        if succeeded or result.made
        else (),
        made=result.made.ranges,
        satisfied=tuple(_satisfied(attempt, lost)) if succeeded or (ends_badly and result.made) else (),
        skips=skips,
        cause=_cause(attempt, result) if skips else "",
        grows=tuple(entries_of(attempt.plan, attempt.node, result.keys)) if succeeded else (),
    )


def failed_outcome(attempt: Attempt, error: ErrorInfo, made: IndexSet) -> Outcome:
    """The outcome of a step whose body cannot report for itself; `made` is what earlier attempts made."""
    return outcome_of(attempt, StepResult(status=StepStatus.FAILED, events=(), error=error, made=made))


def with_log(result: StepResult, captured: Captured) -> StepResult:
    """The result with an event that tells of what was printed, unless `context.log` has told all of it."""
    if captured.lines == sum(event.type is EventType.LOG for event in result.events):
        return result
    details = {"path": captured.path, "size_bytes": captured.size, "tail": captured.tail}
    return replace(result, events=(StepEvent(EventType.LOGS_CAPTURED, now_ms(), data=details), *result.events))


def _cause(attempt: Attempt, result: StepResult) -> str:
    """Why others are skipped."""
    did = "did not give it" if result.status is StepStatus.SUCCEEDED else result.status
    return f"upstream {attempt.plan.step_key(attempt.node, attempt.step)} {did}"


def _lost(attempt: Attempt, result: StepResult) -> IndexSet:
    """The partitions that were not made."""
    if result.status is StepStatus.SUCCEEDED:
        return IndexSet()
    return IndexSet.range(*attempt.plan.partitions_of(attempt.node, attempt.step)) - result.made


def _assets(attempt: Attempt, result: StepResult, packed: Sequence[bytes]) -> Iterable[AssetEntry]:
    where = attempt.plan, attempt.node, attempt.step
    if result.status is StepStatus.SUCCEEDED or result.made:
        yield from materialized_entries(*where, result.events, packed)
    if result.status is StepStatus.FAILED:
        yield from failed_entries(*where, result.made)


def _satisfied(attempt: Attempt, lost: IndexSet) -> Iterable[tuple[int, int, int, int]]:
    run: list[int] = []
    for node, step, need in sorted(attempt.plan.satisfied_by(attempt.node, attempt.step, lost)):
        if run and run[0] == node and run[2] == step and run[3] == need:
            run[2] = step + 1
            continue
        if run:
            yield run[0], run[1], run[2], run[3]
        run = [node, step, step + 1, need]
    if run:
        yield run[0], run[1], run[2], run[3]


def _skips(attempt: Attempt, result: StepResult, lost: IndexSet) -> Iterable[tuple[int, int, int]]:
    own = attempt.plan.nodes[attempt.node]
    if result.status is StepStatus.SKIPPED:
        closure = skipped_with(attempt.plan, attempt.node, attempt.step)
    elif result.omitted:
        closure = skipped_by_omission(attempt.plan, attempt.node, attempt.step, result.omitted)
    else:
        closure = attempt.plan.closure_without(attempt.node, attempt.step, lost)
    for node, steps in sorted(closure.items()):
        if _is_whole_fan(attempt.plan, own, attempt.plan.nodes[node]):
            yield node, 0, -1
            continue
        for start, stop in steps.ranges:
            yield node, start, stop


def _is_whole_fan(plan: Plan, own: PlanNode, below: PlanNode) -> bool:
    """True where all steps of a fan are meant, of which others may know by now how many there are."""
    if below.fan is None or (own.fan is not None and own.fan.name == below.fan.name):
        return False
    return plan.source_of(below) is not None
