"""How fast the workers of a bare task queue empty it, on a server of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from assetq.broker.connection import connect
from assetq.broker.server import EmbeddedServer
from bench.fleet import CODE

TASKS, PROCESSES = 5_000, 2


@dataclass(frozen=True, slots=True)
class Queue:
    """A task queue, as it is at its best or as one setting makes it.

    Attributes:
        name: Of the library and the setting.
        fill: Code that sends one task, `i`, with its module as `m`.
        module: Module with the task, in `code`.
        worker: Arguments of the interpreter that start its workers.
        key: The Redis list in which the tasks wait.
        environment: Read by the module.
    """

    name: str
    fill: str
    module: str
    worker: tuple[str, ...]
    key: str
    environment: dict[str, str] = field(default_factory=dict)

    def rate(self) -> float:
        """Tasks a second, from a queue that is full when the workers come up."""
        with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), publish=False, tied=True) as server:
            environment = {**os.environ, **self.environment, "BENCH_BROKER": server.url, "PYTHONPATH": str(CODE)}
            fill = f"import {self.module} as m\nfor i in range({TASKS}): {self.fill}"
            subprocess.run([sys.executable, "-c", fill], env=environment, check=True)
            with self._workers(environment, Path(folder) / "log"):
                return drain_rate(server.url, self.key)

    @contextmanager
    def _workers(self, environment: dict[str, str], log: Path) -> Iterator[None]:
        with log.open("wb") as out:
            command = [sys.executable, "-m", *self.worker]
            workers = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(workers.pid, signal.SIGKILL)  # asked politely, a bare worker sometimes never stops
            workers.wait()


def drain_rate(url: str, key: str) -> float:
    """Tasks a second between a tenth and nine tenths of the queue."""
    with connect(url) as client:
        seen: list[tuple[float, int]] = []
        while not seen or seen[-1][1] > TASKS // 10:
            left = int(client.llen(key))
            if left <= TASKS * 9 // 10:
                seen.append((time.monotonic(), left))
            time.sleep(0.005)
    (begun, first), (ended, last) = seen[0], seen[-1]
    return (first - last) / (ended - begun)


def celery_queues() -> list[Queue]:
    """Celery with msgpack, results ignored, and each prefetch that may suit it."""
    options = ("-l", "ERROR", "-c", str(PROCESSES), "--without-gossip", "--without-mingle", "--without-heartbeat")
    return [
        Queue(
            f"bare Celery, no-op tasks, prefetch {prefetch}",
            "m.nothing.delay(i)",
            "bench_bare",
            ("celery", "-A", "bench_bare", "worker", *options),
            "celery",
            {"BENCH_PREFETCH": str(prefetch)},
        )
        for prefetch in (1, 4, 64)
    ]


def peer_queues() -> list[Queue]:
    """Those of dramatiq and huey that are installed: `pip install 'assetq[peers]'`."""
    dramatiq = [
        Queue(
            f"dramatiq, no-op tasks, {PROCESSES} processes x {threads}",
            "m.nothing.send(i)",
            "bench_dramatiq",
            ("dramatiq", "bench_dramatiq", "-p", str(PROCESSES), "-t", str(threads)),
            "dramatiq:default",
        )
        for threads in (1, 8)
    ]
    huey = Queue(
        f"huey, no-op tasks, {PROCESSES} processes",
        "m.nothing(i)",
        "bench_huey",
        ("huey.bin.huey_consumer", "bench_huey.huey", "-w", str(PROCESSES), "-k", "process"),
        "huey.redis.bench",
    )
    return [queue for queue in (*dramatiq, huey) if find_spec(queue.module.removeprefix("bench_"))]
