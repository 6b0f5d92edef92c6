"""Dynamic outputs on real workers: each value is a step, and several workers share them."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from assetq.broker.connection import connect
from assetq.execution import EventType
from assetq.execution.step_graph import step_graph, tree_lines

from ..fleet import PYTHON, Fleet
from ..waiting import eventually

COUNT = 100
WHOLE = 2 + 2 * COUNT
SUM = 2 * sum(range(COUNT))


@pytest.fixture
def work(fleet):
    import work_fan

    return work_fan


def submit(fleet: Fleet, work):
    return fleet.instance.submit(work.defs)


def value(fleet: Fleet, work) -> int:
    return work.defs.load_asset_value("summed", storage=fleet.settings.storage)


def keys_of(run, kind: EventType, op: str) -> list[str]:
    prefix = f"summed.{op}["
    steps = (event.step_key or "" for event in run.events() if event.type is kind)
    return sorted(step.removeprefix(prefix)[:-1] for step in steps if step.startswith(prefix))


def test_workers_share_the_values(fleet, work):
    fleet.environment["WORK_STEP_S"] = "0.02"
    fleet.start("work_fan", workers=2, concurrency=2)
    run = submit(fleet, work)
    assert run.wait(60).status == "SUCCESS", fleet.logs()
    assert value(fleet, work) == SUM
    steps = run.status().steps
    assert (steps.total, steps.succeeded) == (WHOLE, WHOLE)
    expected = sorted(f"k{number}" for number in range(COUNT))
    assert keys_of(run, EventType.STEP_SUCCESS, "doubled") == expected
    assert keys_of(run, EventType.STEP_SUCCESS, "checked") == expected
    retried = sorted(f"k{number}" for number in range(COUNT) if number % 7 == 3)
    assert keys_of(run, EventType.STEP_UP_FOR_RETRY, "doubled") == retried
    import trail

    rows = trail.read()
    assert Counter(row[2] for row in rows if row[:2] == ["begin", "summed.checked"]) == dict.fromkeys(expected, 1)
    assert len({row[3] for row in rows if row[1] == "summed.checked"}) > 2  # processes
    assert len({row[5] for row in rows if row[1] == "summed.checked"}) == 2  # workers
    bodies = [["", *row[1:]] for row in trail.attempts("summed.doubled", {})]
    assert trail.most_at_once(bodies) <= work.LIMIT


def test_it_reads_the_same_from_everywhere(fleet, work):
    work.tell("bad", "k3 k5")
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    assert run.wait(60).status == "FAILURE", fleet.logs()
    steps = run.status().steps
    assert (steps.total, steps.succeeded, steps.failed, steps.skipped) == (WHOLE, WHOLE - 3, 2, 1)
    graph = step_graph(fleet.instance, run.run_id)
    by_name = {node["step"]: node for node in graph["nodes"]}
    assert by_name["summed.checked"]["steps"] == {
        "total": COUNT, "left": 0, "succeeded": COUNT - 2, "failed": 2, "skipped": 0, "canceled": 0,
    }  # fmt: skip
    assert by_name["summed.total"]["upstream"] == ["summed.many", "summed.checked"]
    assert any("checked  <- doubled" in line for line in tree_lines(graph))
    assert fleet.instance.explain_step(run.run_id, "summed.checked[k3]").state == "failed"
    assert fleet.instance.explain_step(run.run_id, "summed.checked[k4]").state == "succeeded"
    done = subprocess.run(
        [PYTHON, "-m", "assetq.cli.main", "runs", "show", run.run_id, "--step", "summed.checked[k5]", "--json"],
        env=fleet.env(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["state"] == "failed"


def test_what_an_attempt_prints_is_its_own(fleet, work):
    work.tell("bad", "k1")
    work.tell("count", "3")
    work.tell("talks", "yes")
    fleet.start("work_fan")
    run = submit(fleet, work)
    assert run.wait(60).status == "FAILURE", fleet.logs()
    failed = next(event for event in run.events() if event.type is EventType.STEP_FAILURE)
    assert failed.step_key == "summed.checked[k1]"
    assert "k1 is bad" in str(failed.message)
    for key in ("k0", "k1", "k2"):
        log = fleet.instance.attempt_log(run.run_id, f"summed.checked[{key}]", 1).decode()
        assert [line for line in log.splitlines() if line.startswith("checks")] == [f"checks {key}"]


def test_a_retry_runs_only_what_failed(fleet, work):
    work.tell("bad", "k3 k5")
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    assert run.wait(60).status == "FAILURE", fleet.logs()
    work.tell("bad", "k5")
    again = fleet.instance.retry_run(run.run_id)
    assert again.wait(60).status == "FAILURE", fleet.logs()
    assert keys_of(again, EventType.STEP_SUCCESS, "checked") == ["k3"]
    work.tell("bad", "")
    last = fleet.instance.retry_run(again.run_id)
    assert last.wait(60).status == "SUCCESS", fleet.logs()
    assert [e.step_key for e in last.events() if e.type is EventType.STEP_SUCCESS] == [
        "summed.checked[k5]", "summed.total",
    ]  # fmt: skip
    assert value(fleet, work) == SUM
    eventually(lambda: not [name for _, _, names in os.walk(Path(fleet.settings.storage) / ".runs") for name in names])


def test_a_retry_of_all_asks_for_the_keys_again(fleet, work):
    work.tell("bad", "k1")
    work.tell("count", "3")
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    assert run.wait(60).status == "FAILURE", fleet.logs()
    work.tell("count", "5")
    work.tell("bad", "")
    again = fleet.instance.retry_run(run.run_id, failed_only=False)
    assert again.wait(60).status == "SUCCESS", fleet.logs()
    assert again.status().steps.total == 12
    assert value(fleet, work) == 20


def test_an_archived_run_knows_its_steps(fleet, work):
    work.tell("bad", "k1")
    work.tell("count", "3")
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    run.wait(60)
    before = [event.to_json() for event in fleet.instance.read_events(run.run_id)]
    states = fleet.instance.step_states(run.run_id)
    assert fleet.instance.archive_run(run.run_id)
    assert not fleet.instance.client.exists(fleet.instance.keys("growth", run.run_id))
    assert [event.to_json() for event in fleet.instance.read_events(run.run_id)] == before
    assert fleet.instance.step_states(run.run_id) == states
    plan = fleet.instance.get_plan(run.run_id)
    assert plan.find_step("summed.checked[k2]")[1] == 2
    work.tell("bad", "")
    again = fleet.instance.retry_run(run.run_id)
    assert again.wait(60).status == "SUCCESS", fleet.logs()
    assert again.status().steps.total == 2
    assert value(fleet, work) == 6


def forget(fleet: Fleet, *parts: str) -> int:
    """Delete the keys of the namespace that hold any of `parts`; returns how many."""
    with connect(fleet.settings.redis_url) as client:
        keys = list(client.scan_iter(f"{{{fleet.settings.namespace}}}*"))
        return sum(client.delete(key) for key in keys if any(part in key.decode() for part in parts))


@pytest.fixture
def half_done(fleet, work):
    """A run that stopped half-way, because its workers left."""
    fleet.environment["WORK_STEP_S"] = "0.02"
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    eventually(lambda: run.status().steps.succeeded > 12)
    fleet.stop()
    assert run.status().steps.succeeded < WHOLE
    return run


DERIVED = (":need", ":ready:", ":offer:", ":turns", ":holders", ":grant", ":nodes", ":queued", ":leases")


@pytest.mark.parametrize("parts", [DERIVED, (*DERIVED, ":growth")])
def test_what_is_forgotten_is_rebuilt(fleet, work, half_done, parts):
    import trail

    assert fleet.instance.check_run(half_done.run_id) is None
    assert forget(fleet, *parts) > 0
    assert fleet.instance.check_run(half_done.run_id)
    fleet.instance.repair_run(half_done.run_id)
    assert fleet.instance.check_run(half_done.run_id) is None
    fleet.environment["WORK_STEP_S"] = "0"
    fleet.start("work_fan", concurrency=2)
    assert half_done.wait(60).status == "SUCCESS", fleet.logs()
    assert value(fleet, work) == SUM
    steps = half_done.status().steps
    assert (steps.total, steps.succeeded) == (WHOLE, WHOLE)
    began = Counter(row[1] for row in trail.read() if row[0] == "begin")
    assert began["summed.many"] == (2 if ":growth" in parts else 1)
    restarted = [e.step_key for e in half_done.events() if e.type is EventType.STEP_RESTARTED and "lost" in e.message]
    assert restarted == (["summed.many"] if ":growth" in parts else [])
    assert fleet.instance.step_states(half_done.run_id)[1]["succeeded"].to_wire() == [0, COUNT]


def test_a_sound_run_is_sound_while_it_grows(fleet, work):
    fleet.environment["WORK_STEP_S"] = "0.01"
    fleet.start("work_fan", concurrency=2)
    run = submit(fleet, work)
    found = []
    while not run.status().status.is_terminal:
        found.append(fleet.instance.check_run(run.run_id))
    assert set(found) == {None}
    assert run.status().status == "SUCCESS", fleet.logs()
