"""The log, read from its beginning, must give what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from assetq.broker.instance import RedisInstance
from assetq.execution import Event, EventType

FINAL = {
    EventType.STEP_SUCCESS: "succeeded",
    EventType.STEP_FAILURE: "failed",
    EventType.STEP_SKIPPED: "skipped",
}


def replayed_states(events: Sequence[Event]) -> dict[str, list[str]]:
    """Final states by step key, in the order in which the log has them; more than one is one too many."""
    states: dict[str, list[str]] = {}
    for event in events:
        if event.type in FINAL and event.step_key:
            states.setdefault(event.step_key, []).append(FINAL[event.type])
    return states


def stored_states(instance: RedisInstance, run_id: str) -> dict[str, str]:
    """Final states by step key, from the completion bitmaps."""
    plan = instance.get_plan(run_id)
    return {
        plan.step_key(node, step): state
        for node, states in instance.step_states(run_id).items()
        for state, steps in states.items()
        for step in steps
        if state != "canceled"
    }


def contradictions(instance: RedisInstance, run_id: str) -> Iterator[str]:
    """Where the log of an ended run and what is stored of it disagree."""
    events = list(instance.follow_events(run_id, timeout_s=10))
    record = instance.get_run(run_id)
    replayed = replayed_states(events)
    for step, states in replayed.items():
        if len(states) > 1:
            yield f"{step} was committed {len(states)} times: {states}"
    if (stored := stored_states(instance, run_id)) != {step: states[-1] for step, states in replayed.items()}:
        yield f"the log tells of {len(replayed)} ended steps, the bitmaps of {len(stored)}"
    counts = Counter(states[-1] for states in replayed.values())
    told = {state: getattr(record.steps, state) for state in FINAL.values()}
    if told != {state: counts[state] for state in FINAL.values()}:
        yield f"the log counts {counts}, the run {told}"
    if (ends := [event.type for event in events if event.type.ends_run]) != [f"RUN_{_end(str(record.status))}"]:
        yield f"the log ends with {ends}, the run is {record.status}"
    made = Counter((e.asset, e.partition) for e in events if e.type is EventType.ASSET_MATERIALIZATION)
    if twice := [name for name, count in made.items() if count > 1]:
        yield f"materialized more than once in the log: {twice[:5]}"
    if left := record.steps.ready + record.steps.queued + record.steps.running + record.steps.waiting:
        yield f"{left} steps of an ended run are not counted as ended: {record.steps}"


def _end(status: str) -> str:
    return status.rpartition(".")[2]
