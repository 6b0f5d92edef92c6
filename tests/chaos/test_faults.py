"""Each fault alone, in the middle of a run; then everything that must be true. Files come first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from assetq.broker.connection import connect

from ..waiting import eventually
from .checker import check
from .disk import DISKS, Disk
from .fault import FAULTS, swallow
from .proxy import Proxy
from .rig import LEASE_S, Shape
from .storm import strike

# What `make test` has the time for; `tests/chaos/test_kill.py` kills children, parents and Redis.
QUICK = ("suspend_group", "forget_a_second", "blackhole")
SHAPES = {
    "flush_broker": Shape(splits_broker=True, chain_ms=0),
    "lose_messages": Shape(chain_ms=0),
    "duplicate_messages": Shape(chain_ms=0),
    "half_open_connections": Shape(splits_broker=True),
}


def named(name: str) -> object:
    """A fault as a parameter, with the mark that keeps the long ones out of `make test`."""
    return pytest.param(name, marks=() if name in QUICK else pytest.mark.chaos)


@pytest.mark.parametrize("name", [named(name) for name in FAULTS])
def test_a_fault_alone(rig_of, name):
    rig = rig_of(SHAPES.get(name, Shape()))
    rig.submit()
    rig.await_begun(rig.random.randint(20, 120))
    strike(rig, name)
    check(rig)


@pytest.mark.chaos
@pytest.mark.parametrize("fsync", ["always", "everysec"])
def test_redis_is_killed_again_and_again(rig_of, fsync):
    rig = rig_of(Shape(fsync=fsync))
    rig.submit()
    for begun in (20, 60, 100, 140, 180):
        rig.await_begun(begun)
        strike(rig, "restart_redis" if fsync == "always" else "forget_a_second")
    check(rig)


@pytest.mark.chaos
@pytest.mark.parametrize("skew_s", [600, -600])
def test_a_clock_is_ten_minutes_off(rig_of, skew_s):
    rig = rig_of(Shape(skew_s=skew_s))
    rig.submit()
    rig.await_begun(60)
    strike(rig, "kill_child")
    strike(rig, "suspend_group")
    assert check(rig)["lost"] >= 1


@pytest.mark.chaos
@pytest.mark.parametrize("pool_class", ["prefork", "threads", "solo"])
def test_the_consumer_comes_back_each_time(rig_of, pool_class):
    """Without chaining every step needs Celery's consumer, so that the run ends only if it comes back."""
    rig = rig_of(Shape(pool_class=pool_class, splits_broker=True, chain_ms=0))
    rig.submit()
    for number, name in enumerate(("restart_redis", "cut_connections", "blackhole", "flush_broker")):
        rig.await_begun(20 + 40 * number)
        strike(rig, name)
    check(rig)


@pytest.mark.chaos
def test_a_minute_of_blackhole(rig_of):
    rig = rig_of(Shape())
    rig.submit()
    rig.await_begun(40)
    swallow(rig, 60, rig.proxies)
    check(rig)


@pytest.mark.chaos
def test_a_step_longer_than_the_visibility_timeout_has_one_attempt(rig_of):
    rig = rig_of(Shape(step_s=20, visibility_s=5))
    rig.submit(selection="origin,raw", partitions="2013-01-01..2013-01-03")
    assert rig.handle.wait(60).status == "SUCCESS"
    begun = [(row[1], row[2]) for row in rig.trail.read() if row[0] == "begin"]
    assert sorted(begun) == [("origin", "-"), *(("raw", f"2013-01-0{day}") for day in (1, 2, 3))]


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Disk]:
    """A place for outputs that the kernel can be made to refuse."""
    with request.param(tmp_path / "disk") as made:
        yield made


@pytest.mark.chaos
@pytest.mark.parametrize("disk", DISKS, indirect=True)
def test_the_disk_is_full(rig_of, disk, monkeypatch):
    """The kernel says so itself; steps fail by their own fault and are tried again until there is room."""
    monkeypatch.setenv("OUTPUT_BYTES", str(disk.output_bytes))
    rig = rig_of(Shape(storage=disk.folder / "storage"))
    rig.submit()
    rig.await_begun(60)
    with disk.full(rig):
        begun = rig.count_begun()
        eventually(lambda: rig.count_begun() > begun + 30)
    assert check(rig)["attempts"] > rig.work.STEPS + 20


def test_a_worker_stops_although_a_result_was_never_counted(rig_of, monkeypatch):
    monkeypatch.setenv("LOSE_A_RESULT", "1")
    rig = rig_of(Shape(sizes=(1,)))
    worker = rig.workers[0]
    worker.terminate()
    eventually(lambda: worker.poll() == 0, deadline=15)


def test_the_proxy_does_what_it_says(server):
    """A fault that does no harm proves nothing."""
    proxy = Proxy(server.port)
    client = connect(proxy.url(), socket_timeout_s=0.3)
    try:
        assert client.ping()
        for harm in (proxy.blackhole, proxy.half_open, proxy.refuse, proxy.lose_replies):
            harm()
            with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
                client.ping()
            proxy.heal()
            assert client.ping()
        proxy.cut()
        assert client.ping()
        proxy.delay(LEASE_S)
        with pytest.raises(redis.TimeoutError):
            client.ping()
    finally:
        client.close()
        proxy.close()
