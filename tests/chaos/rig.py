"""A fleet of which every wire runs through a proxy, on a server that may be killed, with one backfill under way."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO

from assetq.broker.connection import connect
from assetq.broker.instance import RedisInstance
from assetq.broker.lifeline import is_alive
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.execution.run_handle import RunHandle
from assetq.workers.launch import worker_command

from ..fleet import CODE, Fleet
from ..waiting import eventually
from .proxy import Proxy

LEASE_S = 2.0


@dataclass(frozen=True)
class Shape:
    """What a round runs on: drawn from its seed, so that it can be had again."""

    fsync: str = "everysec"
    splits_broker: bool = False
    pool_class: str = "prefork"
    skew_s: int = 0
    sizes: tuple[int, ...] = (2, 1)
    step_s: float = 0.03
    chain_ms: int = 5000
    batch_ms: int = 250
    visibility_s: int = 0
    storage: Path | None = None
    module: str = "work_storm"


@dataclass
class Rig:
    """One round's servers, proxies and workers, and the backfill that they are to end."""

    folder: Path
    seed: int
    shape: Shape
    server: EmbeddedServer
    fleet: Fleet
    proxies: list[Proxy]
    diary: TextIO = sys.stdout
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    killed: dict[int, float] = field(default_factory=dict)
    forgotten: list[tuple[float, float]] = field(default_factory=list)
    limits: list[tuple[float, int]] = field(default_factory=list)
    cancelled: list[tuple[float, float]] = field(default_factory=list)
    ended: list[RunHandle] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.work: ModuleType = importlib.import_module(self.shape.module)
        self.trail: ModuleType = importlib.import_module("trail")
        self.began = time.time()

    @property
    def settings(self) -> Settings:
        """Of the test's own clients, which are not behind a proxy."""
        return self.fleet.settings

    @property
    def instance(self) -> RedisInstance:
        """The test's own client."""
        return self.fleet.instance

    @property
    def disk_full(self) -> Path:
        """While this file exists, the disk is full now and then."""
        return self.folder / "disk-full"

    def note(self, text: str) -> None:
        """Say what happens, with the second since the round's begin."""
        line = f"  {time.time() - self.began:6.2f} {text}"
        self.notes.append(line)
        print(line, file=self.diary, flush=True)

    def start_worker(self, slot: int) -> None:
        """Start the worker behind proxy `slot`, and wait until it is in the fleet."""
        self._launch(slot)
        self.fleet.await_joined()

    def _launch(self, slot: int) -> None:
        urls = {"ASSETQ_REDIS_URL": self.proxies[slot].url(), "ASSETQ_BROKER_URL": ""}
        if self.shape.splits_broker:
            urls["ASSETQ_BROKER_URL"] = self.proxies[slot].url(1)
        self.fleet.environment.update(urls)
        self.fleet.environment["CLOCK_SKEW_S"] = str(self.shape.skew_s if slot else 0)
        size, pool_class = self.shape.sizes[slot], self.shape.pool_class
        self.fleet.launch(worker_command(self.shape.module, None, concurrency=size, pool_class=pool_class))
        self.workers[slot : slot + 1] = [self.fleet.processes[-1]]

    def start_fleet(self) -> None:
        """Start a worker behind each proxy."""
        for slot in range(len(self.proxies)):
            self._launch(slot)
        self.fleet.await_joined()

    def submit(self, **options: Any) -> RunHandle:
        """Start the backfill, or what `options` say of it."""
        self.limits.append((time.time(), self.work.LIMIT))
        self.handle = self.instance.submit(self.work.defs, **{"partitions": "all", **options})
        return self.handle

    def count_begun(self) -> int:
        """Attempts that have begun, by the trail."""
        return sum(row[0] == "begin" for row in self.trail.read())

    def await_begun(self, attempts: int, deadline: float = 60) -> None:
        """Wait until so many attempts have begun, or the run has ended."""
        try:
            eventually(lambda: self.count_begun() >= attempts or self._has_ended(), deadline=deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.explain()}") from error

    def explain(self) -> str:
        """What the workers of a run that does not go on are doing, by their own account and by the record."""
        for slot, worker in enumerate(self.workers):
            if worker.poll() is None:
                os.kill(worker.pid, signal.SIGRTMIN + 1)
                for pid in self.family(slot):
                    os.kill(pid, signal.SIGRTMIN)
        time.sleep(1)
        run = self.instance.get_run(self.handle.run_id)
        audit = self.instance.check_run(self.handle.run_id)
        told = [f"{run}; audit: {audit}; pools: {self.instance.list_pools()}", *self.notes, self.fleet.logs()[-16000:]]
        return "\n".join(told)

    def _has_ended(self) -> bool:
        return self.instance.get_run(self.handle.run_id).status.is_terminal

    def set_limit(self, limit: int) -> None:
        """Change the pool's limit."""
        self.instance.set_pool_limit("narrow", limit)
        self.limits.append((time.time(), limit))

    def family(self, slot: int) -> list[int]:
        """Pids of a worker's parent process and its children."""
        parent = self.workers[slot].pid
        return [parent, *children(parent)]

    def kill(self, *pids: int) -> None:
        """SIGKILL processes; returns when they and what dies with them are gone."""
        doomed = {member for pid in pids for member in (pid, *children(pid))}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for member in doomed:
            eventually(lambda member=member: not is_alive(member))
            self.killed.setdefault(member, time.time())

    def broker_db(self) -> int:
        """Where Celery's queues are."""
        return 1 if self.shape.splits_broker else 0

    def broker_keys(self, pattern: str = "*") -> list[bytes]:
        """Keys of Celery's transport."""
        with connect(self.server_url(self.broker_db())) as client:
            return sorted(client.scan_iter(f"{{{self.settings.namespace}}}:broker:{pattern}", count=1000))

    def server_url(self, db: int) -> str:
        """A database of the server, not through a proxy."""
        return f"redis://127.0.0.1:{self.server.port}/{db}"

    def stray_processes(self) -> list[int]:
        """Living processes that carry the round's namespace in their environment, but this one."""
        mark = f"ASSETQ_NAMESPACE={self.settings.namespace}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes() and is_alive(int(entry.name)):
                    found.append(int(entry.name))
        return found


