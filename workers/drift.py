"""A plan made from other definitions than this worker's: refuse, leave it to a matching worker, then fail."""

from __future__ import annotations

import logging
import time

from assetq.broker.engine import Claimant
from assetq.broker.message import Grant
from assetq.broker.run_reader import made_in_step
from assetq.definitions import Definitions
from assetq.execution.failure import ErrorInfo
from assetq.planning import PlanNode
from assetq.workers.outcome import Attempt, failed_outcome
from assetq.workers.process import ProcessState, RunContext, local_fingerprint

logger = logging.getLogger("assetq.drift")

PATIENCE_S = 60.0
PAUSE_S = 0.5


def fits(defs: Definitions, node: PlanNode) -> bool:
    """True when this worker's op is the one that the plan means."""
    return local_fingerprint(defs, node.name) == node.fingerprint


def refuse(state: ProcessState, grant: Grant, claimant: Claimant, context: RunContext) -> None:
    """Hand the batch back while the run is young enough to meet a matching worker; fail it after that."""
    engine = state.engine
    node = context.plan.nodes[grant.node]
    own = local_fingerprint(state.config.defs, node.name)
    message = (
        f"worker {claimant.worker} has another definition of '{node.name}' than run {grant.run_id}: the plan's "
        f"fingerprint is {node.fingerprint}, the worker's is {own or 'missing'}. Deploy the same code to the "
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
    outcomes = []
    for step in range(grant.start, grant.stop):
        attempt = Attempt(context.plan, grant.node, step, 1, int(time.time() * 1000), claimant.worker)
        made = made_in_step(engine.client, engine.keys, grant.run_id, context.plan, (grant.node, step))
        outcomes.append(failed_outcome(attempt, error, made))
    engine.commit(grant, claimant, outcomes)
