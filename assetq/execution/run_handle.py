"""What `submit` gives back: a run that goes on, to be watched, awaited or canceled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetq.execution.event import Event
from assetq.execution.record import RunRecord

if TYPE_CHECKING:
    from assetq.execution.instance import Instance


@dataclass(frozen=True, slots=True)
class RunHandle:
    """A submitted run."""

    instance: Instance
    run_id: str

    def status(self) -> RunRecord:
        """The run as it is now."""
        return self.instance.get_run(self.run_id)

    def events(self, after: str | None = None) -> Iterator[Event]:
        """Its events as they happen, until its end."""
        return self.instance.follow_events(self.run_id, after)

    def wait(self, timeout: float | None = None) -> RunRecord:
        """Wait for the end.

        Args:
            timeout: Seconds; None waits for ever.

        Raises:
            TimeoutError: The run goes on after that time.
        """
        from assetq.execution.waiting import wait_for_run

        return wait_for_run(self.instance, self.run_id, timeout)

    def cancel(self) -> RunRecord:
        """Cancel it."""
        return self.instance.cancel_run(self.run_id)

    def retry(self, failed_only: bool = True) -> RunHandle:
        """Submit what did not succeed again."""
        return self.instance.retry_run(self.run_id, failed_only)
