"""What a group of steps has stored is brought to disk together, before the group is recorded.

One `fsync` after the other makes small steps wait for the disk; a group of them at once costs little more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetq.broker.engine import Outcome
from assetq.definitions import RetryPolicy
from assetq.errors import StorageError
from assetq.execution.failure import error_info, retry_delay_s
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.io.durable import sync_files
from assetq.workers.outcome import Attempt, outcome_of


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has ended and is not recorded yet, with the files that it stored."""

    task: StepTask
    attempt: Attempt
    outcome: Outcome
    paths: tuple[str, ...]
    retry_policy: RetryPolicy | None = None


def durable_outcomes(group: Sequence[Done]) -> list[Outcome]:
    """What is to be recorded, once the files are safe; a step whose files the disk does not take has failed."""
    errors = sync_files([path for done in group for path in done.paths])
    return [_outcome(done, {path: errors[path] for path in done.paths if path in errors}) for done in group]


def _outcome(done: Done, errors: dict[str, OSError]) -> Outcome:
    if not errors:
        return done.outcome
    path, error = next(iter(errors.items()))
    told = StorageError(
        f"The disk did not take what was written to {path}: {error}. Make room there, then run the step again."
    )
    delay_s = retry_delay_s(told, done.retry_policy, done.task.attempt)
    status = StepStatus.FAILED if delay_s is None else StepStatus.RETRY
    delay_ms = int((delay_s or 0) * 1000)
    return outcome_of(done.attempt, StepResult(status, (), error_info(told), delay_ms, told, done.task.made))
