"""Steps that sleep: how much longer they take on some slots than they would without any cost."""

from __future__ import annotations

import heapq
import importlib
import os
import sys
from collections.abc import Iterator, Sequence

from bench.figure import Figure
from bench.fleet import own_fleet

STEPS, STEP_S = 200, 0.2
SLOTS, SEEDS = 8, (1, 2, 3)
FLEETS = ((1, 1, "prefork"), (2, 1, "prefork"), (4, 1, "prefork"), (8, 1, "prefork"), (1, 8, "threads"))


def measure() -> Iterator[Figure]:
    """Both."""
    yield from measure_equal()
    for seed in SEEDS:
        yield measure_random(seed)


def measure_random(seed: int) -> Figure:
    """A random graph of steps on threads, beside the schedule of a scheduler that costs nothing."""
    os.environ["BENCH_SEED"] = str(seed)
    sys.modules.pop("bench_dag", None)
    dag = importlib.import_module("bench_dag")
    with own_fleet() as fleet:
        fleet.start("bench_dag", 1, concurrency=SLOTS, pool_class="threads")
        record = fleet.instance.submit(dag.defs).wait()
    assert record.status == "SUCCESS"
    assert record.ended_at_ms is not None
    assert record.started_at_ms is not None
    seconds = (record.ended_at_ms - record.started_at_ms) / 1000
    case = f"{dag.STEPS:,} random steps, seed {seed}, {SLOTS} threads"
    return Figure("makespan", case, seconds, "s", ideal=list_schedule_s(dag.SECONDS, dag.ABOVE))


def list_schedule_s(seconds: Sequence[float], above: Sequence[Sequence[int]]) -> float:
    """Length of the list schedule: a free slot takes the ready step with the longest path below it, at once."""
    below: list[list[int]] = [[] for _ in seconds]
    for step, reads in enumerate(above):
        for upstream in reads:
            below[upstream].append(step)
    path = list(seconds)
    for step in reversed(range(len(seconds))):
        path[step] += max((path[other] for other in below[step]), default=0.0)
    missing = [len(reads) for reads in above]
    ready = [(-path[step], step) for step, count in enumerate(missing) if count == 0]
    heapq.heapify(ready)
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < SLOTS:
            step = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + seconds[step], step))
        now, ended = heapq.heappop(running)
        for step in below[ended]:
            missing[step] -= 1
            if missing[step] == 0:
                heapq.heappush(ready, (-path[step], step))
    return now


def measure_equal() -> Iterator[Figure]:
    """Time from submission to the end of the run, beside steps times length over processes."""
    defs = importlib.import_module("bench_steps").defs
    for workers, concurrency, pool_class in FLEETS:
        with own_fleet() as fleet:
            fleet.start("bench_steps", workers, concurrency=concurrency, pool_class=pool_class)
            record = fleet.instance.submit(defs, selection="sleeping", partitions="all").wait()
        assert record.status == "SUCCESS"
        assert record.ended_at_ms is not None
        seconds = (record.ended_at_ms - record.submitted_at_ms) / 1000
        case = f"{STEPS} equal steps, {workers} workers of {concurrency} {pool_class}"
        yield Figure("makespan", case, seconds, "s", ideal=STEPS * STEP_S / (workers * concurrency))
