"""`materialize(instance=...)`: executed in this process, recorded in the instance."""

from __future__ import annotations

import os
import signal
import time

import pytest

from assetq import (
    AssetCheckKey,
    AssetCheckResult,
    AssetKey,
    MaterializeResult,
    RetryPolicy,
    StaticPartitionsDefinition,
    asset,
    asset_check,
    materialize,
)
from assetq.broker.instance import RedisInstance
from assetq.errors import UsageError
from assetq.execution import EventType, RunStatus

from ..waiting import eventually

letters = StaticPartitionsDefinition(["a", "b", "c"])


def test_a_run_is_recorded(home, seen):
    thread = []

    @asset
    def numbers():
        thread.append(os.getpid())
        return MaterializeResult(value=[1, 2], metadata={"rows": 2})

    @asset_check(asset=numbers)
    def some():
        return AssetCheckResult(passed=True, metadata={"n": 2}, description="two")

    @asset
    def total(numbers):
        return sum(numbers)

    result = materialize([numbers, some, total], instance=home, tags={"team": "a"})
    assert result.success
    assert thread == [os.getpid()]
    record = seen.get_run(result.run_id)
    assert (record.status, record.tags, record.steps.succeeded) == (RunStatus.SUCCESS, {"team": "a"}, 3)
    assert record.submitted_at_ms <= record.started_at_ms <= record.ended_at_ms
    kinds = [event.type for event in seen.read_events(result.run_id)]
    assert kinds == [event.type for event in result.all_events]
    made = seen.latest_materialization("numbers")
    assert (made.run_id, made.step_key, made.data["metadata"]["rows"]["value"]) == (result.run_id, "numbers", 2)
    assert seen.asset_status("total").materialized == 1
    assert seen.latest_check(AssetCheckKey(AssetKey("numbers"), "some")).data["passed"] is True
    again = materialize([numbers, total], selection="total", instance=home)
    assert again.asset_value("total") == 3
    assert [run.run_id for run in seen.list_runs()] == [again.run_id, result.run_id]


def test_failures_skips_and_retries_are_recorded(home, seen):
    tries = []

    @asset(retry_policy=RetryPolicy(max_retries=1))
    def flaky():
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("first")

    @asset
    def broken(flaky):
        raise ValueError("no")

    @asset
    def below(broken):
        return 1

    result = materialize([flaky, broken, below], instance=home, raise_on_error=False)
    record = seen.get_run(result.run_id)
    assert record.status is RunStatus.FAILURE
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (1, 1, 1)
    kinds = [event.type for event in seen.read_events(result.run_id)]
    assert kinds.count(EventType.STEP_UP_FOR_RETRY) == 1
    assert kinds == [event.type for event in result.all_events]
    assert seen.asset_status("broken").failed == 1
    assert seen.asset_status("below").missing == 1
    assert seen.step_states(result.run_id) == result.run.states


def test_partitions_are_recorded(home, seen):
    @asset(partitions_def=letters)
    def letter(context):
        latest = context.instance.get_latest_materialization_event("letter")
        return MaterializeResult(value=context.partition_key, metadata={"before": latest.partition if latest else "-"})

    for key in ("c", "a"):
        assert materialize([letter], partition_key=key, instance=home).success
    assert seen.get_materialized_partitions("letter") == {"a", "c"}
    assert seen.latest_materialization("letter").partition == "a"
    found = seen.latest_materialization("letter", "c")
    assert (found.partition, found.step_key, found.data["metadata"]["before"]["value"]) == ("c", "letter[c]", "-")
    assert seen.latest_materialization("letter", "a").data["metadata"]["before"]["value"] == "c"
    assert seen.latest_materialization("letter", "b") is None


def test_the_record_is_there_while_the_run_goes_on(home, seen):
    @asset
    def first():
        return 1

    @asset(deps=[first])
    def second(context):
        assert seen.get_run(context.run_id).status is RunStatus.STARTED
        assert seen.latest_materialization("first").run_id == context.run_id
        return context.instance.get_run_by_id(context.run_id).steps.succeeded

    assert materialize([first, second], instance=home).asset_value("second") == 1


def test_what_stops_the_process_ends_the_run(home, seen, monkeypatch):
    @asset
    def stopped():
        return 1

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("assetq.execution.local_run.execute_step", stop)
    with pytest.raises(KeyboardInterrupt):
        materialize([stopped], instance=home)
    assert seen.list_runs()[0].status is RunStatus.CANCELED


def test_another_process_cancels(instance):
    @asset
    def slow(context):
        with RedisInstance(instance.settings) as other:
            assert other.cancel_run(context.run_id).status is RunStatus.CANCELED
        for _ in range(200):
            time.sleep(0.1)

    @asset(deps=[slow])
    def after():
        raise AssertionError("must not run")

    begun = time.monotonic()
    result = materialize([slow, after], instance=instance, raise_on_error=False)
    assert time.monotonic() - begun < 10
    assert result.run.status is RunStatus.CANCELED
    record = instance.get_run(result.run_id)
    assert (record.status, record.steps.canceled) == (RunStatus.CANCELED, 2)


def test_the_run_of_a_killed_process_fails_and_never_reaches_the_fleet(instance):
    instance.engine.heartbeat("w", {"pools": "default", "concurrency": 4}, [])
    pid = os.fork()
    if pid == 0:
        signal.setitimer(signal.ITIMER_REAL, 0)
        die_in_a_step(instance.settings)
    os.waitpid(pid, 0)
    (record,) = instance.list_runs()
    assert (record.status, record.steps.succeeded, record.steps.running) == (RunStatus.STARTED, 1, 1)
    assert instance.check_run(record.run_id) is None
    with pytest.raises(UsageError, match="the process that submitted it"):
        instance.repair_run(record.run_id)
    eventually(lambda: instance.engine.recover() and instance.get_run(record.run_id).status.is_terminal, deadline=10)
    ended = instance.get_run(record.run_id)
    assert (ended.status, ended.steps.canceled, ended.steps.running) == (RunStatus.FAILURE, 2, 0)
    assert instance.read_events(record.run_id)[-1].type is EventType.RUN_FAILURE
    assert instance.active_run_ids() == []
    assert instance.publisher.queue_length("default") == 0
    assert instance.client.zcard(instance.keys("queued")) == 0


def die_in_a_step(settings) -> None:
    @asset
    def first():
        return 1

    @asset(deps=[first])
    def second():
        os.kill(os.getpid(), signal.SIGKILL)

    @asset(deps=[second])
    def third():
        return 3

    with RedisInstance(settings) as own:
        materialize([first, second, third], instance=own)
    os._exit(1)
