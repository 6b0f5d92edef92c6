"""Waiting for the end of a run, on pushed events."""

from __future__ import annotations

from contextlib import suppress

from assetq.errors import ServerUnreachableError
from assetq.execution.instance import Instance
from assetq.execution.record import RunRecord


def wait_for_run(instance: Instance, run_id: str, timeout_s: float | None) -> RunRecord:
    """Block until the run has ended; see `RunHandle.wait`."""
    record = instance.get_run(run_id)
    if record.status.is_terminal:
        return record
    for _ in instance.run_news(run_id, timeout_s):
        with suppress(ServerUnreachableError):  # for a moment: it is waited for as long as for other news
            record = instance.get_run(run_id)
        if record.status.is_terminal:
            return record
    raise TimeoutError(f"Run {run_id} is still {record.status} after {timeout_s:g} s.")
