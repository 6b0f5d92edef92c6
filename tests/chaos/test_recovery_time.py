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
DAYS = (1, 2, 3, 4, 6)  # the 5th fails at its first try


def begin(rig: Rig, day: int) -> Body:
    """Submit one step, so that the fleet has room for a second attempt, and wait until its body runs."""
    rig.submit(selection="raw", partitions=f"2013-01-{day:02d}")
    return eventually(lambda: [b for b in tries(rig, day) if b.ended == float("inf")])[0]


def tries(rig: Rig, day: int) -> list[Body]:
    """Attempts at the step."""
    return [b for b in bodies(rig.trail.read(), rig.killed) if b.step == f"raw[2013-01-{day:02d}]"]


def begins_again(rig: Rig, day: int, at: float) -> float:
    """Seconds from `at` until the step's next attempt begins; returns when the run has ended."""
    again = eventually(lambda: [b.began - at for b in tries(rig, day) if b.began > at])
    assert rig.handle.wait(30).status == "SUCCESS"
    return again[0]


def tell(rig: Rig, what: str, times: list[float]) -> None:
    """Print what was measured."""
    rig.note(f"{what}: " + ", ".join(f"{at:.2f} s" for at in times))


@pytest.fixture
def rig(rig_of):
    """A fleet of two hosts that has computed what the steps read."""
    made = rig_of(Shape(step_s=1.0))
    made.submit(selection="origin", partitions=None)
    assert made.handle.wait(30).status == "SUCCESS"
    return made


def test_a_killed_child(rig):
    times = []
    for day in DAYS:
        victim, at = begin(rig, day), time.time()
        rig.kill(victim.pid)
        times.append(begins_again(rig, day, at))
    tell(rig, "a killed child's step runs again after", times)
    assert sorted(times)[len(times) // 2] < 1


def test_a_killed_host(rig):
    times = []
    for day in DAYS:
        victim, at = begin(rig, day), time.time()
        slot = next(slot for slot, worker in enumerate(rig.workers) if worker.pid == victim.parent)
        rig.killed |= dict.fromkeys(rig.family(slot), at)
        os.killpg(victim.parent, signal.SIGKILL)
        times.append(begins_again(rig, day, at))
        rig.workers[slot].wait()
        rig.start_worker(slot)
    tell(rig, f"a killed host's step runs again, with a lease of {LEASE_S:g} s, after", times)
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
    tell(rig, f"with chain_ms {chain_ms}, a step begins after a restart within", times)
    assert max(times) < 5
