"""Records the failure of a step that lost too many workers."""

from __future__ import annotations

import time

from assetq.broker.engine import Claimant, Engine
from assetq.broker.message import Grant, Poisoned
from assetq.broker.run_reader import made_in_step
from assetq.errors import StaleAttemptError
from assetq.execution.failure import ErrorInfo
from assetq.planning import Plan
from assetq.workers.outcome import Attempt, failed_outcome

RECOVERER = Claimant(worker="recovery", pid=0)


def fail_poisoned(engine: Engine, poisoned: Poisoned) -> None:
    """Fail the step under the fence that quarantine gave it; a later recovery does it if this one dies."""
    plan = Plan.from_bytes(engine.client.get(engine.keys("plan", poisoned.run_id)))
    step_key = plan.step_key(poisoned.node, poisoned.step)
    error = ErrorInfo(
        class_name="WorkerLostError",
        message=f"{step_key}: {poisoned.crashes} attempts ended with their worker process dead (see the "
        "STEP_WORKER_LOST events). Out of memory, or a crash in native code, is the usual cause.",
        stack="",
    )
    attempt = Attempt(plan, poisoned.node, poisoned.step, poisoned.crashes, int(time.time() * 1000), RECOVERER.worker)
    grant = Grant("", poisoned.run_id, poisoned.node, poisoned.step, poisoned.step + 1, poisoned.fence)
    where = poisoned.node, poisoned.step
    made = made_in_step(engine.client, engine.keys, poisoned.run_id, plan, where)
    try:
        engine.commit(grant, RECOVERER, [failed_outcome(attempt, error, made)])
    except StaleAttemptError:
        return
