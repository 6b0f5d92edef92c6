"""Runs on real workers: results, limits, failures, cancellation."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from assetq import Instance
from assetq.broker.connection import connect
from assetq.execution import EventType

from ..fleet import Fleet
from ..waiting import eventually

MATERIALIZED = EventType.ASSET_MATERIALIZATION


def submit(fleet: Fleet, module, **options):
    defs = __import__(module).defs
    return fleet.instance.submit(defs, **options)


def stored(fleet: Fleet, *names: str):
    import pickle
    from pathlib import Path

    return pickle.loads((Path(fleet.settings.storage).joinpath(*names)).with_suffix(".pickle").read_bytes())


def events_of(handle, kind: EventType):
    return [event for event in handle.events() if event.type is kind]


@pytest.mark.parametrize(
    ("pool_class", "workers", "concurrency"), [("prefork", 2, 1), ("threads", 1, 4), ("solo", 1, 1)]
)
def test_a_backfill_ends_with_every_value_right(fleet, pool_class, workers, concurrency):
    fleet.start("work_chain", workers=workers, concurrency=concurrency, pool_class=pool_class)
    handle = submit(fleet, "work_chain", partitions="all")
    record = handle.wait(60)
    assert record.status == "SUCCESS", fleet.logs()
    assert record.steps.succeeded == record.steps.total == 1 + 90 + 90 + 3 + 1
    import work_chain

    assert stored(fleet, "total") == work_chain.EXPECTED
    assert stored(fleet, "priced", "2013-02-10") == 30
    status = fleet.instance.asset_status("priced")
    assert (status.total, status.materialized, status.missing) == (90, 90, 0)
    assert [pool.in_use for pool in fleet.instance.list_pools()] == [0, 0]
    latest = fleet.instance.latest_materialization("priced", "2013-01-05")
    assert latest.data["code_version"] == "7"
    assert latest.data["metadata"]["raw"] == {"type": "int", "value": 5}
    assert len({e.step_key for e in events_of(handle, EventType.STEP_SUCCESS)}) == record.steps.total
    assert any(e.message == "reading 2013-03-31" for e in events_of(handle, EventType.LOG))


def test_a_worker_tells_its_assets_before_any_ran(fleet):
    import work_chain

    fleet.start("work_chain")
    listed = {record.key: record for record in fleet.instance.list_assets()}
    assert set(listed) == {str(key) for key in work_chain.defs.graph.nodes}
    assert not any(record.latest for record in listed.values())
    assert fleet.instance.get_asset_keys() == []
    assert fleet.instance.asset_status("priced").missing == 90


def test_a_pool_limit_holds_and_changes_at_once(fleet):
    import trail

    fleet.instance.set_pool_limit("enrich", 3)
    fleet.start("work_timed", workers=2, concurrency=4)
    handle = submit(fleet, "work_timed", selection="limited", partitions="all")
    eventually(lambda: len(trail.read()) >= 15)
    fleet.instance.set_pool_limit("enrich", 1)
    changed = time.time()
    assert handle.wait(60).status == "SUCCESS"
    rows = trail.read()
    assert len(rows) == 60
    assert trail.most_at_once(rows) == 3
    after = [row for row in rows if float(row[1]) > changed + 1]
    assert len(after) > 10
    assert trail.most_at_once(after) == 1


def test_a_failure_is_told_and_skips_what_depends_on_it(fleet):
    import trail

    fleet.start("work_timed")
    record = (handle := submit(fleet, "work_timed", selection="broken+")).wait(30)
    assert record.status == "FAILURE"
    assert (record.steps.failed, record.steps.skipped) == (1, 1)
    failure = events_of(handle, EventType.STEP_FAILURE)[0]
    assert failure.message == "RuntimeError: this one is broken"
    assert "work_timed.py" in failure.data["error"]["stack"]
    assert trail.read() == []


def test_a_retry_policy_is_followed(fleet):
    import trail

    fleet.start("work_timed")
    handle = submit(fleet, "work_timed", selection="flaky")
    assert handle.wait(30).status == "SUCCESS"
    assert len(trail.read()) == 3
    assert [e.attempt for e in events_of(handle, EventType.STEP_START)] == [1, 2, 3]


@pytest.mark.parametrize("pool_class", ["prefork", "threads", "solo"])
def test_a_cancel_interrupts_what_runs(fleet, pool_class):
    import trail

    fleet.start("work_timed", pool_class=pool_class)
    asset = "long_in_a_loop" if pool_class == "threads" else "long"
    handle = submit(fleet, "work_timed", selection=asset)
    eventually(trail.read)
    handle.cancel()
    record = handle.wait(10)
    assert record.status == "CANCELED"
    assert record.steps.canceled == 1
    # The worker is as good as before.
    assert submit(fleet, "work_timed", selection="flaky").wait(30).status == "SUCCESS"


def test_only_failed_steps_are_retried(fleet, tmp_path):
    fleet.start("work_timed")
    handle = submit(fleet, "work_timed", selection="broken+,flaky")
    assert handle.wait(30).status == "FAILURE"
    again = handle.retry()
    record = again.wait(30)
    assert record.steps.total == 2
    assert record.parent_run_id == handle.run_id


def test_sigterm_drains(fleet):
    import trail

    fleet.start("work_timed", concurrency=2)
    handle = submit(fleet, "work_timed", selection="free", partitions="all")
    eventually(lambda: len(trail.read()) >= 10)
    first = fleet.processes[0]
    fleet.start("work_timed", concurrency=2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    assert handle.wait(60).status == "SUCCESS"
    assert sorted(row[0] for row in trail.read()) == [f"p{i:03d}" for i in range(60)]


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_an_interrupt_drains_too(fleet, pool_class):
    fleet.start("work_timed", pool_class=pool_class)
    fleet.processes[0].send_signal(signal.SIGINT)
    assert fleet.processes[0].wait(20) == 130
    assert fleet.instance.list_workers() == []


def test_events_are_pushed(fleet):
    fleet.start("work_chain")
    handle = submit(fleet, "work_chain", selection="rate")
    seen = [event.type for event in handle.events()]
    assert seen[0] is EventType.RUN_ENQUEUED
    assert seen[-1] is EventType.RUN_SUCCESS


def test_a_worker_with_other_code_hands_back(fleet, tmp_path, monkeypatch):
    from assetq import Definitions, asset

    @asset(name="rate", pool="other-pool-than-deployed")
    def other() -> int:
        return 4

    fleet.start("work_chain", pools=("default", "other-pool-than-deployed"))
    handle = fleet.instance.submit(Definitions([other]))
    found = eventually(
        lambda: [e for e in fleet.instance.read_events(handle.run_id) if e.type is EventType.STEP_RESTARTED]
    )
    assert "fingerprint" in found[0].message
    handle.cancel()
    assert handle.wait(10).status == "CANCELED"


def test_connect_by_url(fleet, monkeypatch):
    with Instance.connect(fleet.settings.redis_url, namespace=fleet.settings.namespace) as other:
        assert other.list_runs() == []


def test_nothing_is_left_behind(fleet):
    fleet.start("work_chain")
    submit(fleet, "work_chain", partitions="all").wait(60)
    fleet.stop()
    with connect(fleet.settings.redis_url) as client:
        keys = [key.decode() for key in client.scan_iter(f"{{{fleet.settings.namespace}}}*")]
    leftovers = (
        "grant",
        "leases",
        "queued",
        "delayed",
        ":need",
        ":tries",
        ":ready:",
        ":offer:",
        "turns",
        "holders",
        "worker:",
    )
    assert [key for key in keys if any(part in key for part in leftovers)] == []


def test_who_waits_reads_no_events(fleet, monkeypatch):
    handle = submit(fleet, "work_chain", partitions="all")
    with pytest.raises(TimeoutError, match="still QUEUED"):
        handle.wait(0.1)

    def refuse(*_):
        raise AssertionError("the run's events were read")

    monkeypatch.setattr(fleet.instance.events.__class__, "_next", refuse)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(handle.wait, 60)
        fleet.start("work_chain", workers=2)
        assert waiting.result().status == "SUCCESS"


def test_long_chains_leave_no_messages_behind_in_the_queue(fleet, monkeypatch):
    """What a chain takes had been published: in the end everything that came later would wait behind such messages."""
    monkeypatch.setenv("WORK_STEP_S", "0.04")
    fleet.start("work_chaos", concurrency=2, pool_class="threads")
    handle = submit(fleet, "work_chaos", selection="raw", partitions="all")
    most = 0
    while not (record := handle.status()).is_finished:
        most = max(most, fleet.instance.publisher.queue_length("default"))
        time.sleep(0.02)
    assert record.status == "SUCCESS"
    assert most <= 3  # two slots, and a window of a quarter more


def test_steps_travel_together_unless_their_op_says_no(fleet):
    import trail

    fleet.start("work_alone")
    together = submit(fleet, "work_alone", selection="together", partitions="all")
    assert together.wait(60).status == "SUCCESS"
    assert any("..." in steps for (steps,) in trail.read())
    assert any(event.data.get("batch", 1) > 1 for event in events_of(together, EventType.STEP_START))
    alone = submit(fleet, "work_alone", selection="alone", partitions="all")
    assert alone.wait(60).status == "SUCCESS"
    assert not any(event.data for event in events_of(alone, EventType.STEP_START))
    told = {steps for (steps,) in trail.read() if steps.startswith("alone")}
    assert len(told) == 60
    assert not any("..." in steps for steps in told)


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_what_ended_is_recorded_while_a_slow_step_of_its_batch_runs(fleet, pool_class):
    import trail

    fleet.start("work_batch", pool_class=pool_class)
    handle = submit(fleet, "work_batch", partitions="all")
    eventually(lambda: any(row[0] == "slow" for row in trail.read()))
    before = len(trail.read()) - 1
    assert before > 50
    eventually(lambda: handle.status().steps.succeeded == before, deadline=1)
    assert not any(row[0] == "woke" for row in trail.read())
    assert handle.wait(30).steps.succeeded == 120


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_a_busy_worker_takes_no_message_that_an_idle_one_could_take(fleet, pool_class):
    """It would lie there until recovery sends it again."""
    import trail

    object.__setattr__(fleet.settings, "republish_ms", 60_000)
    fleet.start("work_timed", workers=2, pool_class=pool_class)
    busy = submit(fleet, "work_timed", selection="long_in_a_loop")
    eventually(trail.read)
    for _ in range(10):
        assert submit(fleet, "work_timed", selection="flaky").wait(20).status == "SUCCESS"
    busy.cancel()


@pytest.mark.parametrize(("pool_class", "most"), [("prefork", 2), ("threads", 1)])
def test_a_value_is_loaded_once_by_each_process_where_its_reader_asks_for_it(fleet, pool_class, most):
    import trail

    fleet.start("work_cached", concurrency=2, pool_class=pool_class)
    assert submit(fleet, "work_cached", selection="model").wait(30).status == "SUCCESS"
    reads = {}
    for asset in ("loaded", "kept"):
        before = len(trail.read())
        assert submit(fleet, "work_cached", selection=asset, partitions="all").wait(60).status == "SUCCESS"
        rows = trail.read()[before:]
        assert len(list(filter(is_of(asset), rows))) == 200
        reads[asset] = [pid for _, pid in filter(is_of("read"), rows)]
    assert len(reads["loaded"]) == 200
    assert len(reads["kept"]) == len(set(reads["kept"])) <= most


def test_a_kept_value_is_never_older_than_the_version_that_is_recorded(fleet):
    import trail

    fleet.instance.set_pool_limit("readers", 2)
    fleet.start("work_cached", concurrency=3)
    first = submit(fleet, "work_cached", selection="model")
    assert first.wait(30).status == "SUCCESS"
    readers = submit(fleet, "work_cached", selection="outlasting", partitions="all")
    eventually(lambda: len(trail.read()) > 40)
    second = submit(fleet, "work_cached", selection="model")
    assert second.wait(30).status == "SUCCESS"
    trail.write("replaced")
    assert readers.wait(60).status == "SUCCESS"
    rows = list(filter(is_of("outlasting"), trail.read()))
    seen = {partition: value for _, partition, value, _ in rows}
    assert set(seen.values()) == {first.run_id, second.run_id}
    assert rows[-1][2] == second.run_id
    newer = fleet.instance.latest_materialization("model").data["data_version"]
    told = {e.partition: e.data["input_data_versions"]["model"] for e in events_of(readers, MATERIALIZED)}
    assert sorted(told) == sorted(seen)
    assert {seen[partition] for partition, version in told.items() if version == newer} == {second.run_id}


def is_of(name: str):
    return lambda row: row[0] == name
