"""A worker with nothing to do asks for little, and is there at once when something comes."""

from __future__ import annotations

import importlib

from assetq.execution import RunStatus

from ..scripts.driver import Driver, Outbox
from ..waiting import eventually


def commands(client):
    return int(client.info("stats")["total_commands_processed"])


def test_recovery_without_runs_is_short(settings, instance):
    driver = Driver(settings.model_copy(update={"recovery_ms": 20}))
    driver.engine.recover()
    eventually(lambda: not driver.client.exists(driver.keys("recovery")))
    before = commands(driver.client)
    assert driver.engine.recover().is_idle
    assert commands(driver.client) - before <= 7  # two of them are the questions here
    assert driver.engine.recover().is_idle
    driver.submit("r")
    driver.client.close()


def test_an_idle_fleet_looks_after_a_new_run_at_once(instance, fleet, monkeypatch):
    """Nobody publishes the run's message: recovery has to, and it paces itself by the lease while nothing goes on."""
    fleet.environment.update(ASSETQ_LEASE_MS="90000", ASSETQ_REPUBLISH_MS="500")
    fleet.start("work_chain")
    eventually(lambda: instance.client.pubsub_numsub(instance.keys("control"))[0][1])
    eventually(lambda: not instance.client.exists(instance.keys("recovery")))
    monkeypatch.setattr(instance.engine, "publisher", Outbox())
    run = instance.submit(importlib.import_module("work_chain").defs, selection="rate")
    assert run.wait(20).status is RunStatus.SUCCESS