def children(pid: int) -> list[int]:
    """Pids of a process's children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


@contextlib.contextmanager
def open_rig(folder: Path, seed: int, shape: Shape, diary: TextIO = sys.stdout) -> Iterator[Rig]:
    """Servers and proxies of a round; whatever is left of its workers ends with it."""
    os.environ["TRAIL_FILE"] = str(folder / "trail")
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    print(f"seed {seed}: {shape}", file=diary, flush=True)
    with EmbeddedServer(folder / "server", fsync=shape.fsync, publish=False, tied=True) as server:
        settings = round_settings(folder, server, shape)
        proxies = [Proxy(server.port) for _ in shape.sizes]
        instance = RedisInstance(settings)
        instance.check()
        rig = Rig(folder, seed, shape, server, Fleet(settings, instance, folder), proxies, diary)
        rig.fleet.environment |= {
            "TRAIL_FILE": str(folder / "trail"), "DISK_FULL_FILE": str(rig.disk_full), "WORK_STEP_S": str(shape.step_s),
            "VISIBILITY_S": str(shape.visibility_s or ""),
        }  # fmt: skip
        try:
            yield rig
        finally:
            rig.fleet.stop()
            for proxy in proxies:
                proxy.close()
            instance.close()


def round_settings(folder: Path, server: EmbeddedServer, shape: Shape) -> Settings:
    """Short times. Faults kill one step's attempts at will here, so that no number of them makes it a poison."""
    return Settings(
        redis_url=server.url,
        broker_url=server.url[:-1] + "1" if shape.splits_broker else "",
        namespace=f"chaos-{uuid.uuid4().hex[:12]}",
        storage=str(shape.storage or folder / "storage"),
        lease_ms=int(LEASE_S * 1000),
        heartbeat_ms=300,
        recovery_ms=100,
        republish_ms=500,
        grace_ms=5000,
        chain_ms=shape.chain_ms,
        batch_ms=shape.batch_ms,
        max_crashes=1000,
    )
