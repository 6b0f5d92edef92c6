"""What the chaos tests do to a fleet, and what must be true afterwards, seen from outside."""

from __future__ import annotations

import importlib
import os
import pickle
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from assetq.broker.connection import connect
from assetq.broker.lifeline import is_alive
from assetq.broker.server import EmbeddedServer
from assetq.execution import EventType

from ..fleet import Fleet
from ..waiting import eventually

DERIVED = (":grant:", ":leases", ":queued", ":delayed", ":need", ":tries", ":ready:", ":offer:", ":turns", ":holders")


@dataclass
class Siege:
    """One backfill of `work_chaos` on a fleet that loses processes."""

    fleet: Fleet
    server: EmbeddedServer
    seed: int
    killed: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        print(f"seed {self.seed}")
        self.random = random.Random(self.seed)
        self.work = importlib.import_module("work_chaos")
        self.trail = importlib.import_module("trail")

    def submit(self) -> None:
        """Start the backfill."""
        self.handle = self.fleet.instance.submit(self.work.defs, partitions="all")

    def await_begun(self, attempts: int) -> None:
        """Wait until so many attempts have begun; the record must be sound all the while."""
        eventually(lambda: self.count_begun() >= attempts, deadline=60)

    def count_begun(self) -> int:
        """Attempts that have begun, by the trail."""
        assert self.fleet.instance.check_run(self.handle.run_id) is None
        return sum(row[0] == "begin" for row in self.trail.read())

    def kill(self, pid: int) -> None:
        """SIGKILL a process, and wait until it and its children are gone."""
        family = [pid, *children(pid)]
        os.kill(pid, signal.SIGKILL)
        for member in family:
            eventually(lambda member=member: not is_alive(member))
            self.killed.setdefault(member, time.time())

    def kill_child(self) -> None:
        """SIGKILL one process that executes steps."""
        worker = self.random.choice([p for p in self.fleet.processes if p.poll() is None])
        self.kill(self.random.choice(children(worker.pid)))

    def kill_worker(self) -> None:
        """SIGKILL the parent of one worker; its children go with it."""
        worker = self.random.choice([p for p in self.fleet.processes if p.poll() is None])
        self.kill(worker.pid)
        worker.wait()

    def restart_server(self, pause_s: float = 0.3) -> None:
        """SIGKILL Redis and start it again on its append-only file."""
        self.server.kill()
        time.sleep(pause_s)
        self.server.start()

    def check(self, deadline_s: float = 90) -> None:
        """The run succeeds, and everything that can be seen from outside is right."""
        record = self.handle.wait(deadline_s)
        assert record.status == "SUCCESS", (record, self.fleet.logs()[-5000:])
        assert record.steps.succeeded == record.steps.total == self.work.STEPS
        self.check_outputs()
        self.check_pool()
        self.check_record()

    def check_outputs(self) -> None:
        """Every output stands in its file, and nothing else does."""
        storage = Path(self.fleet.settings.storage)
        found = {
            str(path.relative_to(storage).with_suffix("")): pickle.loads(path.read_bytes())
            for name in ("raw", "doubled", "monthly")
            for path in (storage / name).iterdir()
            if path.name != ".attempts"  # what killed attempts had not finished writing
        }
        found["total"] = pickle.loads((storage / "total.pickle").read_bytes())
        assert found == self.work.expected()

    def check_pool(self) -> None:
        """The bodies themselves never overlapped more than the pool allows."""
        assert self.trail.most_at_once(self.trail.attempts("doubled", self.killed)) <= self.work.LIMIT

    def check_record(self) -> None:
        """One success a step in the log, all partitions materialized, no slot held, nothing derived left."""
        successes = Counter(e.step_key for e in self.handle.events() if e.type is EventType.STEP_SUCCESS)
        assert len(successes) == self.work.STEPS
        assert set(successes.values()) == {1}
        for name, total in (("raw", 120), ("doubled", 120), ("monthly", 4), ("total", 1)):
            assert self.fleet.instance.asset_status(name).materialized == total
        assert [pool.in_use for pool in self.fleet.instance.list_pools()] == [0, 0]
        with connect(self.fleet.settings.redis_url) as client:
            keys = [key.decode() for key in client.scan_iter(f"{{{self.fleet.settings.namespace}}}*")]
        assert [key for key in keys if any(part in key for part in DERIVED)] == []


def children(pid: int) -> list[int]:
    """Pids of a process's children."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
