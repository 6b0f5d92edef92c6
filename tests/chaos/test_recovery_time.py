"""How soon work goes on. The times are printed; docs/chaos.md has them."""

from __future__ import annotations

import os
import signal
import time

import pytest

from ..waiting import eventually
from .rig import LEASE_S, Rig, Shape
from .timeline import Body, bodies

pytestmark = pytest.mark.chaos
ROUNDS = 5


def under_way(rig: Rig) -> list[Body]:
    """Bodies that run at this moment."""
    return [body for body in bodies(rig.trail.read(), rig.killed) if body.ended == float("inf")]


def begins_after(rig: Rig, at: float, victims: list[Body]) -> float:
    """Seconds from `at` until every one of the victims' steps has begun again."""

    def again() -> list[float]:
        found = bodies(rig.trail.read(), rig.killed)
        return [min((b.began - at for b in found if b.step == v.step and b.began > at), default=0.0) for v in victims]

    eventually(lambda: all(again()), deadline=30)
    return max(again())


def seconds(rig: Rig, what: str, times: list[float]) -> None:
    rig.note(f"{what}: " + ", ".join(f"{at:.2f} s" for at in times))


def test_a_killed_child(rig_of):
    rig = rig_of(Shape(step_s=1.0, sizes=(2, 1)))
    rig.submit(selection="origin,raw")
    times = []
    for _ in range(ROUNDS):
        victim = eventually(lambda: under_way(rig))[-1]
        time.sleep(0.1)
        at = time.time()
        rig.kill(victim.pid)
        times.append(begins_after(rig, at, [victim]))
    seconds(rig, "a killed child's step runs again after", times)
    assert sorted(times)[len(times) // 2] < 1


def test_a_killed_host(rig_of):
    """The fleet has room for what the lost host ran, so that only the lease is waited for."""
    rig = rig_of(Shape(step_s=0.8, sizes=(2, 1)))
    rig.submit(selection="origin,raw")
    times = []
    for _ in range(3):
        group = rig.workers[1].pid
        victims = eventually(lambda group=group: [body for body in under_way(rig) if body.parent == group])
        members = rig.family(1)
        at = time.time()
        os.killpg(group, signal.SIGKILL)
        rig.workers[1].wait()
        rig.killed |= dict.fromkeys(members, at)
        times.append(begins_after(rig, at, victims))
        rig.start_worker(1)
    seconds(rig, f"a killed host's steps run again, with a lease of {LEASE_S} s, after", times)
    assert max(times) < LEASE_S + 2


@pytest.mark.parametrize("chain_ms", [5000, 0])
def test_a_restart_of_redis(rig_of, chain_ms):
    rig = rig_of(Shape(chain_ms=chain_ms))
    rig.submit()
    times = []
    for begun in (20, 60, 100, 140, 180):
        rig.await_begun(begun)
        rig.server.kill()
        time.sleep(1)
        rig.server.start()
        at = time.time()
        first = eventually(lambda at=at: [b.began for b in bodies(rig.trail.read(), {}) if b.began > at])
        times.append(min(first) - at)
    seconds(rig, f"with chain_ms {chain_ms}, a step begins after a restart within", times)
    assert max(times) < 5
