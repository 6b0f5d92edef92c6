"""A bare Celery worker on a server of its own, to measure beside."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assetq.broker.server import EmbeddedServer
from bench.fleet import CODE

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")


@contextmanager
def bare_worker(processes: int, module: str = "bench_bare") -> Iterator[subprocess.Popen[bytes]]:
    """A worker of `module`; BENCH_BROKER is set in this process for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), publish=False, tied=True) as server:
        os.environ["BENCH_BROKER"] = server.url
        command = [sys.executable, "-m", "celery", "-A", module, "worker", "-l", "ERROR", "-c", str(processes), *QUIET]
        with (Path(folder) / "log").open("wb") as log:
            worker = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(CODE)}, stdout=log, stderr=log)
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(30)
            del os.environ["BENCH_BROKER"]
