"""Steps that take longer than they may: interrupted, then killed with their process, and failed as user code."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from assetq.broker.engine import Claimant, Engine
from assetq.broker.growth import read_plan
from assetq.broker.message import Grant, HeldGrant, StepTries
from assetq.errors import StaleAttemptError
from assetq.execution.failure import error_info, retry_delay_s
from assetq.execution.task import StepResult, StepStatus
from assetq.execution.time_limit import timeout_error
from assetq.workers.outcome import Attempt, outcome_of

logger = logging.getLogger("assetq.overdue")


def fail_overdue(engine: Engine, worker: str, held: HeldGrant, timeouts: Mapping[str, float | None]) -> None:
    """Record the failure of a step whose process was killed for its time; its retry policy applies.

    The step is the first that is not committed: whatever stood before it was committed before it began.
    """
    keys = engine.keys
    values = engine.client.hmget(keys("grant", held.fence), "node", "from", "to")
    if values[0] is None:
        return
    node, start, stop = map(int, values)
    plan = read_plan(engine.client, keys, held.run_id)
    tries = read_tries(engine, held.run_id, node, start)
    error = timeout_error(plan.step_key(node, start), timeouts.get(plan.nodes[node].name))
    delay_s = retry_delay_s(error, plan.nodes[node].retry, tries.retries + 1)
    status = StepStatus.FAILED if delay_s is None else StepStatus.RETRY
    attempt = Attempt(plan, node, start, tries.attempt, int(time.time() * 1000), worker)
    result = StepResult(status, (), error_info(error), int((delay_s or 0) * 1000), error)
    grant = Grant("", held.run_id, node, start, stop, held.fence)
    try:
        engine.commit(grant, Claimant(worker, held.pid), [outcome_of(attempt, result)])
    except StaleAttemptError as stale:
        logger.warning("%s", stale)
        return
    engine.hand_back(held.fence, worker, crashed=False, reason=f"the step before it was killed: {error}")


def read_tries(engine: Engine, run_id: str, node: int, step: int) -> StepTries:
    """What a step has behind it."""
    told = engine.client.hget(engine.keys("tries", run_id), f"{node}:{step}")
    if told is None:
        return StepTries()
    retries, crashes = told.decode().split(":")
    return StepTries(int(retries), int(crashes))
