"""Pools: how soon a freed slot is used, how well slots are used, and that what waits costs nothing."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from assetq.broker.engine import Claimant, Engine, NodeEntry, Outcome
from assetq.broker.keys import Keys
from assetq.broker.message import Message
from bench.figure import Figure
from bench.fleet import Fleet, own_fleet

STEPS, STEP_S, LIMIT = 200, 0.1, 4
ROUNDS, GRANTS = 15, 300


class Outbox:
    """Keeps what would go to Celery."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> None:
        """Keep them."""
        self.messages += messages


class Bench:
    """An engine on one connection, without workers."""

    def __init__(self, fleet: Fleet, namespace: str, pools: Sequence[str]) -> None:
        instance = fleet.instance
        self.outbox = Outbox()
        self.engine = Engine(instance.client, Keys(namespace), instance.settings, self.outbox)
        self.claimant = Claimant("w", 1, tuple(pools))
        self.engine.heartbeat("w", {"pools": ",".join(pools), "concurrency": 8}, [])

    def submit(self, run_id: str, pool: str, steps: int) -> None:
        """A run of one node."""
        node = NodeEntry(pool, 0, steps, 0, "", 1, (0, steps))
        self.engine.submit(run_id, b"plan", {"priority": 0}, steps, [node])

    def finish_one(self) -> str:
        """Claim and commit what was published first; the run it was of."""
        message = self.outbox.messages.pop(0)
        grant = self.engine.claim(message.run_id, message.fence, self.claimant)
        assert grant is not None
        self.engine.commit(grant, self.claimant, [Outcome(grant.start, "succeeded", 1, 0)])
        return grant.run_id

    def seconds(self, steps: int) -> float:
        """How long some steps take, from claim to commit."""
        before = time.perf_counter()
        for _ in range(steps):
            self.finish_one()
        return time.perf_counter() - before


def measure() -> Iterator[Figure]:
    """All of them."""
    yield from _slots()
    yield from _turns()
    yield from _blocked()
    yield from _waiting()


def _slots() -> Iterator[Figure]:
    """On idle workers: one step's end to the next one's start, and the use of the slots."""
    defs = importlib.import_module("bench_steps").defs
    with own_fleet() as fleet:
        fleet.instance.set_pool_limit("limited", LIMIT)
        fleet.start("bench_steps", 2, concurrency=LIMIT, pool_class="threads", pools=("default", "limited"))
        Path(fleet.instance.settings.storage).mkdir(parents=True)
        fleet.instance.submit(defs, selection="limited", partitions=["p000"]).wait()
        run = fleet.instance.submit(defs, selection="limited", partitions="all")
        assert run.wait().status == "SUCCESS"
        lines = Path(fleet.instance.settings.storage, f"limited-{run.run_id}").read_text().splitlines()
    rows = [tuple(map(float, line.split())) for line in lines]
    starts, ends = sorted(row[0] for row in rows), sorted(row[1] for row in rows)
    gaps = sorted((start - end) * 1000 for end, start in zip(ends, starts[LIMIT:], strict=False))
    yield Figure("pools", "a body's end to the next one's begin, p50", statistics.median(gaps), "ms")
    yield Figure("pools", "a body's end to the next one's begin, p95", gaps[int(len(gaps) * 0.95)], "ms")
    makespan_s = ends[-1] - starts[0]
    yield Figure(
        "pools", f"{STEPS} steps of {STEP_S} s at limit {LIMIT}", makespan_s, "s", ideal=STEPS * STEP_S / LIMIT
    )
    yield Figure("pools", "use of the slots", 100 * STEPS * STEP_S / LIMIT / makespan_s, "%")


def _turns() -> Iterator[Figure]:
    """A run of one step, beside a backfill of 100,000 in the same pool."""
    with own_fleet() as fleet:
        bench = Bench(fleet, "turns", ["p"])
        bench.engine.set_pool_limit("p", LIMIT)
        bench.submit("large", "p", 100_000)
        bench.seconds(200)
        bench.submit("small", "p", 1)
        freed = 0
        while not any(message.run_id == "small" for message in bench.outbox.messages):
            bench.finish_one()
            freed += 1
    yield Figure("pools", "slots freed before a small run starts", freed, "")


def _blocked() -> Iterator[Figure]:
    """Steps a second of an open pool, alone and beside 50 pools with 50,000 steps that are paused or full."""
    rates: dict[str, list[float]] = {"alone": [], "beside": []}
    with own_fleet() as fleet:
        blocked = [f"b{number}" for number in range(50)]
        benches = {case: Bench(fleet, case, ["open", *blocked]) for case in rates}
        for bench in benches.values():
            bench.engine.set_pool_limit("open", LIMIT)
            bench.submit("open", "open", 10 * ROUNDS * GRANTS)
        for number, pool in enumerate(blocked):
            benches["beside"].engine.set_pool_limit(pool, 0)
            benches["beside"].submit(f"r{number}", pool, 1000)
        for _ in range(ROUNDS):
            for case, bench in benches.items():
                rates[case].append(GRANTS / bench.seconds(GRANTS))
        held = sum(message.pool != "open" for message in benches["beside"].outbox.messages)
    for case, values in rates.items():
        what = "alone" if case == "alone" else "beside 50,000 blocked in 50 pools"
        yield Figure("pools", f"steps a second of an open pool, {what}", statistics.median(values), "/s")
    yield Figure("pools", "messages of blocked steps", held, "")


def _waiting() -> Iterator[Figure]:
    """Claim, commit and grant of one step, with 1,000 and with 1,000,000 that wait."""
    times: dict[int, list[float]] = {1_000: [], 1_000_000: []}
    with own_fleet() as fleet:
        benches = {count: Bench(fleet, f"waiting-{count}", ["p"]) for count in times}
        for count, bench in benches.items():
            bench.engine.set_pool_limit("p", LIMIT)
            bench.submit("r", "p", count)
        for _ in range(ROUNDS):
            for count, bench in benches.items():
                bench.submit(f"r{len(times[count])}", "p", GRANTS)  # as many wait after as before
                times[count].append(bench.seconds(GRANTS) / GRANTS * 1e6)
    for count, values in times.items():
        yield Figure("pools", f"claim, commit and grant with {count:,} waiting", statistics.median(values), "us")
