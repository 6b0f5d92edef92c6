"""Runs that are under way while other code is deployed."""

from __future__ import annotations

import signal
import textwrap
from pathlib import Path

import pytest

from assetq.definitions.loading import load_definitions
from assetq.execution import EventType, RunHandle
from assetq.workers.launch import worker_command

from ..fleet import Fleet
from ..waiting import eventually

VERSION_ONE = """
    import time, trail
    from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

    keys = StaticPartitionsDefinition([f"k{i:02d}" for i in range(30)])

    @asset(partitions_def=keys)
    def first(context: AssetExecutionContext) -> int:
        trail.write(f"first {context.partition_key} one")
        time.sleep(0.1)
        return 1

    @asset(partitions_def=keys)
    def second(context: AssetExecutionContext, first: int) -> int:
        trail.write(f"second {context.partition_key} one")
        return first + 1

    @asset(partitions_def=keys)
    def other(context: AssetExecutionContext) -> int:
        trail.write(f"other {context.partition_key} one")
        time.sleep(0.1)
        return 3

    defs = Definitions([first, second, other])
"""
OTHER_BODY = VERSION_ONE.replace('key} one"', 'key} two"')
OTHER_VERSION = OTHER_BODY.replace(
    "@asset(partitions_def=keys)\n    def first", '@asset(partitions_def=keys, code_version="2")\n    def first'
)
REMOVED = (
    OTHER_BODY.replace("@asset(partitions_def=keys)\n    def first", "def first")
    .replace("first: int) -> int:", ") -> int:\n        first = 0")
    .replace("[first, second, other]", "[second, other]")
)


class Site:
    """A file of code that is deployed to a fleet, again and again."""

    def __init__(self, fleet: Fleet, folder: Path) -> None:
        self.fleet, self.folder, self.number = fleet, folder, 0

    def deploy(self, code: str) -> None:
        """Write it, and start a worker on it."""
        self.number += 1
        self.path = self.folder / f"deployed_{self.number}.py"
        self.path.write_text(textwrap.dedent(code))
        self.fleet.launch(worker_command(None, str(self.path), concurrency=2))
        self.fleet.await_joined()

    def submit(self, partitions: str = "all") -> RunHandle:
        """A backfill of everything that is deployed."""
        return self.fleet.instance.submit(load_definitions(None, str(self.path)), partitions=partitions)

    def stop(self) -> None:
        """Stop every worker."""
        self.fleet.stop()


@pytest.fixture
def site(fleet, tmp_path):
    object.__setattr__(fleet.settings, "drift_patience_ms", 2000)
    return Site(fleet, tmp_path)


def ran() -> list[tuple[str, str, str]]:
    import trail

    return [(name, key, version) for name, key, version in trail.read()]


def under_way(site: Site) -> RunHandle:
    """A run of which a part has been done, by the first version; nobody goes on with it."""
    site.deploy(VERSION_ONE)
    handle = site.submit()
    eventually(lambda: len(ran()) >= 15)
    site.stop()
    assert handle.status().status == "STARTED"
    return handle


def failures(handle: RunHandle, op: str = "") -> list[str]:
    return [
        event.message
        for event in handle.events()
        if event.type is EventType.STEP_FAILURE and (event.step_key or "").startswith(op)
    ]


@pytest.mark.parametrize(("code", "version"), [(VERSION_ONE, "one"), (OTHER_BODY, "two")], ids=["same", "other body"])
def test_a_run_goes_on_with_what_it_planned(site, code, version):
    """A function's body is no part of the plan: what begins later runs the new one."""
    handle = under_way(site)
    before = ran()
    site.deploy(code)
    record = handle.wait(60)
    assert (record.status, record.steps.succeeded) == ("SUCCESS", 90)
    assert len(ran()) == 90  # nothing twice
    assert {row[2] for row in ran()[: len(before)]} == {"one"}
    assert {row[2] for row in ran()[len(before) :]} == {version}


@pytest.mark.parametrize(
    ("code", "told"), [(OTHER_VERSION, "the worker's is"), (REMOVED, "the worker's is missing")], ids=["other", "none"]
)
def test_steps_whose_definition_is_gone_fail_and_say_so(site, code, told):
    handle = under_way(site)
    before = ran()
    site.deploy(code)
    record = handle.wait(60)
    done = sum(row[0] == "first" for row in before)
    assert record.status == "FAILURE"
    found = failures(handle, "first")
    assert found
    assert all("DefinitionDriftError" in message and told in message for message in found)
    assert handle.instance.asset_status("other").materialized == 30
    assert handle.instance.asset_status("first").materialized == done
    assert all(row[0] != "first" for row in ran()[len(before) :])


def test_what_failed_so_is_submitted_again_with_the_new_code(site):
    """A retry keeps the plan of its run; what is missing is planned anew."""
    handle = under_way(site)
    site.deploy(OTHER_VERSION)
    assert handle.wait(60).status == "FAILURE"
    assert site.submit("missing").wait(60).status == "SUCCESS"
    assert handle.instance.asset_status("second").materialized == 30
    assert len({row[:2] for row in ran()}) == 90 == len(ran())


def test_workers_with_the_old_code_finish_their_runs(site):
    """A rolling deploy: the new code refuses, for longer than its patience, and the old code does it."""
    site.deploy(VERSION_ONE)
    handle = site.submit()
    eventually(lambda: len(ran()) >= 5)
    site.deploy(OTHER_VERSION)
    old = site.fleet.processes[0]
    record = handle.wait(60)
    assert (record.status, record.steps.succeeded) == ("SUCCESS", 90)
    assert {row[2] for row in ran() if row[0] == "first"} == {"one"}
    assert "two" in {row[2] for row in ran()}
    old.send_signal(signal.SIGTERM)
    assert old.wait(20) == 0
    assert site.submit().wait(60).status == "SUCCESS"
