"""What the policy says must leave Redis: runs that ended long ago or are too many, events of runs that go on."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.settings import Settings

LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Retention:
    """The policy of one namespace."""

    client: Redis
    keys: Keys
    settings: Settings

    @property
    def is_on(self) -> bool:
        """True when anything is ever to be archived."""
        settings = self.settings
        return bool(settings.archive_after_s or settings.keep_runs or settings.keep_events)

    def due_runs(self, limit: int = LOOKED_AT) -> list[str]:
        """Runs that have ended and are to be archived now, the oldest first. One round trip."""
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.zcard(self.keys("ended"))
            pipeline.zrange(self.keys("ended"), 0, limit - 1, withscores=True)
            pipeline.time()
            count, oldest, clock = pipeline.execute()
        now_s = clock[0] + clock[1] / 1e6
        keep, after_s = self.settings.keep_runs, self.settings.archive_after_s
        surplus = max(0, count - keep) if keep else 0
        return [
            text(run_id)
            for place, (run_id, ended_ms) in enumerate(oldest)
            if place < surplus or (after_s and ended_ms <= (now_s - after_s) * 1000)
        ]

    def ended_before(self, age_s: float) -> list[str]:
        """Runs that ended that long ago and are not archived, the oldest first."""
        seconds, micros = self.client.time()
        found = self.client.zrangebyscore(self.keys("ended"), 0, (seconds + micros / 1e6 - age_s) * 1000)
        return [text(run_id) for run_id in found]

    def surplus_events(self) -> dict[str, int]:
        """Runs under way whose stream holds more events than are kept -> how many of the oldest are to leave it.

        Half of what is kept stays, so that parts have a size that is worth a file.
        """
        keep = self.settings.keep_events
        if not keep:
            return {}
        active = [text(run_id) for run_id in self.client.smembers(self.keys("active"))]
        with self.client.pipeline(transaction=False) as pipeline:
            for run_id in active:
                pipeline.xlen(self.keys("events", run_id))
            lengths = pipeline.execute() if active else []
        return {run: length - keep // 2 for run, length in zip(active, lengths, strict=True) if length > keep}
