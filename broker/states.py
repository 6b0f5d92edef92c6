"""The life of a step, as data: tests drive every script through every pair of states from here."""

from __future__ import annotations

from enum import StrEnum


class StepState(StrEnum):
    """Where a step is. Only the last four are final."""

    WAITING = "waiting"
    READY = "ready"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """True when the step will not change any more in this run."""
        return self in FINAL


FINAL = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELED})

ARROWS: frozenset[tuple[StepState, StepState]] = frozenset(
    {
        (StepState.WAITING, StepState.READY),
        (StepState.WAITING, StepState.SKIPPED),
        (StepState.WAITING, StepState.CANCELED),
        (StepState.READY, StepState.QUEUED),
        (StepState.READY, StepState.CANCELED),
        (StepState.QUEUED, StepState.RUNNING),
        (StepState.QUEUED, StepState.READY),
        (StepState.QUEUED, StepState.CANCELED),
        (StepState.RUNNING, StepState.SUCCEEDED),
        (StepState.RUNNING, StepState.FAILED),
        (StepState.RUNNING, StepState.SKIPPED),
        (StepState.RUNNING, StepState.CANCELED),
        (StepState.RUNNING, StepState.READY),
        (StepState.RUNNING, StepState.WAITING),
    }
)
