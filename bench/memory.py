"""Memory: of the library, and of workers beside bare Celery's."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.bare import bare_worker
from bench.figure import Figure
from bench.fleet import own_fleet
from bench.process import family, rss_mib

PROCESSES = 2
SIZE = "import os; print(int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2**20)"
IMPORTS = {"Python alone": "pass", "import assetq": "import assetq", "import celery": "import celery"}


def measure() -> Iterator[Figure]:
    """After an import; of workers that are ready, and that have done some thousand steps."""
    for case, statement in IMPORTS.items():
        done = subprocess.run(
            [sys.executable, "-c", f"{statement}\n{SIZE}"], capture_output=True, text=True, check=True
        )
        yield Figure("memory", case, float(done.stdout), "MiB")
    with bare_worker(PROCESSES) as bare:
        time.sleep(3)
        yield from of_family("bare Celery worker", bare.pid)
    defs = importlib.import_module("bench_tiny").defs
    with own_fleet() as fleet:
        fleet.start("bench_tiny", 1, concurrency=PROCESSES)
        yield from of_family("worker that is ready", fleet.processes[0].pid)
        assert fleet.instance.submit(defs, selection="nothing", partitions="all").wait().status == "SUCCESS"
        yield from of_family("worker after 20,000 steps", fleet.processes[0].pid)
        used = int(fleet.instance.client.info("memory")["used_memory_peak"]) / 2**20
    yield Figure("memory", "Redis, 20,000 steps, peak", used, "MiB")
    yield Figure("memory", "Redis, each of 20,000 steps", used / 20_000 * 2**20, "bytes")


def of_family(case: str, pid: int) -> Iterator[Figure]:
    """The parent, and the largest child."""
    parent, *children = family(pid)
    yield Figure("memory", f"{case}: parent", rss_mib(parent), "MiB")
    yield Figure("memory", f"{case}: largest child", max(map(rss_mib, children), default=0.0), "MiB")
