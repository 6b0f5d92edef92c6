"""Redis goes away and does not come back: workers stop when they are told to."""

from __future__ import annotations

import importlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetq import Definitions
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.workers.board import Board
from assetq.workers.duty import Duty
from assetq.workers.process import WorkerConfig

from ..fleet import Fleet
from ..waiting import eventually
from .proxy import Proxy

MARGIN_S = 4.5  # to interrupt what does not react, and to say goodbye


@pytest.fixture
def wire(fleet: Fleet, server: EmbeddedServer) -> Iterator[Proxy]:
    """Between the workers and Redis."""
    proxy = Proxy(server.port)
    fleet.environment["ASSETQ_REDIS_URL"] = proxy.url()
    yield proxy
    proxy.heal()
    fleet.stop()
    proxy.close()


CASES = [
    pytest.param(pool_class, harm, marks=() if (pool_class, harm) == ("prefork", "refuse") else pytest.mark.chaos)
    for pool_class in ("prefork", "threads", "solo")
    for harm in ("refuse", "blackhole")
]


def stops_in_time(fleet: Fleet) -> None:
    """SIGTERM, and an end within the grace."""
    worker, began = fleet.processes[0], time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    assert time.monotonic() - began < fleet.settings.grace_ms / 1000 + MARGIN_S, fleet.logs()


@pytest.mark.parametrize(("pool_class", "harm"), CASES)
def test_a_worker_that_waits_to_record_what_it_did_stops(fleet, wire, pool_class, harm):
    import trail

    fleet.start("work_life", pool_class=pool_class)
    handle = fleet.instance.submit(importlib.import_module("work_life").defs, selection="endless")
    eventually(trail.read)
    getattr(wire, harm)()
    Path(fleet.environment["TRAIL_FILE"] + ".end").touch()
    time.sleep(1)  # the step has ended, and nothing tells so: its worker cannot
    stops_in_time(fleet)
    wire.heal()
    fleet.processes.clear()
    fleet.start("work_life", pool_class=pool_class)
    assert handle.wait(20).status == "SUCCESS"


def test_a_worker_says_goodbye_though_redis_does_not_answer_at_once(fleet, wire):
    """It was slow, or began again: what the worker held must not wait for its lease, and count as a crash."""
    settings = Settings(**{**fleet.settings.model_dump(), "redis_url": wire.url(), "lease_ms": 60_000})
    config = WorkerConfig("slow-to-leave-1", settings, Definitions([]), ("default",), 1, Board(1))
    duty = Duty(config, lambda ident, fence: None, None, lambda: None)
    duty.start()
    assert [worker.name for worker in fleet.instance.list_workers()] == ["slow-to-leave-1"]
    wire.refuse()
    healer = threading.Timer(0.7, wire.heal)
    healer.start()
    duty.stop()
    healer.join()
    assert fleet.instance.list_workers() == []


@pytest.mark.parametrize(("pool_class", "harm"), CASES)
def test_an_idle_worker_stops(fleet, wire, pool_class, harm):
    fleet.start("work_life", pool_class=pool_class)
    getattr(wire, harm)()
    stops_in_time(fleet)
