"""Steps and plans that no worker can do anything with end their run, and only theirs."""

from __future__ import annotations

import pytest

from assetq.broker.connection import connect
from assetq.broker.engine import NodeEntry
from assetq.execution import EventType, RunHandle

from ..waiting import eventually


@pytest.fixture
def spoil(fleet):
    """Submits a run whose plan is `packed`."""

    def submit(packed: bytes) -> RunHandle:
        entry = NodeEntry("default", 0.0, 3, 0, "", 1, (0, 3))
        fleet.instance.engine.submit("spoiled", packed, {"priority": 0}, 3, [entry])
        return RunHandle(fleet.instance, "spoiled")

    return submit


@pytest.mark.parametrize("packed", [b"", b"\xc1 no msgpack", b"\x81\xa5nodes\x90"], ids=["empty", "noise", "other"])
@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_a_plan_that_cannot_be_read_fails_its_run(fleet, spoil, packed, pool_class):
    fleet.start("work_timed", pool_class=pool_class)
    handle = spoil(packed)
    record = handle.wait(20)
    assert record.status == "FAILURE"
    assert record.steps.canceled == 3
    last = list(handle.events())[-1]
    assert last.type is EventType.RUN_FAILURE
    assert "cannot be read" in last.message
    assert "version" in last.message
    # It was met once, and nobody goes on with it.
    assert [event.type for event in handle.events()].count(EventType.STEP_START) == 1
    assert not any(pool.in_use for pool in fleet.instance.list_pools())
    import work_timed

    assert fleet.instance.submit(work_timed.defs, selection="flaky").wait(30).status == "SUCCESS"


def test_a_poisoned_step_whose_plan_is_gone_fails_its_run(fleet, spoil):
    import work_timed

    fleet.start("work_timed")
    handle = fleet.instance.submit(work_timed.defs, selection="poison,free", partitions="all")
    eventually(lambda: any(e.type is EventType.STEP_WORKER_LOST for e in handle.instance.read_events(handle.run_id)))
    with connect(fleet.settings.redis_url) as client:
        client.set(fleet.instance.keys("plan", handle.run_id), b"gone")
    assert handle.wait(30).status == "FAILURE"


@pytest.mark.parametrize(
    ("asset", "told"),
    [("poison", "killed by SIGKILL: out of memory"), ("segfault", "killed by SIGSEGV"), ("leaves", "exit code 7")],
)
def test_a_step_that_kills_its_workers_fails_and_tells_how(fleet, asset, told):
    import trail
    import work_timed

    fleet.start("work_timed")
    handle = fleet.instance.submit(work_timed.defs, selection=asset)
    record = handle.wait(30)
    assert (record.status, record.steps.failed) == ("FAILURE", 1)
    assert len(trail.read()) == fleet.settings.max_crashes == 3
    events = list(handle.events())
    lost = [e for e in events if e.type is EventType.STEP_WORKER_LOST]
    assert [e.attempt for e in lost] == [1, 2, 3]
    assert all(told in e.message for e in lost), [e.message for e in lost]
    failure = next(e for e in events if e.type is EventType.STEP_FAILURE)
    assert told in failure.message
    assert failure.data["error"]["class_name"] == "WorkerLostError"


def test_a_killed_childs_step_runs_again_within_a_second(fleet):
    import work_timed

    fleet.start("work_timed")
    handle = fleet.instance.submit(work_timed.defs, selection="crashes_once")
    assert handle.wait(30).status == "SUCCESS"
    told = {e.type: e.timestamp_ms for e in handle.events()}
    assert told[EventType.STEP_START] - told[EventType.STEP_WORKER_LOST] < 1000
    first = next(e.timestamp_ms for e in handle.events() if e.type is EventType.STEP_START)
    assert told[EventType.STEP_START] - first < 2000
