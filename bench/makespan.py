"""200 steps of 0.2 s in a pool without a limit, on 1, 2, 4 and 8 processes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from bench.figure import Figure
from bench.fleet import own_fleet

STEPS, STEP_S = 200, 0.2
FLEETS = ((1, 1, "prefork"), (2, 1, "prefork"), (4, 1, "prefork"), (8, 1, "prefork"), (1, 8, "threads"))


def measure() -> Iterator[Figure]:
    """Time from submission to the end of the run, beside steps times length over processes."""
    defs = importlib.import_module("bench_steps").defs
    for workers, concurrency, pool_class in FLEETS:
        with own_fleet() as fleet:
            fleet.start("bench_steps", workers, concurrency=concurrency, pool_class=pool_class)
            record = fleet.instance.submit(defs, selection="sleeping", partitions="all").wait()
        assert record.status == "SUCCESS"
        assert record.ended_at_ms is not None
        seconds = (record.ended_at_ms - record.submitted_at_ms) / 1000
        case = f"{workers} workers of {concurrency} {pool_class}"
        yield Figure("makespan", case, seconds, "s", ideal=STEPS * STEP_S / (workers * concurrency))
