"""The duty to archive: a process of its own, which any worker of the fleet starts when something is due.

It has its own process because Parquet takes memory and time that neither heartbeats nor steps should miss, and because
nothing is lost when it is killed. A lock lets one of them work at a time; should two work, they do no harm.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field

from redis import Redis

from assetq.broker.archive import Archive
from assetq.broker.archive_file import INSTALL, is_available
from assetq.broker.archiver import Archiver
from assetq.broker.connection import PASSING, connect
from assetq.broker.engine import Engine
from assetq.broker.keys import Keys
from assetq.broker.lifeline import end_with_parent
from assetq.broker.publisher import Publisher
from assetq.broker.retention import Retention
from assetq.broker.run_reader import RunReader
from assetq.broker.settings import Settings
from assetq.errors import AssetqError

logger = logging.getLogger("assetq.archiving")

LOCK_MS = 60_000
LINGER_S, LOOK_S = 10.0, 0.5
PATIENCE_S = 600.0
FAILED = 1


@dataclass(slots=True)
class ArchiveWatch:
    """A worker's part: looks now and then whether anything is due, and starts the process that moves it."""

    client: Redis
    settings: Settings
    policy: Retention = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    look_at: float = 0.0

    def __post_init__(self) -> None:
        self.policy = Retention(self.client, Keys(self.settings.namespace), self.settings)

    @property
    def is_on(self) -> bool:
        """True when this worker archives."""
        return self.policy.is_on and is_available()

    @property
    def pace_s(self) -> float:
        """Ten heartbeats; a second where events of runs under way are to leave."""
        return 1.0 if self.settings.keep_events else self.settings.heartbeat_ms / 100

    def start(self) -> None:
        """Say so when this worker cannot do what the settings ask for."""
        if self.policy.is_on and not is_available():
            what = "keep_events is set, but events stay" if self.settings.keep_events else "runs that have ended stay"
            level = logging.WARNING if self.settings.keep_events else logging.INFO
            logger.log(level, "%s in Redis: pyarrow is not installed here (%s)", what, INSTALL)

    def look(self) -> None:
        """One look, if it is time for one. Costs two round trips at most, and never waits for the process."""
        now = time.monotonic()
        if not self.is_on or now < self.look_at:
            return
        self.look_at = now + self.pace_s
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None and self.process.returncode == FAILED:
            self.process, self.look_at = None, now + PATIENCE_S
        elif self.policy.surplus_events() or self.policy.due_runs(limit=1):
            self._launch()

    def _launch(self) -> None:
        command = [sys.executable, "-m", "assetq.workers.archiving"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        assert self.process.stdin is not None
        with self.process.stdin as stdin:  # not by the command line, which others can read
            stdin.write(self.settings.model_dump_json().encode())

    def stop(self) -> None:
        """End the process, wherever it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class ArchiveTurn:
    """The process's part: moves what is due, one run after the other, until nothing is left."""

    archiver: Archiver
    policy: Retention
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    failed: set[str] = field(default_factory=set)

    def run(self) -> int:
        """Move everything; waits a little for more. The exit code tells whether something could not be moved."""
        idle_since = time.monotonic()
        while time.monotonic() - idle_since < LINGER_S:
            if not self._has_lock():
                return 0
            if self._move_one():
                idle_since = time.monotonic()
            elif not self.policy.settings.keep_events:
                break
            else:
                time.sleep(LOOK_S)
        self._unlock()
        return FAILED if self.failed else 0

    def _move_one(self) -> bool:
        for run_id, surplus in self.policy.surplus_events().items():
            if run_id not in self.failed:
                return self._tried(run_id, surplus)
        due = next((run_id for run_id in self.policy.due_runs() if run_id not in self.failed), None)
        return due is not None and self._tried(due, None)

    def _tried(self, run_id: str, surplus: int | None) -> bool:
        """Move a part of a run, or all of it; a run that cannot be moved does not keep others from it."""
        try:
            if surplus is None:
                self.archiver.archive_run(run_id)
            else:
                self.archiver.move_part(run_id, surplus)
        except (AssetqError, OSError) as error:
            logger.warning("cannot archive run %s: %s", run_id, error)
            self.failed.add(run_id)
        return True

    def _has_lock(self) -> bool:
        """Take the lock, or go on holding it. Guards nothing but the effort."""
        client, key = self.policy.client, self.policy.keys("archiving")
        if client.set(key, self.token, nx=True, px=LOCK_MS):
            return True
        return client.get(key) == self.token.encode() and bool(client.pexpire(key, LOCK_MS))

    def _unlock(self) -> None:
        if self._has_lock():
            self.policy.client.delete(self.policy.keys("archiving"))


def main() -> int:
    """Archive what is due; the settings come on stdin."""
    end_with_parent()
    logging.basicConfig(level=os.environ.get("ASSETQ_LOG_LEVEL", "INFO"), stream=sys.stderr)
    settings = Settings.model_validate_json(sys.stdin.read())
    keys = Keys(settings.namespace)
    with connect(settings.redis_url) as client:
        archive = Archive(client, keys, settings.effective_archive)
        archiver = Archiver(
            Engine(client, keys, settings, Publisher(settings)), RunReader(client, keys, archive), archive
        )
        try:
            return ArchiveTurn(archiver, Retention(client, keys, settings)).run()
        except PASSING as error:
            logger.warning("Redis is away (%s); archiving goes on later", error)
            return 0


if __name__ == "__main__":
    sys.exit(main())
