"""What a group of steps has stored is brought to disk together, before the group is recorded.

One `fsync` after the other makes small steps wait for the disk; a group of them at once costs little more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetq.broker.engine import Outcome
from assetq.errors import StorageError
from assetq.execution.failure import error_info
from assetq.io.durable import sync_files
from assetq.partitions import IndexSet
from assetq.workers.outcome import Attempt, failed_outcome


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has ended and is not recorded yet, with the files that it stored."""

    attempt: Attempt
    outcome: Outcome
    paths: tuple[str, ...]


def durable_outcomes(group: Sequence[Done]) -> list[Outcome]:
    """What is to be recorded, once the files are safe; a step fails whose files the disk does not take."""
    errors = sync_files([path for done in group for path in done.paths])
    return [_outcome(done, {path: errors[path] for path in done.paths if path in errors}) for done in group]


def _outcome(done: Done, errors: dict[str, OSError]) -> Outcome:
    if not errors:
        return done.outcome
    path, error = next(iter(errors.items()))
    told = StorageError(
        f"The disk did not take what was written to {path}: {error}. Make room there, then run the step again."
    )
    return failed_outcome(done.attempt, error_info(told), IndexSet())
