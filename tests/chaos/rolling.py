"""Rolling restarts of a whole fleet in the middle of a run, against the same run left alone."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from assetq.broker.instance import RedisInstance
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.execution import EventType, RunHandle
from assetq.workers.launch import worker_command

from ..fleet import CODE, Fleet

RESTARTS, WORKERS, PROCESSES = 10, 2, 2
MOST_RATIO = 1.25
STOP_S = 30
MODULE = "work_rolling"


class RollingError(AssertionError):
    """A restart cost what it must not."""


@contextlib.contextmanager
def open_fleet(folder: Path) -> Iterator[Fleet]:
    """A server and a fleet with the settings that come with assetq."""
    folder.mkdir()
    os.environ["TRAIL_FILE"] = str(folder / "trail")
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    with EmbeddedServer(folder / "server", publish=False, tied=True) as server:
        namespace, storage = f"rolling-{uuid.uuid4().hex[:12]}", str(folder / "storage")
        settings = Settings(redis_url=server.url, namespace=namespace, storage=storage)
        instance = RedisInstance(settings)
        instance.check()
        fleet = Fleet(settings, instance, folder, environment={"TRAIL_FILE": str(folder / "trail")})
        try:
            fleet.start(MODULE, workers=WORKERS, concurrency=PROCESSES)
            yield fleet
        finally:
            fleet.stop()
            instance.close()


def replace_worker(fleet: Fleet) -> None:
    """A new worker joins before the oldest one leaves."""
    oldest = next(process for process in fleet.processes if process.poll() is None)
    fleet.launch(worker_command(MODULE, None, concurrency=PROCESSES))
    fleet.await_joined()
    oldest.terminate()
    if code := oldest.wait(STOP_S):
        raise RollingError(f"a worker ended with {code}:\n{fleet.logs()[-8000:]}")


def roll(fleet: Fleet, handle: RunHandle) -> None:
    """Replace every worker, as often as it takes, in the middle of the run."""
    for number in range(RESTARTS):
        for _ in range(WORKERS):
            if handle.status().status.is_terminal:
                raise RollingError(f"the run ended within restart {number + 1}: give it longer steps (WORK_STEP_S)")
            replace_worker(fleet)
        print(f"  restart {number + 1}: {handle.status().steps.succeeded} steps done", flush=True)


def measure(folder: Path, disturb: Callable[[Fleet, RunHandle], None]) -> float:
    """Seconds that the run takes; what must be true of it is checked."""
    with open_fleet(folder) as fleet:
        work = importlib.import_module(MODULE)
        began = time.monotonic()
        handle = fleet.instance.submit(work.defs, partitions="all")
        disturb(fleet, handle)
        handle.wait(1800)
        seconds = time.monotonic() - began
        check(handle, work)
        return seconds


def check(handle: RunHandle, work: ModuleType) -> None:
    """Nothing is lost, failed, canceled or run twice."""
    steps = handle.status().steps
    kinds = Counter(event.type for event in handle.events())
    ran = [row[1] for row in importlib.import_module("trail").read()]
    facts = {
        "succeeded": (steps.succeeded, work.STEPS),
        "failed": (steps.failed, 0),
        "canceled": (steps.canceled, 0),
        "workers lost": (kinds[EventType.STEP_WORKER_LOST], 0),
        "bodies": (len(ran), work.STEPS),
        "partitions": (len(set(ran)), work.STEPS),
    }
    if wrong := {name: found for name, (found, wanted) in facts.items() if found != wanted}:
        raise RollingError(f"after rolling restarts: {wrong}")


def compare(folder: Path) -> float:
    """Measure both, and print them; returns the ratio."""
    alone = measure(folder / "alone", lambda fleet, handle: None)
    print(f"undisturbed: {alone:.1f} s", flush=True)
    rolled = measure(folder / "rolled", roll)
    print(
        f"with {RESTARTS} rolling restarts of {WORKERS} workers: {rolled:.1f} s, ratio {rolled / alone:.2f}", flush=True
    )
    return rolled / alone
