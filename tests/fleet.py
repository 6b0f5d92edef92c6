"""Real workers in processes of their own, on a real server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from assetq.broker.instance import RedisInstance
from assetq.broker.lifeline import is_alive
from assetq.broker.settings import Settings
from assetq.workers.launch import worker_command

from .waiting import eventually

CODE = Path(__file__).parent / "code"


@dataclass
class Fleet:
    """Starts workers for one namespace and stops them all at the end."""

    settings: Settings
    instance: RedisInstance
    log_folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def start(
        self,
        module: str,
        *,
        workers: int = 1,
        concurrency: int = 1,
        pool_class: str = "prefork",
        pools: tuple[str, ...] = (),
    ) -> None:
        """Start workers and wait until they are in the fleet."""
        for _ in range(workers):
            self.launch(worker_command(module, None, pools=pools, concurrency=concurrency, pool_class=pool_class))
        self.await_joined()

    def start_together(self, *modules: str) -> None:
        """Start a worker for each module, and wait until all are in the fleet."""
        for module in modules:
            self.launch(worker_command(module, None, pools=(), concurrency=1, pool_class="prefork"))
        self.await_joined()

    def launch(self, command: list[str]) -> None:
        """Start a worker."""
        with (self.log_folder / f"worker-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, env=self.env(), stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)

    def await_joined(self) -> None:
        """Wait until every worker that lives is in the fleet."""
        pids = {process.pid for process in self.processes if process.poll() is None}
        eventually(lambda: self._fails_early() or pids <= {w.pid for w in self.instance.list_workers()}, deadline=30)

    def _fails_early(self) -> bool:
        for number, process in enumerate(self.processes):
            if process.poll() not in (None, 0, 130, -9, -15):
                raise AssertionError((self.log_folder / f"worker-{number}.log").read_text())
        return False

    def env(self) -> dict[str, str]:
        """Environment of a worker, or of the command line."""
        values = {f"ASSETQ_{name.upper()}": str(value) for name, value in self.settings.model_dump().items() if value}
        values.pop("ASSETQ_PROJECT_DIRECTORY", None)
        return {
            **os.environ, **values, **self.environment, "PYTHONPATH": str(CODE), "PYTHONSAFEPATH": "1",
            "PYTHONWARNINGS": "ignore", "ASSETQ_LOG_LEVEL": "INFO",
        }  # fmt: skip

    def children(self, process: subprocess.Popen[bytes]) -> list[int]:
        """Pids of a worker's child processes."""
        listing = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in listing.stdout.split()]

    def kill(self, pid: int) -> None:
        """End a process as the kernel would."""
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not is_alive(pid))

    def stop(self) -> None:
        """Stop every worker in order; end what does not stop."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()

    def logs(self) -> str:
        """Everything that the workers wrote."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.log_folder.glob("worker-*.log")))


PYTHON = sys.executable
