"""What Redis forgot of a run is rebuilt from its plan and completion bitmaps."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from assetq.broker.connection import connect

from .siege import DERIVED, Siege


@pytest.fixture
def siege(fleet, server):
    """A backfill that stopped half-way, because its workers left."""
    made = Siege(fleet, server, 0)
    fleet.start("work_chaos", concurrency=2)
    made.submit()
    made.await_begun(90)
    fleet.stop()
    return made


def forget(siege: Siege, *parts: str) -> int:
    """Delete the run's keys that hold any of `parts`; returns how many."""
    with connect(siege.fleet.settings.redis_url) as client:
        keys = list(client.scan_iter(f"{{{siege.fleet.settings.namespace}}}*"))
        return sum(client.delete(key) for key in keys if any(part in key.decode() for part in parts))


def doctor(siege: Siege, *options: str) -> tuple[int, dict]:
    done = subprocess.run(
        [sys.executable, "-m", "assetq.cli.main", "doctor", "--json", *options],
        env=siege.fleet.env(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("parts", [DERIVED, (":need", ":ready:"), (":offer:", ":turns", ":holders", ":grant")])
def test_doctor_rebuilds_the_frontier(siege, parts):
    assert forget(siege, *parts) > 0
    code, found = doctor(siege)
    assert code == 1
    assert "assetq doctor --repair" in {finding["mend"] for finding in found["findings"] if not finding["ok"]}
    _, mended = doctor(siege, "--repair")
    assert any("was repaired" in finding["detail"] for finding in mended["findings"])
    siege.fleet.start("work_chaos", concurrency=2)
    siege.check()


def test_a_sound_run_is_left_alone(siege):
    _, found = doctor(siege, "--repair")
    assert not any("was repaired" in finding["detail"] for finding in found["findings"])
    siege.fleet.start("work_chaos", concurrency=2)
    siege.check()
