"""A plan made from other definitions than this worker's: refuse, leave it to a matching worker, then fail."""

from __future__ import annotations

import logging
import time

from assetq.broker.engine import Claimant, Engine
from assetq.broker.message import Grant
from assetq.execution.step import ErrorInfo
from assetq.workers.outcome import Attempt, failed_outcome
from assetq.workers.process import RunContext

logger = logging.getLogger("assetq.drift")

PATIENCE_S = 60.0
PAUSE_S = 0.5


def refuse(engine: Engine, grant: Grant, claimant: Claimant, context: RunContext) -> None:
    """Hand the batch back while the run is young enough to meet a matching worker; fail it after that."""
    message = (
        f"worker {claimant.worker} has other definitions than run {grant.run_id}: the plan's fingerprint is "
        f"{context.plan.fingerprint}, the worker's {context.local_fingerprint}. Deploy the same code to the "
        "workers, or submit the run again."
    )
    submitted = engine.client.hget(engine.keys("run", grant.run_id), "submitted")
    waited_s = time.time() - int(submitted or 0) / 1000
    if waited_s < PATIENCE_S:
        logger.warning("%s", message)
        time.sleep(PAUSE_S)
        engine.hand_back(grant.fence, claimant.worker, crashed=False, reason=message)
        return
    error = ErrorInfo(class_name="DefinitionDriftError", message=message, stack="")
    attempts = [
        Attempt(context.plan, grant.node, step, 1, int(time.time() * 1000), claimant.worker)
        for step in range(grant.start, grant.stop)
    ]
    engine.commit(grant, claimant, [failed_outcome(attempt, error) for attempt in attempts])
