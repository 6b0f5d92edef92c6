"""A cancel is final: nothing starts behind it. A retry does exactly what is left."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from ..waiting import eventually
from .proxy import Proxy

CONFIG = {"ops": {"first": {"config": {"level": 7}}}}


def ran() -> list[list[str]]:
    import trail

    return trail.read()


@pytest.mark.parametrize(("pool_class", "concurrency"), [("prefork", 2), ("threads", 2), ("solo", 1)])
def test_nothing_starts_behind_the_cancel_of_a_run_of_100000_steps(fleet, pool_class, concurrency):
    import work_cancel

    fleet.start("work_cancel", pool_class=pool_class, concurrency=concurrency)
    handle = fleet.instance.submit(work_cancel.defs, selection="tiny", partitions="all")
    eventually(lambda: len(ran()) >= 300, deadline=40)
    began = time.time()
    handle.cancel()
    acknowledged = time.time()
    print(f"{pool_class}: cancel of 100,000 steps acknowledged in {(acknowledged - began) * 1000:.0f} ms")
    assert acknowledged - began < 1
    record = handle.wait(10)
    assert record.status == "CANCELED"
    assert record.steps.succeeded + record.steps.canceled == 100_000
    fleet.stop()
    assert [row for row in ran() if float(row[2]) > acknowledged] == []
    assert len(ran()) == len({row[1] for row in ran()})


def test_nothing_starts_behind_a_cancel_that_overtakes_the_answer_to_a_commit(fleet, server):
    """The answer is on its way to the worker, amid a batch of tiny steps, when the cancel is acknowledged."""
    import work_cancel

    with contextlib.closing(Proxy(server.port)) as proxy:
        fleet.environment |= {"ASSETQ_REDIS_URL": proxy.url(), "ASSETQ_LEASE_MS": "6000"}
        fleet.start("work_cancel", pool_class="solo")
        handle = fleet.instance.submit(work_cancel.defs, selection="tiny", partitions="all")
        eventually(lambda: len(ran()) >= 300, deadline=40)
        proxy.delay(0.45)
        before = handle.status().steps.succeeded
        eventually(lambda: handle.status().steps.succeeded > before, deadline=20)
        handle.cancel()
        acknowledged = time.time()
        record = handle.wait(20)
        assert record.status == "CANCELED"
        proxy.heal()
        fleet.stop()
    assert [row for row in ran() if float(row[2]) > acknowledged] == []


def test_a_retry_does_exactly_what_failed_was_skipped_or_canceled(fleet):
    import work_cancel

    fleet.start("work_cancel", concurrency=2)
    options = {"selection": "first,second", "partitions": "all", "run_config": CONFIG}
    handle = fleet.instance.submit(work_cancel.defs, **options)
    eventually(lambda: ["second", "c", "7"] in ran() and handle.status().steps.skipped == 1)
    eventually(lambda: handle.status().steps.succeeded == 5)  # what has begun else is recorded, not interrupted
    handle.cancel()
    record = handle.wait(10)
    assert (record.status, record.steps.failed, record.steps.skipped) == ("CANCELED", 1, 1)
    done = {(name, key) for name, key, _ in ran()} - {("first", "b"), ("second", "c")}
    before = len(ran())
    Path(fleet.environment["TRAIL_FILE"] + ".mended").touch()
    again = handle.retry().wait(20)
    assert again.status == "SUCCESS"
    assert again.parent_run_id == handle.run_id
    wanted = {(name, key) for name in ("first", "second") for key in "abcd"} - done
    repeated = [(name, key) for name, key, _ in ran()[before:]]
    assert len(repeated) == len(wanted) == again.steps.total
    assert set(repeated) == wanted
    assert {row[2] for row in ran()} == {"7"}  # its own config, and the stored outputs of what had succeeded
