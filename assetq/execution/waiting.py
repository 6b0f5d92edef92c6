"""Waiting for the end of a run, on pushed events."""

from __future__ import annotations

import time

from assetq.execution.instance import Instance
from assetq.execution.record import RunRecord


def wait_for_run(instance: Instance, run_id: str, timeout_s: float | None) -> RunRecord:
    """Block until the run has ended; see `RunHandle.wait`."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    cursor: str | None = None
    while True:
        record = instance.get_run(run_id)
        if record.status.is_terminal:
            return record
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError(f"Run {run_id} is still {record.status} after {timeout_s:g} s.")
        for event in instance.follow_events(run_id, cursor, left):
            cursor = event.cursor
            if deadline is not None and time.monotonic() > deadline:
                break
