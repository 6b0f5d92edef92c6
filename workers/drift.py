"""A plan made from other definitions than this worker's: refuse, leave it to a matching worker, then fail."""

from __future__ import annotations

import logging
import time

from assetq.broker.engine import Claimant, Engine
from assetq.broker.message import Grant
from assetq.broker.run_reader import made_in_step
from assetq.definitions import Definitions
from assetq.errors import StaleAttemptError
from assetq.execution.failure import ErrorInfo
from assetq.planning import PlanNode
from assetq.workers.outcome import Attempt, failed_outcome
from assetq.workers.process import ProcessState, RunContext, local_fingerprint

logger = logging.getLogger("assetq.drift")

PAUSE_S = 0.5


def fits(defs: Definitions, node: PlanNode) -> bool:
    """True when this worker's op is the one that the plan means."""
    return local_fingerprint(defs, node.name) == node.fingerprint


def refuse(state: ProcessState, grant: Grant, claimant: Claimant, context: RunContext) -> None:
    """Hand the batch back for a worker that matches; fail it when none was seen for too long."""
    engine, node = state.engine, context.plan.nodes[grant.node]
    own = local_fingerprint(state.config.defs, node.name)
    message = (
        f"worker {claimant.worker} has another definition of '{node.name}' than run {grant.run_id}: the plan's "
        f"fingerprint is {node.fingerprint}, the worker's is {own or 'missing'}. Deploy the same code to the "
        "workers, or submit the run again."
    )
    if state.lasting(lambda: engine.refuse(grant.fence, claimant.worker, reason=message)):
        logger.warning("%s", message)
        time.sleep(PAUSE_S)  # so that others come first
        return
    error = ErrorInfo(class_name="DefinitionDriftError", message=message, stack="")
    try:
        state.lasting(lambda: fail(engine, grant, claimant, context, error))
    except StaleAttemptError as stale:
        logger.warning("%s", stale)


def fail(engine: Engine, grant: Grant, claimant: Claimant, context: RunContext, error: ErrorInfo) -> None:
    """Record that every step of the batch has failed."""
    outcomes = []
    for step in range(grant.start, grant.stop):
        number, now_ms = grant.tries_of(step).attempt, int(time.time() * 1000)
        attempt = Attempt(context.plan, grant.node, step, number, now_ms, claimant.worker)
        made = made_in_step(engine.client, engine.keys, grant.run_id, context.plan, (grant.node, step))
        outcomes.append(failed_outcome(attempt, error, made))
    engine.commit(grant, claimant, outcomes, batch=engine.settings.batch_limit)  # the others fail together
