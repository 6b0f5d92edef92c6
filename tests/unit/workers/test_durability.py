"""Nothing is recorded as made before the disk has it."""

from __future__ import annotations

from pathlib import Path

from assetq.definitions import RetryPolicy
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.partitions import IndexSet, StaticPartitionsDefinition
from assetq.planning import Plan, PlanNode
from assetq.workers import durability
from assetq.workers.durability import Done, durable_outcomes
from assetq.workers.outcome import Attempt, outcome_of

GRID = StaticPartitionsDefinition(["x", "y", "z"])
PLAN = Plan((PlanNode(0, "a", ("a",), "default", GRID, IndexSet.range(0, 3), 1),), ())


def done(step: int, path: Path, retry_policy: RetryPolicy | None = None) -> Done:
    attempt = Attempt(PLAN, 0, step, 1, 0, "w")
    task = StepTask(run_id="r", plan=PLAN, node=0, step=step)
    outcome = outcome_of(attempt, StepResult(StepStatus.SUCCEEDED, ()))
    return Done(task, attempt, outcome, (str(path),), retry_policy)


def test_a_step_fails_whose_value_the_disk_does_not_take(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in "xyz"]
    for path in paths:
        path.write_text("value")
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(durability, "sync_files", lambda _: {str(paths[1]): full})
    outcomes = durable_outcomes([done(step, path) for step, path in enumerate(paths)])
    assert [outcome.step for outcome in outcomes] == [0, 1, 2]
    assert [outcome.state for outcome in outcomes] == ["succeeded", "failed", "succeeded"]
    assert f"{paths[1]}: [Errno 28] No space left on device" in outcomes[1].message
    assert not outcomes[1].satisfied


def test_such_a_step_is_retried_as_its_policy_says(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_text("value")
    monkeypatch.setattr(durability, "sync_files", lambda _: {str(path): OSError(28, "No space left on device")})
    (outcome,) = durable_outcomes([done(0, path, RetryPolicy(max_retries=1, delay=2))])
    assert (outcome.state, outcome.delay_ms) == ("retry", 2000)
