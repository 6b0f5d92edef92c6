"""One step that a hundred thousand wait for, and one that waits for a hundred thousand: does anything stand still?"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from assetq.broker.connection import connect
from assetq.execution import EventType
from bench.figure import Figure, percentile
from bench.fleet import own_fleet
from bench.grid import first_of

PARTITIONS = 100_000
NOTED_US = 1000
ALONE_S = 5


@dataclass
class Ping:
    """Asks the server again and again, and notes how long it took to answer."""

    url: str
    times_ms: list[float] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until the end."""
        with connect(self.url) as client:
            while not self.has_ended.wait(0.002):
                before = time.perf_counter()
                client.ping()
                self.times_ms.append((time.perf_counter() - before) * 1000)


def measure() -> Iterator[Figure]:
    """A run of both, beside another one in a pool of its own, on two workers."""
    grid = importlib.import_module("bench_grid")
    defs = grid.defs
    count = min(PARTITIONS, int(os.environ.get("BENCH_LARGEST", PARTITIONS)))
    with own_fleet() as fleet:
        client = fleet.instance.client
        client.config_set("slowlog-log-slower-than", NOTED_US)
        client.config_set("slowlog-max-len", 1000)
        for pools in ("default", "other"):
            fleet.start("bench_grid", 1, pools=(pools,))
        other = fleet.instance.submit(defs, selection="beside", partitions="all", priority=-1)
        time.sleep(ALONE_S)
        ping = Ping(fleet.instance.settings.redis_url)
        pinging = threading.Thread(target=ping.run)
        pinging.start()
        run = fleet.instance.submit(defs, selection="source,wide,sink", partitions=first_of(grid.hours, count))
        record = run.wait()
        ping.has_ended.set()
        pinging.join()
        other.cancel()
        slowest = max((entry["duration"] for entry in client.slowlog_get(1000)), default=NOTED_US) / 1000
        told = fleet.instance.all_logs(other.run_id, EventType.STEP_SUCCESS)
    ended = [event.timestamp_ms for event in told]
    alone = longest_pause_ms([at for at in ended if at < record.submitted_at_ms])
    beside = longest_pause_ms([at for at in ended if record.submitted_at_ms <= at <= (record.ended_at_ms or 0)])
    assert record.status == "SUCCESS"
    assert record.ended_at_ms
    case = f"1 to {count:,} to 1"
    yield Figure("fan", f"{case}: whole run", (record.ended_at_ms - record.submitted_at_ms) / 1000, "s")
    yield Figure("fan", f"{case}: longest script or command on the server", slowest, "ms", 20)
    yield Figure("fan", f"{case}: answer of the server, p99", percentile(ping.times_ms, 99), "ms")
    yield Figure("fan", f"{case}: answer of the server, longest", max(ping.times_ms), "ms", 50)
    yield Figure("fan", f"{case}: longest pause of another run; ideal: without it", beside, "ms", alone)


def longest_pause_ms(moments: list[int]) -> float:
    """The longest time without a moment."""
    return max((later - sooner for sooner, later in pairwise(moments)), default=0)
