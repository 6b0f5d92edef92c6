"""The last words of a child that died: what its attempt had printed and not yet brought to shared storage."""

from __future__ import annotations

import contextlib
import logging
import os

from assetq.broker.engine import Engine
from assetq.broker.growth import read_plan
from assetq.broker.message import HeldGrant
from assetq.errors import AssetqError
from assetq.execution.attempt_log import attempt_log_path, write_log
from assetq.workers.capture import bounded
from assetq.workers.overdue import read_tries
from assetq.workers.process import WorkerConfig

logger = logging.getLogger("assetq.salvage")


class _File:
    def __init__(self, path: str) -> None:
        self.path = path

    def size(self) -> int:
        """Bytes in it; 0 when there is none."""
        try:
            return os.path.getsize(self.path)
        except OSError:
            return 0

    def read(self, start: int, stop: int) -> bytes:
        """Some of them."""
        with open(self.path, "rb") as file:
            file.seek(start)
            return file.read(stop - start)


def salvage_log(engine: Engine, config: WorkerConfig, held: HeldGrant) -> None:
    """Bring the log of a dead child's attempt to shared storage; to be called before its grant goes back."""
    source = _File(config.spool_path(held.pid))
    size = source.size()
    if size == 0:
        return
    keys = engine.keys
    node, step = engine.client.hmget(keys("grant", held.fence), "node", "from")
    if node is None:
        return
    try:
        plan = read_plan(engine.client, keys, held.run_id)
        attempt = read_tries(engine, held.run_id, int(node), int(step)).attempt
        key = plan.step_key(int(node), int(step))
        write_log(attempt_log_path(config.settings.storage, held.run_id, key, attempt), bounded(source, size))
    except (AssetqError, OSError) as error:
        logger.warning("cannot keep the log of process %d: %s", held.pid, error)
    with contextlib.suppress(OSError):
        os.unlink(source.path)
