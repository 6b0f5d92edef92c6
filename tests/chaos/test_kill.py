"""Processes are killed in the middle of a backfill; every partition's output must be right at its end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..waiting import eventually
from .siege import Siege

SEED = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))


@pytest.fixture
def siege(fleet, server):
    """A fleet of two workers with two processes each, and a backfill under way."""
    made = Siege(fleet, server, SEED)
    fleet.start("work_chaos", workers=2, concurrency=2)
    made.submit()
    made.await_begun(made.random.randint(10, 60))
    return made


def test_a_child_is_killed(siege):
    siege.kill_child()
    siege.check()


def test_a_worker_is_killed(siege):
    siege.kill_worker()
    siege.check()


def test_the_whole_fleet_is_killed(siege):
    siege.kill_worker()
    siege.kill_worker()
    siege.fleet.start("work_chaos", concurrency=2)
    siege.check()


def test_redis_is_killed(siege):
    siege.restart_server()
    siege.check()


def test_redis_is_away_for_longer_than_a_lease(siege):
    siege.restart_server(pause_s=2 * siege.fleet.settings.lease_ms / 1000)
    siege.check()


def test_a_child_then_a_worker_then_redis(siege):
    siege.kill_child()
    siege.await_begun(80)
    siege.kill_worker()
    siege.await_begun(110)
    siege.restart_server()
    siege.check()


def test_redis_is_killed_three_times(siege):
    for begun in (60, 110, 160):
        siege.await_begun(begun)
        siege.restart_server(pause_s=siege.random.uniform(0, 0.5))
    siege.check()


def test_a_watcher_survives_a_restart(siege):
    siege.fleet.instance.set_pool_limit("enrich", 0)  # the run does not end before it is watched
    watcher = subprocess.Popen(
        [sys.executable, "-m", "assetq.cli.main", "runs", "watch", "last", "--json"],
        env=siege.fleet.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watcher.stderr.readline().startswith("STARTED")
    siege.restart_server()
    siege.fleet.instance.set_pool_limit("enrich", siege.work.LIMIT)
    out, err = watcher.communicate(timeout=60)
    assert watcher.returncode == 0, err
    assert json.loads(out)["status"] == "SUCCESS"
    siege.check()


def test_who_waits_survives_a_restart(siege):
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(siege.handle.wait, 90)
        siege.restart_server()
        siege.check()
        assert waiting.result(10).status == "SUCCESS"


def test_workers_join_and_leave(siege):
    first = siege.fleet.processes[0]
    siege.fleet.start("work_chaos", concurrency=2)
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    siege.await_begun(120)
    siege.fleet.start("work_chaos", concurrency=1)
    siege.check()
    eventually(lambda: len(siege.fleet.instance.list_workers()) == 3)
