"""The instance of a folder: records on a server of its own, values beside them, no fleet."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path

from assetq.broker.connection import SOCKET_TIMEOUT_S
from assetq.broker.instance import RedisInstance
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings, running_server_url
from assetq.errors import UsageError

STORAGE = "storage"


class FolderServer:
    """The server of a folder, for as long as this process uses it; another process's is used as it is.

    Args:
        folder: Where records and values lie; None for a passing folder, which goes with the object.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = Path(folder or tempfile.mkdtemp(prefix="assetq-")).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server = _started(self.folder)
        self.is_own = self._server is not None
        running = self._server.url if self._server else running_server_url(self.folder)
        self.url = str(running)
        self.close = weakref.finalize(self, _end, self._server, None if folder else self.folder, os.getpid())


def _started(folder: Path) -> EmbeddedServer | None:
    """A server for the folder; None where one runs already."""
    if running_server_url(folder):
        return None
    # The kernel ties a child to the thread that started it: one of another thread would end too early.
    server = EmbeddedServer(folder, tied=threading.current_thread() is threading.main_thread())
    try:
        return server.start()
    except UsageError:
        return None  # another process was faster


def _end(server: EmbeddedServer | None, passing: Path | None, owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the process that owns it
    if server is not None:
        server.stop()
    if passing is not None:
        shutil.rmtree(passing, ignore_errors=True)


# Of this process, by folder: all instances of one folder share a server, which ends with the last of them.
_SERVERS: weakref.WeakValueDictionary[Path, FolderServer] = weakref.WeakValueDictionary()
_OPENING = threading.Lock()


def folder_server(folder: str | Path | None) -> tuple[FolderServer, bool]:
    """The server of a folder, and whether it was started for this call."""
    with _OPENING:
        known = _SERVERS.get(Path(folder).resolve()) if folder else None
        if known is not None:
            return known, False
        opened = FolderServer(folder)
        _SERVERS[opened.folder] = opened
        return opened, opened.is_own


class LocalInstance(RedisInstance):
    """Runs of this process, kept in a folder: records under `.assetq/server`, values under `storage`.

    No worker belongs to it: a run that is submitted waits for `assetq worker` in that folder, while `materialize` and
    `execute_job` execute theirs at once. Runs that the process before it left unfinished end as failures.

    Args:
        folder: Where; None for a passing folder, which goes when the instance is closed.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        server, is_fresh = folder_server(folder)
        self.folder = str(server.folder)
        self._server: FolderServer | None = server
        settings = Settings(
            redis_url=server.url, storage=os.path.join(self.folder, STORAGE), project_directory=self.folder
        )
        super().__init__(settings, socket_timeout_s=SOCKET_TIMEOUT_S)
        self.check()
        if is_fresh:
            self._end_lost_runs()

    @classmethod
    def open(cls, url: str | None, namespace: str | None) -> LocalInstance:
        """The instance of the folder `url`."""
        return cls(url)

    @property
    def root_directory(self) -> str:
        """The folder."""
        return self.folder

    def _end_lost_runs(self) -> None:
        held = self.client.zrange(self.keys("held"), 0, -1)
        if held:
            self.client.zadd(self.keys("held"), dict.fromkeys(held, 0), xx=True)
            self.engine.recover()

    def close(self) -> None:
        """Close connections; the last instance of the folder stops its server."""
        super().close()
        self._server = None
