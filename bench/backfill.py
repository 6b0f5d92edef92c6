"""The flights example: 365 days of real data, on two worker processes."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator

from bench.figure import Figure
from bench.fleet import own_fleet


def measure() -> Iterator[Figure]:
    """Planning and submission in this process, and the run until its end."""
    defs = importlib.import_module("flights").defs
    with own_fleet() as fleet:
        fleet.start("flights", 2)
        before = time.monotonic()
        run = fleet.instance.submit(defs, partitions="all")
        submitted = time.monotonic()
        record = run.wait()
    assert record.status == "SUCCESS"
    assert record.ended_at_ms is not None
    yield Figure("backfill", "plan and submit 365 days", (submitted - before) * 1000, "ms")
    yield Figure(
        "backfill",
        f"{record.steps.total:,} steps, 2 processes",
        (record.ended_at_ms - record.submitted_at_ms) / 1000,
        "s",
    )
