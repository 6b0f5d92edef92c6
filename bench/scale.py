"""Ten assets that each read the one before, times more and more partitions: what grows with the steps, and what not."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from assetq.broker.archive_file import is_available
from bench.figure import Figure, percentile
from bench.fleet import Fleet, own_fleet
from bench.grid import first_of
from bench.process import family, rss_mib

SIZES = (10_000, 100_000, 1_000_000)
ASSETS, PROCESSES = 10, 2
ROUNDS = 3
KEPT_EVENTS = 20_000
WARM_STEPS = 50_000
LOOK_S = 0.25


@dataclass
class Watch:
    """Looks at a run while it goes on: memory of its workers, and how long questions take."""

    fleet: Fleet
    run_id: str
    memory: list[tuple[int, float]] = field(default_factory=list)
    show_ms: list[float] = field(default_factory=list)
    status_ms: list[float] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Until the end."""
        instance = self.fleet.instance
        while not self.has_ended.wait(LOOK_S):
            done = timed_ms(lambda: instance.get_run(self.run_id), self.show_ms).steps.done
            timed_ms(lambda: instance.asset_status("row_5"), self.status_ms)
            processes = [pid for worker in self.fleet.processes for pid in family(worker.pid)[: PROCESSES + 1]]
            self.memory.append((done, max(map(rss_mib, processes))))

    def growth(self) -> float:
        """Largest memory of a process over what it was when it was warm."""
        warm = next((size for done, size in self.memory if done >= WARM_STEPS), self.memory[-1][1])
        return max(size for _, size in self.memory) / warm


def timed_ms(call: Callable[[], Any], times: list[float]) -> Any:
    """What a call gives; its time goes into the list."""
    before = time.perf_counter()
    result = call()
    times.append((time.perf_counter() - before) * 1000)
    return result


@dataclass(frozen=True)
class Measured:
    """What one run showed."""

    rate: float
    redis_mib: float
    watch: Watch

    def figures(self, case: str, redis_ideal_mib: float) -> Iterator[Figure]:
        """All but the rate."""
        watch = self.watch
        yield Figure("scale", f"{case}: Redis, peak", self.redis_mib, "MiB", redis_ideal_mib)
        yield Figure("scale", f"{case}: a worker's memory, largest over warm", watch.growth(), "x", 1.1)
        yield Figure("scale", f"{case}: largest process of a worker", max(m for _, m in watch.memory), "MiB")
        for name, times in (("runs show", watch.show_ms), ("assets status", watch.status_ms)):
            yield Figure("scale", f"{case}: {name}, p99", percentile(times, 99), "ms", 50)


def measure() -> Iterator[Figure]:
    """Each size, and the largest once more with few events kept.

    A small run takes two seconds, a large one minutes in which the machine may change its speed: the small one is
    measured before and after each larger one, and the ratio is over the median of all of these.
    """
    largest = int(os.environ.get("BENCH_LARGEST", SIZES[-1]))
    smallest, *larger = [size for size in SIZES if size <= largest]
    small = [measured(smallest) for _ in range(ROUNDS)]
    rate = small[-1].rate
    for steps in larger:
        big = measured(steps)
        rate = big.rate
        yield Figure("scale", f"{steps:,} steps: rate", rate, "/s")
        yield from big.figures(f"{steps:,} steps", 250)
        small += [measured(smallest) for _ in range(ROUNDS)]
    rates = [run.rate for run in small]
    case = f"{smallest:,} steps"
    yield Figure("scale", f"{case}: rate, median of {len(rates)} before and after the others", median(rates), "/s")
    yield Figure("scale", f"{case}: rate, least of these", min(rates), "/s")
    yield Figure("scale", f"{case}: rate, largest of these", max(rates), "/s")
    yield from small[-1].figures(case, 250)
    yield Figure("scale", f"rate of {largest:,} steps over that of {smallest:,}", rate / median(rates), "x", 0.85)
    if not is_available():
        print("pyarrow is not installed (assetq[archive]): few events kept is not measured", file=sys.stderr)
        return
    few = measured(largest, keep_events=KEPT_EVENTS)
    case = f"{largest:,} steps, {KEPT_EVENTS:,} events kept"
    yield Figure("scale", f"{case}: rate", few.rate, "/s")
    yield from few.figures(case, 60)


def measured(steps: int, **settings: int) -> Measured:
    """One run, watched, on a fleet of its own."""
    grid = importlib.import_module("bench_grid")
    with own_fleet(**settings) as fleet:
        fleet.start("bench_grid", 1, concurrency=PROCESSES)
        rows = ",".join(f"row_{number}" for number in range(ASSETS))
        run = fleet.instance.submit(grid.defs, selection=rows, partitions=first_of(grid.hours, steps // ASSETS))
        watch = Watch(fleet, run.run_id)
        looking = threading.Thread(target=watch.look)
        looking.start()
        record = run.wait()
        watch.has_ended.set()
        looking.join()
        peak = int(fleet.instance.client.info("memory")["used_memory_peak"])
    assert record.status == "SUCCESS"
    assert record.ended_at_ms
    return Measured(steps / (record.ended_at_ms - record.submitted_at_ms) * 1000, peak / 2**20, watch)
