"""How soon work begins: of a run that is submitted, of a step whose upstream is done; how soon a watcher knows."""

from __future__ import annotations

import importlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from assetq.execution import Event
from bench.bare import bare_worker
from bench.figure import Figure, percentiles
from bench.fleet import own_fleet

ROUNDS, CHAINS, PROCESSES = 200, 6, 2
RECORDED = (
    ("uneven", "prefork", "nothing stored"),
    ("uneven", "threads", "nothing stored, threads"),
    ("uneven_stored", "prefork", "1 KiB stored"),
)


def measure() -> Iterator[Figure]:
    """On warm workers."""
    yield from measure_submit()
    yield from measure_recorded()
    yield from measure_chain()
    yield from measure_bare_chain()


def measure_submit() -> Iterator[Figure]:
    """From the call of `submit` until the body begins, and from the writing of an event until a follower has it."""
    defs = importlib.import_module("bench_steps").defs
    starts, pushes = [], []
    with own_fleet() as fleet:
        fleet.start("bench_steps", 1, concurrency=PROCESSES)
        storage = Path(fleet.instance.settings.storage)
        storage.mkdir(parents=True)
        for number in range(ROUNDS + 5):
            before = time.time()
            run = fleet.instance.submit(defs, selection="stamped")
            seen = [time.time() - written_s(event) for event in run.events()]
            if number >= 5:  # warm from here on
                pushes += seen
                starts.append(float((storage / f"stamp-{run.run_id}").read_text()) - before)
    yield from percentiles("latency", "submit to body", milliseconds(starts), "ms", {50: 15, 99: 60})
    yield from percentiles("latency", "event written to read", milliseconds(pushes), "ms")


def measure_recorded() -> Iterator[Figure]:
    """From the end of a body in a batch of tiny steps, with a slow one here and there, until the record has it."""
    defs = importlib.import_module("bench_steps").defs
    for asset, pool_class, what in RECORDED:
        with own_fleet() as fleet:
            fleet.start("bench_steps", 1, concurrency=PROCESSES, pool_class=pool_class)
            storage = Path(fleet.instance.settings.storage)
            storage.mkdir(parents=True)
            run = fleet.instance.submit(defs, selection=asset, partitions="all")
            assert run.wait().status == "SUCCESS"
            recorded = {event.step_key: written_s(event) for event in run.events() if event.is_step_success}
            ended = [line.split() for path in storage.glob(f"ended-{run.run_id}-*") for line in path.open()]
        waits = milliseconds([recorded[step] - float(moment) for step, moment in ended])
        yield from percentiles("latency", f"body ended to recorded, {what}", waits, "ms", {99: 50})
        yield Figure("latency", f"body ended to recorded, {what}, longest", max(waits), "ms", 50)


def measure_chain() -> Iterator[Figure]:
    """From the end of a step's body until that of the next step begins."""
    defs = importlib.import_module("bench_chain").defs
    gaps: list[float] = []
    with own_fleet() as fleet:
        fleet.start("bench_chain", 1, concurrency=PROCESSES)
        storage = Path(fleet.instance.settings.storage)
        storage.mkdir(parents=True)
        for _ in range(CHAINS):
            run = fleet.instance.submit(defs)
            assert run.wait().status == "SUCCESS"
            gaps += gaps_of(storage / f"chain-{run.run_id}")
    yield from percentiles("latency", "upstream done to downstream begun", milliseconds(gaps), "ms", {50: 10})


def measure_bare_chain() -> Iterator[Figure]:
    """The same for a chain of bare Celery's tasks."""
    gaps: list[float] = []
    with tempfile.TemporaryDirectory() as folder, bare_worker(PROCESSES, "bench_chain"):
        celery, bench_chain = importlib.import_module("celery"), importlib.import_module("bench_chain")
        bench_chain.app.conf.broker_url = os.environ["BENCH_BROKER"]
        for number in range(CHAINS):
            path = Path(folder) / str(number)
            celery.chain(*[bench_chain.link.si(str(path)) for _ in range(bench_chain.LENGTH)]).apply_async()
            while not path.exists() or len(path.read_text().splitlines()) < bench_chain.LENGTH:
                time.sleep(0.02)
            gaps += gaps_of(path)
    yield from percentiles("latency", "bare Celery, from link to link of a chain", milliseconds(gaps), "ms")


def written_s(event: Event) -> float:
    """When the server wrote an event, in seconds since the epoch, to the ms."""
    return int(event.cursor.partition("-")[0]) / 1000


def gaps_of(path: Path) -> list[float]:
    """Seconds between the end of each line's work and the beginning of the next one's."""
    rows = [tuple(map(float, line.split())) for line in path.read_text().splitlines()]
    return [later[0] - sooner[1] for sooner, later in itertools.pairwise(rows)]


def milliseconds(seconds: list[float]) -> list[float]:
    """The same in ms."""
    return [value * 1000 for value in seconds]
