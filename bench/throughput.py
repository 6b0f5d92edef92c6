"""No-op steps a second on 2 prefork processes, beside no-op tasks of bare task queues in the same run."""

from __future__ import annotations

import importlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from assetq import Definitions
from bench.drain import PROCESSES, celery_queues, peer_queues
from bench.figure import Figure
from bench.fleet import Fleet, own_fleet

ROUNDS = 3


def measure() -> Iterator[Figure]:
    """Medians of steps and tasks a second, each measured in turn; the ideal is the best of bare Celery."""
    if not (peers := peer_queues()):
        print("dramatiq and huey are not installed (assetq[peers]): not measured", file=sys.stderr)
    celery = celery_queues()
    measured: dict[str, Callable[[], float]] = {queue.name: queue.rate for queue in (*celery, *peers)}
    measured["20,000 no-op steps"] = lambda: step_rate("nothing")
    measured["20,000 no-op steps, batching off"] = lambda: step_rate("nothing", batch_limit=1)
    stored = "20,000 steps that store 1 KiB"
    rates: dict[str, list[float]] = {case: [] for case in (*measured, stored)}
    # ext4 is slow to make files where many were deleted within minutes, so that what is stored stays until the end.
    with tempfile.TemporaryDirectory(prefix="assetq-bench-") as folder:
        for number in range(ROUNDS):
            for case, rate in measured.items():
                rates[case].append(rate())
            rates[stored].append(step_rate("stored", Path(folder) / str(number)))
    medians = {case: statistics.median(found) for case, found in rates.items()}
    best = max(medians[queue.name] for queue in celery)
    for case, median in medians.items():
        yield Figure("throughput", f"{case}, median of {ROUNDS}", median, "/s", best)
    plain, mapped = map(statistics.median, zip(*(dynamic_rates() for _ in range(ROUNDS)), strict=True))
    case = f"10,000 no-op steps that are mapped over values, median of {ROUNDS}; ideal: those of an asset"
    yield Figure("throughput", case, mapped, "/s", plain)
    loading, keeping = map(statistics.median, zip(*(reading_rates() for _ in range(ROUNDS)), strict=True))
    case = f"1,000 steps that read a dict of 50,000 names, kept, median of {ROUNDS}; ideal: loaded by each step"
    yield Figure("throughput", case, keeping, "/s", loading)


def reading_rates() -> tuple[float, float]:
    """Steps a second that read one value, on one fleet: each loads it, and each process keeps it."""
    defs = importlib.import_module("bench_reads").defs
    with own_fleet() as fleet:
        fleet.start("bench_reads", 1, concurrency=PROCESSES)
        assert fleet.instance.submit(defs, selection="names").wait().status == "SUCCESS"
        loading, keeping = (rate_of(fleet, defs, asset) for asset in ("loading", "keeping"))
    return loading, keeping


def dynamic_rates() -> tuple[float, float]:
    """No-op steps a second on one fleet: of an asset, and of an op that is mapped over values, once they are there."""
    module = importlib.import_module("bench_dynamic")
    with own_fleet() as fleet:
        fleet.start("bench_dynamic", 1, concurrency=PROCESSES)
        plain = rate_of(fleet, module.defs, "nothing")
        run = fleet.instance.submit(module.defs, selection="dynamic")
        known_ms = next(e.timestamp_ms for e in run.events() if e.type == "STEP_SUCCESS")
        mapped = run.wait()
        assert mapped.status == "SUCCESS"
        assert mapped.ended_at_ms is not None
    return plain, (mapped.steps.total - 1) / (mapped.ended_at_ms - known_ms) * 1000


def step_rate(asset: str, storage: Path | None = None, **settings: int) -> float:
    """Steps a second of a run over all partitions of an asset, on a fleet of its own."""
    defs = importlib.import_module("bench_tiny").defs
    with own_fleet(storage, **settings) as fleet:
        fleet.start("bench_tiny", 1, concurrency=PROCESSES)
        return rate_of(fleet, defs, asset)


def rate_of(fleet: Fleet, defs: Definitions, asset: str) -> float:
    """Steps a second of a run over all partitions, from submission to its end."""
    record = fleet.instance.submit(defs, selection=asset, partitions="all").wait()
    assert record.status == "SUCCESS"
    assert record.ended_at_ms is not None
    return record.steps.total / (record.ended_at_ms - record.submitted_at_ms) * 1000
