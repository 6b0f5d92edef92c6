"""No-op steps a second on 2 prefork processes, beside bare Celery's no-op tasks in the same run."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assetq.broker.connection import connect
from assetq.broker.server import EmbeddedServer
from bench.figure import Figure
from bench.fleet import CODE, own_fleet

TASKS, PROCESSES = 5_000, 2
PREFETCHES = (1, 4, 64)


def measure() -> Iterator[Figure]:
    """Steps and tasks a second; the ideal is bare Celery's best."""
    bare = {prefetch: bare_rate(prefetch) for prefetch in PREFETCHES}
    best = max(bare.values())
    for prefetch, rate in bare.items():
        yield Figure("throughput", f"bare Celery, no-op tasks, prefetch {prefetch}", rate, "/s", best)
    yield Figure("throughput", "20,000 no-op steps", step_rate("nothing"), "/s", best)
    yield Figure("throughput", "20,000 steps that store 1 KiB", step_rate("stored"), "/s", best)
    yield Figure("throughput", "20,000 no-op steps, batching off", step_rate("nothing", batch_limit=1), "/s", best)
    plain, mapped = dynamic_rates()
    yield Figure("throughput", "10,000 no-op steps that are mapped over values", mapped, "/s", plain)


def dynamic_rates() -> tuple[float, float]:
    """No-op steps a second on one fleet: of an asset, and of an op that is mapped over values, once they are there."""
    module = importlib.import_module("bench_dynamic")
    with own_fleet() as fleet:
        fleet.start("bench_dynamic", 1, concurrency=PROCESSES)
        plain = fleet.instance.submit(module.defs, selection="nothing", partitions="all").wait()
        assert plain.ended_at_ms is not None
        run = fleet.instance.submit(module.defs, selection="dynamic")
        known_ms = next(e.timestamp_ms for e in run.events() if e.type == "STEP_SUCCESS")
        mapped = run.wait()
        assert mapped.status == "SUCCESS"
        assert mapped.ended_at_ms is not None
    return (
        plain.steps.total / (plain.ended_at_ms - plain.submitted_at_ms) * 1000,
        (mapped.steps.total - 1) / (mapped.ended_at_ms - known_ms) * 1000,
    )


def bare_rate(prefetch: int) -> float:
    """Tasks a second, from a queue that is full when the worker comes up."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), publish=False, tied=True) as server:
        environment = {
            **os.environ,
            "BENCH_BROKER": server.url,
            "BENCH_PREFETCH": str(prefetch),
            "PYTHONPATH": str(CODE),
        }
        fill = f"import bench_bare as b\nfor i in range({TASKS}): b.nothing.delay(i)"
        subprocess.run([sys.executable, "-c", fill], env=environment, check=True)
        command = [sys.executable, "-m", "celery", "-A", "bench_bare", "worker", "-l", "ERROR", "-c", str(PROCESSES)]
        options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with (Path(folder) / "log").open("wb") as log:
            worker = subprocess.Popen(
                [*command, *options], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        try:
            return drain_rate(server.url)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)  # asked politely, a bare worker sometimes never stops
            worker.wait()


def drain_rate(url: str) -> float:
    """Tasks a second between a tenth and nine tenths of the queue."""
    with connect(url) as client:
        seen: list[tuple[float, int]] = []
        while not seen or seen[-1][1] > TASKS // 10:
            left = int(client.llen("celery"))
            if left <= TASKS * 9 // 10:
                seen.append((time.monotonic(), left))
            time.sleep(0.005)
    (begun, first), (ended, last) = seen[0], seen[-1]
    return (first - last) / (ended - begun)


def step_rate(asset: str, **settings: int) -> float:
    """Steps a second of a run on warm workers, from submission to its end."""
    defs = importlib.import_module("bench_tiny").defs
    with own_fleet(**settings) as fleet:
        fleet.start("bench_tiny", 1, concurrency=PROCESSES)
        record = fleet.instance.submit(defs, selection=asset, partitions="all").wait()
    assert record.status == "SUCCESS"
    assert record.ended_at_ms is not None
    return record.steps.total / (record.ended_at_ms - record.submitted_at_ms) * 1000
