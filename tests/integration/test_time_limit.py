"""Time limits of steps and runs, on real workers."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from assetq.errors import UsageError
from assetq.execution import EventType

from ..fleet import Fleet
from ..waiting import eventually


def submit(fleet: Fleet, **options):
    import work_limits

    return fleet.instance.submit(work_limits.defs, **options)


def words() -> list[str]:
    import trail

    return [row[0] for row in trail.read()]


def failures(handle):
    return [event for event in handle.events() if event.type is EventType.STEP_FAILURE]


@pytest.mark.parametrize("pool_class", ["prefork", "threads", "solo"])
def test_a_step_over_its_limit_fails(fleet, pool_class):
    fleet.start("work_limits", pool_class=pool_class)
    began = time.monotonic()
    handle = submit(fleet, selection="slow")
    record = handle.wait(20)
    assert time.monotonic() - began < 5
    assert (record.status, record.steps.failed) == ("FAILURE", 1)
    (failure,) = failures(handle)
    assert failure.data["error"]["class_name"] == "StepTimeoutError"
    assert "0.5 s" in failure.message
    assert "work_limits.py" in failure.data["error"]["stack"]
    assert words() == ["slow", "cleaned"]


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_its_retry_policy_applies(fleet, pool_class):
    fleet.start("work_limits", pool_class=pool_class)
    handle = submit(fleet, selection="slow_twice")
    assert handle.wait(20).status == "SUCCESS"
    assert words() == ["slow_twice"] * 3
    kinds = [event.type for event in handle.events()]
    assert kinds.count(EventType.STEP_UP_FOR_RETRY) == 2


def test_a_step_that_does_not_react_is_killed_and_retried_as_a_failure(fleet):
    object.__setattr__(fleet.settings, "grace_ms", 700)
    fleet.start("work_limits")
    handle = submit(fleet, selection="stubborn")
    record = handle.wait(30)
    assert (record.status, record.steps.failed) == ("FAILURE", 1)
    kinds = [event.type for event in handle.events()]
    assert kinds.count(EventType.STEP_UP_FOR_RETRY) == 1
    assert EventType.STEP_WORKER_LOST not in kinds
    assert failures(handle)[0].data["error"]["class_name"] == "StepTimeoutError"
    assert words() == ["stubborn"] * 2


def test_only_the_slow_partition_fails(fleet):
    fleet.start("work_limits")
    handle = submit(fleet, selection="some", partitions="all")
    record = handle.wait(30)
    assert (record.steps.failed, record.steps.succeeded) == (1, 4)
    assert [event.step_key for event in failures(handle)] == ["some[c]"]
    assert sorted(words()) == ["some"] * 5


def test_a_run_over_its_limit_fails_and_its_steps_are_interrupted(fleet):
    fleet.start("work_limits", concurrency=2)
    began = time.monotonic()
    handle = submit(fleet, selection="endless", partitions="all", tags={"dagster/max_runtime": "1"})
    record = handle.wait(20)
    assert 1 <= time.monotonic() - began < 6
    assert (record.status, record.steps.canceled) == ("FAILURE", 5)
    last = list(handle.events())[-1]
    assert last.type is EventType.RUN_FAILURE
    assert last.message == "the run took longer than its limit of 1 s"
    begun = words()
    assert len(begun) == 2
    assert submit(fleet, selection="slow_twice").wait(20).status == "SUCCESS"


def test_a_run_within_its_limit_leaves_nothing_behind(fleet):
    fleet.start("work_limits")
    assert submit(fleet, selection="slow_twice", tags={"dagster/max_runtime": "60"}).wait(20).status == "SUCCESS"
    assert fleet.instance.client.exists(fleet.instance.keys("deadlines")) == 0


def test_the_command_line_sets_the_limit(fleet):
    fleet.start("work_limits")
    command = [sys.executable, "-m", "assetq.cli.main", "materialize", "-m", "work_limits", "--select", "endless"]
    done = subprocess.run(
        [*command, "--partition", "a", "--timeout", "1", "--json"],
        env=fleet.env(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert (document["status"], document["tags"]) == ("FAILURE", {"dagster/max_runtime": "1"})


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", ""])
def test_a_bad_limit_is_refused(fleet, text):
    with pytest.raises(UsageError, match="dagster/max_runtime"):
        submit(fleet, selection="slow", tags={"dagster/max_runtime": text})
    assert fleet.instance.list_runs() == []


def test_native_code_that_holds_the_interpreter_is_told_late_but_not_lost(fleet):
    fleet.start("work_limits")
    handle = submit(fleet, selection="native")
    assert handle.wait(20).status == "FAILURE"
    assert failures(handle)[0].data["error"]["class_name"] == "StepTimeoutError"
    assert words() == ["native"]
    eventually(lambda: not any(pool.in_use for pool in fleet.instance.list_pools()))
