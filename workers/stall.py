"""Recognises a consumer of Celery that takes no messages although there are some and a process is free."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assetq.broker.engine import Engine
from assetq.broker.message import text
from assetq.workers.process import WorkerConfig

logger = logging.getLogger("assetq.stall")

LOOKED_AT = 50
LEAST_S, MOST_S = 2.0, 60.0


@dataclass(slots=True)
class StallWatch:
    """Looks at what is granted and not claimed; `cure` is called when the same grant waits for long before a free
    process. A lost message is none of its business: recovery has published it again by then.
    """

    config: WorkerConfig
    engine: Engine
    cure: Callable[[], None]
    since: dict[str, float] = field(default_factory=dict)
    patience_s: float = 0.0

    def look(self) -> None:
        """Look once; to be called every few seconds or more often."""
        waiting = self._waiting() if len(self.config.board.read()) < self.config.concurrency else []
        now = time.monotonic()
        self.since = {fence: self.since.get(fence, now) for fence in waiting}
        if not waiting:
            self.patience_s = self._least_s()
        elif now - min(self.since.values()) > max(self.patience_s, self._least_s()):
            logger.warning(
                "%d batches wait although a process is free: the consumer of messages begins again", len(waiting)
            )
            self.since, self.patience_s = {}, min(MOST_S, 2 * max(self.patience_s, self._least_s()))
            self.cure()

    def _least_s(self) -> float:
        return max(LEAST_S, 3 * self.config.settings.republish_ms / 1000)

    def _waiting(self) -> list[str]:
        """Fences of the oldest grants of this worker's pools that nobody has claimed."""
        client, keys = self.engine.client, self.engine.keys
        fences = [text(fence) for fence in client.zrange(keys("queued"), 0, LOOKED_AT - 1)]
        if not fences:
            return []
        with client.pipeline(transaction=False) as pipeline:
            for fence in fences:
                pipeline.hget(keys("grant", fence), "pool")
            pools = pipeline.execute()
        served = set(self.config.pools)
        return [fence for fence, pool in zip(fences, pools, strict=True) if text(pool or b"") in served]
