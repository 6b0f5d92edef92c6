"""Workers come, go, grow and seem dead; no step is lost, and none runs twice without need."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from assetq.execution import EventType

from ..waiting import eventually


def submit(fleet, selection, **options):
    import work_life

    return fleet.instance.submit(work_life.defs, selection=selection, **options)


def ran() -> list[list[str]]:
    import trail

    return trail.read()


def kinds(handle) -> Counter[EventType]:
    return Counter(event.type for event in handle.events())


def check_each_once(handle, total: int) -> None:
    assert len(ran()) == len({row[1] for row in ran()}) == total
    assert kinds(handle)[EventType.STEP_SUCCESS] == total
    assert kinds(handle)[EventType.STEP_WORKER_LOST] == 0


def test_ten_rolling_restarts_lose_nothing(fleet):
    fleet.start("work_life", workers=2, concurrency=1)
    handle = submit(fleet, "quick", partitions="all")
    for _ in range(10):
        oldest = next(process for process in fleet.processes if process.poll() is None)
        fleet.start("work_life", concurrency=1)
        oldest.send_signal(signal.SIGTERM)
        assert oldest.wait(20) == 0
    record = handle.wait(60)
    assert (record.status, record.steps.succeeded) == ("SUCCESS", 600)
    check_each_once(handle, 600)


def test_a_child_is_replaced_after_its_steps(fleet):
    object.__setattr__(fleet.settings, "max_steps_per_child", 100)
    fleet.start("work_life")
    handle = submit(fleet, "quick", partitions="all")
    assert handle.wait(60).status == "SUCCESS"
    check_each_once(handle, 600)
    per_child = Counter(row[2] for row in ran())
    assert max(per_child.values()) <= 100
    assert len(per_child) >= 6


def test_a_child_is_replaced_at_its_memory_ceiling(fleet):
    object.__setattr__(fleet.settings, "max_memory_mb", 400)
    fleet.start("work_life")
    handle = submit(fleet, "hungry", partitions="all")
    assert handle.wait(90).status == "SUCCESS"
    check_each_once(handle, 600)
    per_child = Counter(row[2] for row in ran())
    assert len(per_child) >= 3  # 1,200 MB in all
    assert max(per_child.values()) <= 200


def test_native_code_that_holds_the_interpreter_keeps_its_lease(fleet):
    assert fleet.settings.lease_ms < 3500
    fleet.start("work_life", workers=2)
    handle = submit(fleet, "held_lock")
    assert handle.wait(30).status == "SUCCESS"
    check_each_once(handle, 1)


def test_a_worker_suspended_within_its_lease_keeps_it(fleet):
    fleet.start("work_life")
    handle = submit(fleet, "patient")
    eventually(ran)
    group = [fleet.processes[0].pid, *fleet.children(fleet.processes[0])]
    for pid in group:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(4 * fleet.settings.heartbeat_ms / 1000)  # the length of the fault, not a wait for something
    for pid in group:
        os.kill(pid, signal.SIGCONT)
    assert handle.wait(30).status == "SUCCESS"
    check_each_once(handle, 1)


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_a_drained_worker_hands_back_the_rest_of_its_batch(fleet, pool_class):
    fleet.start("work_life", pool_class=pool_class)
    handle = submit(fleet, "quick", partitions="all")
    eventually(lambda: len(ran()) >= 200)  # batches are many steps long by now
    began = time.monotonic()
    fleet.processes[0].send_signal(signal.SIGTERM)
    assert fleet.processes[0].wait(20) == 0
    assert time.monotonic() - began < 6
    record = handle.status()
    assert record.steps.running == 0
    assert record.steps.succeeded == len(ran()) < 600
    fleet.start("work_life", pool_class=pool_class)
    assert handle.wait(60).status == "SUCCESS"
    check_each_once(handle, 600)


@pytest.mark.parametrize("pool_class", ["prefork", "threads", "solo"])
def test_a_second_interrupt_stops_at_once_and_hands_back(fleet, pool_class):
    object.__setattr__(fleet.settings, "grace_ms", 20_000)
    fleet.start("work_life", pool_class=pool_class)
    handle = submit(fleet, "endless")
    eventually(ran)
    first = fleet.processes[0]
    began = time.monotonic()
    first.send_signal(signal.SIGINT)
    eventually(lambda: "a second signal stops at once" in fleet.logs())
    first.send_signal(signal.SIGINT)
    assert first.wait(20) == 130
    assert time.monotonic() - began < fleet.settings.grace_ms / 1000
    assert handle.status().steps.running == 0
    Path(fleet.environment["TRAIL_FILE"] + ".end").touch()
    fleet.start("work_life", pool_class=pool_class)
    assert handle.wait(10).status == "SUCCESS"
    assert kinds(handle)[EventType.STEP_WORKER_LOST] == 0


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_a_step_that_does_not_react_to_it_is_ended_with_its_process(fleet, pool_class):
    object.__setattr__(fleet.settings, "grace_ms", 60_000)
    fleet.start("work_life", pool_class=pool_class)
    handle = submit(fleet, "deaf")
    eventually(ran)
    first = fleet.processes[0]
    first.send_signal(signal.SIGINT)
    eventually(lambda: "a second signal stops at once" in fleet.logs())
    first.send_signal(signal.SIGINT)
    assert first.wait(8) == 130
    Path(fleet.environment["TRAIL_FILE"] + ".end").touch()
    fleet.start("work_life", pool_class=pool_class)
    assert handle.wait(20).status == "SUCCESS"
    assert kinds(handle)[EventType.STEP_WORKER_LOST] == 0
