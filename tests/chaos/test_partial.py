"""What a chunk made in part is neither lost nor made again, whatever dies and whatever Redis forgets."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from assetq.broker.connection import connect
from assetq.broker.engine import Claimant
from assetq.broker.message import text
from assetq.execution import StepTask
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.workers.outcome import Attempt, outcome_of

from ..waiting import eventually
from .siege import DERIVED

FIRST_SIX = "2024-01-01..2024-01-06"
ODD = ["2024-01-01", "2024-01-03", "2024-01-05"]


@pytest.fixture
def bad(fleet):
    """Writes the file that steers `work_partial`."""
    return Path(fleet.environment["TRAIL_FILE"] + ".bad").write_text


def begun():
    import trail

    return [row[2:] for row in trail.read() if row[0] == "begin"]


def submit(fleet, selection, partitions=FIRST_SIX):
    return fleet.instance.submit(
        importlib.import_module("work_partial").defs, selection=selection, partitions=partitions
    )


def forget(fleet):
    """Delete all that is derived."""
    with connect(fleet.settings.redis_url) as client:
        keys = list(client.scan_iter(f"{{{fleet.settings.namespace}}}*"))
        assert sum(client.delete(key) for key in keys if any(part in key.decode() for part in DERIVED))


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_retry_that_dies_leaves_what_was_made_before(fleet, bad, is_forgotten):
    bad("")
    fleet.start("work_partial")
    run = submit(fleet, "mortal or heir")
    eventually(lambda: len(begun()) == 2, deadline=60)
    assert begun()[1] == ODD
    assert fleet.instance.check_run(run.run_id) is None
    worker = fleet.processes[0]
    fleet.kill(worker.pid)
    worker.wait()
    if is_forgotten:
        forget(fleet)
        assert fleet.instance.check_run(run.run_id)
        fleet.instance.repair_run(run.run_id)
    bad("end")
    fleet.start("work_partial")
    record = run.wait(90)
    assert (record.status, record.steps.succeeded) == ("SUCCESS", 1 + 6), fleet.logs()
    assert all(row == ODD for row in begun()[1:])
    assert fleet.instance.asset_status("mortal").materialized == 6
    assert fleet.instance.asset_status("heir").materialized == 6


class Hand:
    """Executes the steps of a run one by one in this process, as a worker would."""

    def __init__(self, fleet, run):
        self.engine, self.run, self.fleet = fleet.instance.engine, run, fleet
        self.plan = fleet.instance.get_plan(run.run_id)
        self.session = ExecutionSession(
            importlib.import_module("work_partial").defs, storage=fleet.settings.storage, instance=fleet.instance
        )
        self.claimant = Claimant("hand", 1, ("default",))

    def steps(self, count=None):
        """Take so many grants, or all there are."""
        self.engine.heartbeat("hand", {"pools": "default", "concurrency": 1}, [])
        done = 0
        while done != count and (waiting := self.engine.client.zrange(self.engine.keys("queued"), 0, 0)):
            grant = self.engine.claim(self.run.run_id, text(waiting[0]), self.claimant)
            for step in range(grant.start, grant.stop):
                result = execute_step(self.session, StepTask(self.run.run_id, self.plan, grant.node, step))
                outcome = outcome_of(Attempt(self.plan, grant.node, step, 1, 0, "hand"), result)
                self.engine.commit(grant, self.claimant, [outcome])
            done += 1

    def names(self):
        """What has ended, by state."""
        return {
            state: {self.plan.step_key(node, step) for node, found in states.items() for step in found.get(state, ())}
            for states in [self.fleet.instance.step_states(self.run.run_id)]
            for state in ("succeeded", "failed", "skipped")
        }


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_repair_lets_the_same_steps_run(fleet, bad, steps):
    bad("2024-01-02 2024-01-08")
    ended = []
    for is_forgotten in (False, True):
        hand = Hand(fleet, submit(fleet, "chunk or day or third or week", "all"))
        hand.steps(steps)
        assert fleet.instance.check_run(hand.run.run_id) is None
        if is_forgotten:
            forget(fleet)
            assert fleet.instance.check_run(hand.run.run_id)
            fleet.instance.repair_run(hand.run.run_id)
            assert fleet.instance.check_run(hand.run.run_id) is None
        hand.steps()
        assert hand.run.status().status == "FAILURE"
        ended.append(hand.names())
    assert ended[0] == ended[1]
    assert len(ended[0]["failed"]) == 2
    assert "day[2024-01-03]" in ended[0]["succeeded"]
    assert "day[2024-01-02]" in ended[0]["skipped"]
