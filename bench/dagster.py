"""Dagster on the same work, in the same run; only where it is installed."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assetq.broker.server import EmbeddedServer
from bench.figure import Figure
from bench.fleet import CODE, own_fleet

PATIENCE_S = 900.0
PROCESSES = 2
BACKFILL, SINGLE_RUN = "backfill of 100 partitions", "backfill of 100 partitions in one step"
WORK = {"50-step job": "i*", BACKFILL: "partitioned", SINGLE_RUN: "at_once"}
DAEMON = "from dagster._daemon.cli import main; main()"
RUN_S = """
from dagster import DagsterInstance
[record] = DagsterInstance.get().get_run_records(limit=1)
assert record.dagster_run.is_success
print(record.end_time - record.start_time)
"""
REQUEST = """
import time
from bench_dagster import defs
from dagster import AssetKey, DagsterInstance
from dagster._core.execution.backfill import PartitionBackfill
instance = DagsterInstance.get()
instance.add_backfill(PartitionBackfill.from_asset_partitions(
    "bench", defs.get_repository_def().asset_graph, None, [AssetKey("{asset}")], time.time(), {{}}, instance, True,
    None, None, None))
print("requested")
"""
BACKFILL_S = """
from dagster import DagsterInstance
instance = DagsterInstance.get()
[backfill], records = instance.get_backfills(), instance.get_run_records()
assert not any(record.dagster_run.is_failure for record in records)
ended = [record.end_time for record in records if record.dagster_run.is_success]
print(max(ended) - backfill.backfill_timestamp if len(ended) == {runs} else 0)
"""


def measure() -> Iterator[Figure]:
    """Each piece of work with assetq, with Dagster's time as the ideal: the ratio is assetq over Dagster."""
    if not find_spec("dagster"):
        print("dagster is not installed: nothing to measure beside", file=sys.stderr)
        return
    yield from measure_in_process()
    ours = dict(on_fleet())
    job = ours["50-step job"]
    if find_spec("dagster_celery"):
        yield Figure("dagster", "50-step job, Dagster on its Celery executor", job, "s", ideal=celery_job_s())
    else:
        print("dagster-celery is not installed: its executor is not measured", file=sys.stderr)
    yield Figure("dagster", "50-step job, Dagster on processes", job, "s", ideal=job_s())
    once, single = backfill_s("at_once", runs=1), ours[SINGLE_RUN]
    yield Figure("dagster", f"{BACKFILL}, Dagster with its single-run policy", ours[BACKFILL], "s", ideal=once)
    yield Figure("dagster", f"{BACKFILL}, both with the single-run policy", single, "s", ideal=once)
    yield Figure("dagster", BACKFILL, ours[BACKFILL], "s", ideal=backfill_s("partitioned", runs=100))


def library(name: str) -> Any:
    """The work, for one of both."""
    os.environ["BENCH_LIBRARY"] = name
    sys.modules.pop("bench_dagster", None)
    return importlib.import_module("bench_dagster")


def measure_in_process() -> Iterator[Figure]:
    """`materialize`: a chain of 100, and 1,000 that do not read each other."""
    for case, make in (("chain of 100", lambda m: m.chain(100)), ("1,000 independent", lambda m: m.independent(1000))):
        times = [materialize_s(library(name), make) for name in ("assetq.dagster", "dagster")]
        yield Figure("dagster", f"{case}, in process", times[0], "s", ideal=times[1])


def materialize_s(module: Any, make: Callable[[Any], Any]) -> float:
    """How long one run takes."""
    given = make(module)
    before = time.perf_counter()
    assert module.dg.materialize(given).success
    return time.perf_counter() - before


def on_fleet() -> Iterator[tuple[str, float]]:
    """The same on assetq's fleet, on warm workers, from submission to the end."""
    work = library("assetq.dagster")
    with own_fleet() as fleet:
        fleet.start("bench_dagster", 1, concurrency=PROCESSES)
        fleet.instance.submit(work.defs, selection="i0000").wait()
        for case, selection in WORK.items():
            before = time.perf_counter()
            partitions = None if case == "50-step job" else "all"
            record = fleet.instance.submit(work.defs, selection=f'key:"{selection}"', partitions=partitions).wait()
            assert record.status == "SUCCESS"
            yield case, time.perf_counter() - before


@contextmanager
def dagster_home() -> Iterator[dict[str, str]]:
    """The environment of Dagster's commands, with a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
        # Dagster takes the first entry off the path, which is not the present folder when that is left out.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
        yield {**inherited, "BENCH_LIBRARY": "dagster", "DAGSTER_HOME": folder, "PYTHONPATH": str(CODE)}


def run_dagster(environment: dict[str, str], *words: str) -> None:
    """One command of Dagster."""
    command = [sys.executable, "-m", "dagster", *words, "-m", "bench_dagster"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=PATIENCE_S)


def ask_dagster(environment: dict[str, str], code: str) -> str:
    """The last word that the code prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()[-1]


@contextmanager
def dagster_worker(environment: dict[str, str], url: str) -> Iterator[None]:
    """A warm worker of its Celery executor."""
    options = ["-b", url, "--result-backend", url, "worker", "-c", str(PROCESSES), "-Q", "dagster"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "dagster_celery.app", *options], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(10)  # until it is up
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def celery_job_s() -> float:
    """Its Celery executor, as its record tells: without the time that the command takes to start."""
    with (
        dagster_home() as environment,
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder), publish=False, tied=True) as server,
        dagster_worker(environment, server.url),
    ):
        config = Path(folder, "run.yaml")
        config.write_text(f"execution:\n  config:\n    broker: {server.url}\n    backend: {server.url}\n")
        run_dagster(environment, "job", "execute", "-j", "fifty_on_celery", "-c", str(config))
        return float(ask_dagster(environment, RUN_S))


def job_s() -> float:
    """Its multiprocess executor, as `dagster job execute` uses it and its record tells."""
    with dagster_home() as environment:
        run_dagster(environment, "job", "execute", "-j", "fifty")
        return float(ask_dagster(environment, RUN_S))


def backfill_s(asset: str, *, runs: int) -> float:
    """Its daemon with default settings, from the request in its record until the last of the runs has ended."""
    with dagster_home() as environment:
        daemon = subprocess.Popen(
            [sys.executable, "-c", DAEMON, "run", "-m", "bench_dagster"], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            time.sleep(10)  # until it is up
            ask_dagster(environment, REQUEST.format(asset=asset))
            deadline = time.monotonic() + PATIENCE_S
            while not (taken := float(ask_dagster(environment, BACKFILL_S.format(runs=runs)))):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"asset {asset!r}: fewer than {runs} runs ended within {PATIENCE_S:.0f} s")
                time.sleep(5)
            return taken
        finally:
            daemon.terminate()
            daemon.wait(60)
