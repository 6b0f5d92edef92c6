"""A server and workers for one measurement."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from assetq.broker.instance import RedisInstance
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.workers.launch import worker_command

CODE = Path(__file__).parent / "code"
EXAMPLE = Path(__file__).parents[1] / "examples" / "flights"


class Fleet:
    """Workers on one server; their logs lie in the measurement's folder."""

    def __init__(self, instance: RedisInstance, folder: Path, settings: Mapping[str, int]) -> None:
        self.instance = instance
        self.folder = folder
        kept = {"redis_url": instance.settings.redis_url, "storage": instance.settings.storage, **settings}
        self.changed = {f"ASSETQ_{name.upper()}": str(value) for name, value in kept.items()}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        module: str,
        workers: int,
        *,
        concurrency: int = 1,
        pool_class: str = "prefork",
        pools: tuple[str, ...] = (),
    ) -> None:
        """Start workers and wait until they are ready."""
        environment = {
            **os.environ,
            **self.changed,
            "PYTHONPATH": os.pathsep.join([str(CODE), str(EXAMPLE)]),
        }
        for number in range(workers):
            with (self.folder / f"worker-{number}.log").open("ab") as log:
                command = worker_command(module, None, concurrency=concurrency, pool_class=pool_class, pools=pools)
                self.processes.append(
                    subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
                )
        while len(self.instance.list_workers()) < len(self.processes):
            if any(process.poll() is not None for process in self.processes):
                raise RuntimeError((self.folder / "worker-0.log").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the workers."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)
        self.processes.clear()


@contextmanager
def own_fleet(storage: Path | None = None, **settings: int) -> Iterator[Fleet]:
    """A server of its own in a temporary folder, without workers yet.

    Args:
        storage: Where values go, and stay; otherwise to the temporary folder.
        settings: Those of the workers.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="assetq-bench-")))
        server = stack.enter_context(EmbeddedServer(folder, publish=False, tied=True))
        instance = RedisInstance(Settings(redis_url=server.url, storage=str(storage or folder / "storage")))
        instance.check()
        stack.callback(instance.close)
        fleet = Fleet(instance, folder, settings)
        stack.callback(fleet.stop)
        yield fleet
