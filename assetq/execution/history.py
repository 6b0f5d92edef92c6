"""What happened to assets, by kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assetq.execution.event import EventType

MATERIALIZATION, OBSERVATION, CHECK = "materialization", "observation", "check"

KIND_OF: Mapping[EventType, str] = {
    EventType.ASSET_MATERIALIZATION: MATERIALIZATION,
    EventType.ASSET_OBSERVATION: OBSERVATION,
    EventType.ASSET_CHECK_EVALUATION: CHECK,
}


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Which part of an asset's history is wanted.

    Attributes:
        after: Position behind which it begins; None for the beginning.
        before: Position before which it ends; None for the end.
        limit: Most entries.
        ascending: Oldest first.
    """

    after: int | None = None
    before: int | None = None
    limit: int = 100
    ascending: bool = False

    def within(self, start: int, stop: int) -> range:
        """The positions that the page has in a history with positions from `start` to `stop - 1`, in its order."""
        low = start if self.after is None else max(start, self.after + 1)
        high = stop if self.before is None else min(stop, self.before)
        if self.ascending:
            return range(low, min(high, low + self.limit))
        return range(high - 1, max(low, high - self.limit) - 1, -1)
