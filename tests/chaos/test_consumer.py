"""Celery's consumer goes on whatever becomes of its connections; each test fails where it is left alone."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetq.broker.server import EmbeddedServer
from assetq.execution import RunHandle

from ..fleet import Fleet
from ..waiting import eventually
from .fault import suspended
from .proxy import Proxy

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
