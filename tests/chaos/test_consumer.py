"""Celery's consumer goes on whatever becomes of its connections; each test fails where it is left alone."""

from __future__ import annotations

import importlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assetq.broker.server import EmbeddedServer
from assetq.execution import RunHandle

from ..fleet import Fleet
from ..waiting import eventually
from .fault import suspended
from .proxy import Proxy

LONGEST_S = 30.0  # nobody answers on a half-open connection, and it takes seconds to notice and to close it
POOL_CLASSES = ("prefork", "threads", "solo")


@pytest.fixture
def wire(fleet: Fleet, server: EmbeddedServer) -> Iterator[Proxy]:
    """Between the workers and their broker, which is another database; what they record goes straight to Redis."""
    proxy = Proxy(server.port)
    object.__setattr__(fleet.settings, "broker_url", f"{server.url[:-1]}1")
    object.__setattr__(fleet.settings, "chain_ms", 0)
    fleet.environment["ASSETQ_BROKER_URL"] = proxy.url(1)
    yield proxy
    fleet.stop()
    proxy.close()


def submit(fleet: Fleet, name: str = "origin", **options: object) -> RunHandle:
    """Submit a step."""
    return fleet.instance.submit(importlib.import_module("work_storm").defs, selection=name, **options)


def count(fleet: Fleet, words: str) -> int:
    """How often the workers have said so."""
    return fleet.logs().count(words)


def test_an_acknowledgement_that_is_lost_takes_no_place(fleet, wire):
    """The broker goes away between delivery and acknowledgement, while the consumer waits for nothing."""
    fleet.start("work_storm")
    assert submit(fleet).wait(20).status == "SUCCESS"
    with suspended(fleet.children(fleet.processes[0])):
        first = submit(fleet)
        eventually(lambda: fleet.instance.publisher.queue_length("default") == 0)
        time.sleep(0.2)  # the message is on its way to the child, and nothing tells when it is there
        wire.refuse()
    assert first.wait(20).status == "SUCCESS"
    eventually(lambda: count(fleet, "cannot acknowledge a message"))
    wire.heal()
    assert submit(fleet).wait(20).status == "SUCCESS", fleet.logs()


def test_a_worker_outlives_a_child_that_is_killed_as_it_starts(fleet, wire):
    fleet.environment["KILL_NEWBORN"] = "1"
    fleet.start("work_storm")
    assert submit(fleet).wait(20).status == "SUCCESS"
    assert fleet.processes[0].poll() is None


@pytest.mark.parametrize("pool_class", POOL_CLASSES)
def test_a_consumer_that_takes_no_messages_begins_again(fleet, wire, pool_class):
    deaf = Path(fleet.environment["TRAIL_FILE"] + ".deaf")
    fleet.environment["DEAF_FILE"] = str(deaf)
    fleet.start("work_storm", pool_class=pool_class)
    assert submit(fleet).wait(20).status == "SUCCESS"
    deaf.touch()
    assert submit(fleet).wait(20).status == "SUCCESS", fleet.logs()
    assert count(fleet, "the consumer of messages begins again") == 1


HARMS: dict[str, Callable[[Proxy, random.Random], None]] = {
    "cut": lambda wire, dice: wire.cut(),
    "half open": lambda wire, dice: wire.half_open(),
    "refuse": lambda wire, dice: (wire.refuse(), time.sleep(dice.uniform(0, 0.6))),
    "blackhole": lambda wire, dice: (wire.blackhole(), time.sleep(dice.choice((0.1, 0.5, 3.5)))),
    "lose replies": lambda wire, dice: (wire.lose_replies(), time.sleep(dice.uniform(0, 0.6))),
    "many cuts": lambda wire, dice: [(wire.cut(), time.sleep(dice.uniform(0, 0.1))) for _ in range(10)],
}


@pytest.mark.chaos
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pool_class", POOL_CLASSES)
def test_steps_go_on_after_each_of_a_hundred_faults(fleet, wire, chaos_seed, pool_class):
    """Without chaining every step needs a message of its own."""
    print(f"seed {chaos_seed}")
    dice, waits = random.Random(chaos_seed), []
    fleet.start("work_storm", pool_class=pool_class, concurrency=1 if pool_class == "solo" else 2)
    handle = submit(fleet)
    for _ in range(100):
        harm = dice.choice(sorted(HARMS))
        HARMS[harm](wire, dice)
        wire.heal()
        before, began = handle.status().steps.succeeded, time.monotonic()
        if handle.status().status.is_terminal:
            before, handle = 0, submit(fleet, "origin or raw or tripled", partitions="all")
        try:
            eventually(
                lambda before=before, handle=handle: handle.status().steps.succeeded > before, deadline=LONGEST_S
            )
        except AssertionError as error:
            raise AssertionError(f"{harm}, then {handle.status()}\n{fleet.logs()[-6000:]}") from error
        waits.append((time.monotonic() - began, harm))
    print(f"{pool_class}: steps went on within", sorted(waits)[-5:])


def test_a_killed_childs_step_runs_again_at_once_after_a_reconnection(fleet, wire):
    """What the pool was told of dead children holds behind a new connection, too."""
    import trail

    object.__setattr__(fleet.settings, "lease_ms", 15_000)
    object.__setattr__(fleet.settings, "heartbeat_ms", 5_000)
    fleet.environment["WORK_STEP_S"] = "2"
    fleet.start("work_storm")
    assert submit(fleet).wait(20).status == "SUCCESS"
    while not count(fleet, "Connection to broker lost"):  # one on which nothing is awaited is replaced in silence
        wire.cut()
        time.sleep(0.2)
    handle = submit(fleet, "raw", partitions="2013-01-01")
    begun = eventually(lambda: [row for row in trail.read() if row[:2] == ["begin", "raw"]])
    at = time.time()
    fleet.kill(int(begun[0][3]))
    again = eventually(lambda: [row for row in trail.read() if row[:2] == ["begin", "raw"]][1:])
    assert float(again[0][-1]) - at < 1.5
    assert handle.wait(20).status == "SUCCESS"
