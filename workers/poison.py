"""What the fleet cannot go on with: steps that lose their workers, runs whose plan nobody here can read."""

from __future__ import annotations

import logging
import time

from assetq.broker.engine import Claimant, Engine
from assetq.broker.growth import read_plan
from assetq.broker.message import Grant, Poisoned
from assetq.broker.run_reader import made_in_step
from assetq.errors import PlanError, StaleAttemptError
from assetq.execution.failure import ErrorInfo
from assetq.planning import Plan
from assetq.workers.outcome import Attempt, failed_outcome

logger = logging.getLogger("assetq.poison")

RECOVERER = Claimant(worker="recovery", pid=0)


def fail_poisoned(engine: Engine, poisoned: Poisoned) -> None:
    """Fail the step under the fence that quarantine gave it; a later recovery does it if this one dies."""
    try:
        plan = read_plan(engine.client, engine.keys, poisoned.run_id)
    except PlanError as error:
        fail_unreadable(engine, poisoned.run_id, poisoned.fence, RECOVERER.worker, error)
        return
    attempt = Attempt(plan, poisoned.node, poisoned.step, poisoned.crashes, int(time.time() * 1000), RECOVERER.worker)
    grant = Grant("", poisoned.run_id, poisoned.node, poisoned.step, poisoned.step + 1, poisoned.fence)
    where = poisoned.node, poisoned.step
    made = made_in_step(engine.client, engine.keys, poisoned.run_id, plan, where)
    try:
        engine.commit(grant, RECOVERER, [failed_outcome(attempt, _lost_error(plan, poisoned), made)])
    except StaleAttemptError:
        return


def _lost_error(plan: Plan, poisoned: Poisoned) -> ErrorInfo:
    step_key = plan.step_key(poisoned.node, poisoned.step)
    message = (
        f"{step_key}: {poisoned.crashes} attempts ended with their worker process dead; the last one: "
        f"{poisoned.reason} (see the STEP_WORKER_LOST events). Out of memory, or a crash in native code, is the usual "
        "cause."
    )
    return ErrorInfo(class_name="WorkerLostError", message=message)


def fail_unreadable(engine: Engine, run_id: str, fence: str, worker: str, error: PlanError) -> None:
    """End a run whose plan cannot be read: no attempt at its steps could ever be recorded."""
    logger.error("run %s: %s", run_id, error)
    engine.fail_run(run_id, str(error))
    engine.hand_back(fence, worker, crashed=False, reason=str(error))
