"""`dev`: an embedded server and workers, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import click

from assetq.broker.lifeline import end_with_parent
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.cli.option import Code, code_options
from assetq.errors import AssetqError

STOP_TIMEOUT_S = 40.0


def stop_processes(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask processes to stop, wait, and end those that do not."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running_workers(
    code: Code, count: int, concurrency: int, environment: dict[str, str], *, log_folder: Path | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Worker processes, stopped with the block; they log to this terminal, or to files in `log_folder`."""
    from assetq.workers.launch import worker_command

    processes: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(1, count + 1):
            command = worker_command(code.module, code.file, concurrency=concurrency)
            with ExitStack() as stack:
                log = stack.enter_context((log_folder / f"worker-{number}.log").open("wb")) if log_folder else None
                # A session of its own: Ctrl-C in the terminal reaches only this process, which stops them in order.
                process = subprocess.Popen(
                    command,
                    env={**os.environ, **environment},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=end_with_parent,
                )
            processes.append(process)
        yield processes
    finally:
        stop_processes(processes)


def interrupt_on_term() -> None:
    """Let SIGTERM end the program as Ctrl-C does."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


@click.command()
@code_options
@click.option("--workers", "count", type=click.IntRange(min=0), default=1, show_default=True, help="Worker processes.")
@click.option("--concurrency", type=click.IntRange(min=1), default=2, show_default=True, help="Steps at once in each.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the server; by default a free one.")
def dev(module: str | None, file: str | None, count: int, concurrency: int, port: int) -> int:
    """Embedded server and workers for this folder; Ctrl-C stops all."""
    settings = Settings.load()
    code = Code.choose(module, file, settings)
    code.load()
    interrupt_on_term()
    with EmbeddedServer(Path(settings.project_directory), port, tied=True) as server:
        environment = {"ASSETQ_REDIS_URL": server.url, "ASSETQ_STORAGE": settings.storage}
        with running_workers(code, count, concurrency, environment) as processes:
            click.echo(f"Server at {server.url}; {count} workers; data in {server.data_directory.parent}", err=True)
            click.echo("In another terminal of this folder: assetq backfill --all --watch. Ctrl-C stops.", err=True)
            try:
                return _watch(server, processes)
            except KeyboardInterrupt:
                click.echo("Stopping.", err=True)
                return 0


def _watch(server: EmbeddedServer, processes: list[subprocess.Popen[bytes]]) -> int:
    while True:
        time.sleep(0.5)
        if server.process is None or server.process.poll() is not None:
            raise AssetqError(f"The embedded server ended; see {server.data_directory / 'server.log'}.")
        for process in processes:
            if process.poll() is not None:
                raise AssetqError(f"Worker {process.pid} ended with code {process.returncode}.")


__all__ = ["dev", "running_workers", "stop_processes"]
