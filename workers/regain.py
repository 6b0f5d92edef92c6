"""What a process holds without knowing: the reply that gave it was lost on the way."""

from __future__ import annotations

from assetq.broker.engine import Claimant, Engine
from assetq.broker.message import Grant, text


def regained(engine: Engine, claimant: Claimant) -> Grant | None:
    """The batch that the record says this process holds; None when it holds none.

    To be asked by a process that runs nothing. A commit that ended a batch and took the next one is refused when it is
    repeated, because the first batch is gone: what it took would wait for its lease to end, and that counts as a crash.
    """
    client, keys = engine.client, engine.keys
    for fence in sorted(text(held) for held in client.smembers(keys("worker_grants", claimant.worker))):
        run_id, pid = client.hmget(keys("grant", fence), "run", "pid")
        if run_id is not None and text(pid or b"") == str(claimant.pid):
            return engine.claim(text(run_id), fence, claimant)
    return None
