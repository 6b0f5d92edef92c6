"""How soon the first step starts, and how soon a watcher sees an event."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, spread
from bench.fleet import own_fleet

ROUNDS = 30


def measure() -> Iterator[Figure]:
    """Warm workers: submit returned -> the body began; event written -> event read by a follower."""
    defs = importlib.import_module("bench_steps").defs
    submits, starts, pushes = [], [], []
    with own_fleet() as fleet:
        fleet.start("bench_steps", 2)
        Path(fleet.instance.settings.storage).mkdir(parents=True)
        fleet.instance.submit(defs, selection="stamped").wait()
        for _ in range(ROUNDS):
            before = time.time()
            run = fleet.instance.submit(defs, selection="stamped")
            submitted = time.time()
            for event in run.events():
                pushes.append(time.time() - int(event.cursor.partition("-")[0]) / 1000)
            stamp = Path(fleet.instance.settings.storage, f"stamp-{run.run_id}").read_text()
            submits.append(submitted - before)
            starts.append(float(stamp) - submitted)
    cases = {"submit": submits, "submit returned to body began": starts, "event written to read": pushes}
    for case, values in cases.items():
        yield from spread("latency", case, [value * 1000 for value in values], "ms")
