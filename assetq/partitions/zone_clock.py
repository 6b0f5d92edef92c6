"""Offsets of a time zone as a table, so that local and absolute time convert by arithmetic."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from assetq.errors import DefinitionError

DAY_S = 86400
SCAN_FROM = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
SCAN_TO = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
SCAN_STEP_S = 21 * DAY_S  # shorter than the time between two changes of any zone


class ZoneClock:
    """One time zone. Moments are seconds since 1970 UTC; local ones are what the wall shows, counted likewise.

    Attributes:
        zone: The zone as datetimes take it.
        changes: Moments at which the offset changes, ascending.
        offsets: Seconds east of UTC, one more than changes: before the first, after each.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.changes: list[int] = []
        self.offsets = [self._ask(SCAN_FROM)]
        if zone is not UTC:
            self._scan()

    def _ask(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self.zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    def _scan(self) -> None:
        for moment in range(SCAN_FROM, SCAN_TO, SCAN_STEP_S):
            offset = self._ask(moment + SCAN_STEP_S)
            if offset != self.offsets[-1]:
                self.changes.append(self._change_between(moment, moment + SCAN_STEP_S))
                self.offsets.append(offset)

    def _change_between(self, low: int, high: int) -> int:
        before = self._ask(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._ask(middle) == before else (low, middle)
        return high

    def offset_at(self, moment: int) -> int:
        """Seconds east of UTC."""
        return self.offsets[bisect_right(self.changes, moment)]

    def is_steady(self, start: int, stop: int) -> bool:
        """True when the offset does not change between two moments."""
        return bisect_right(self.changes, start) == bisect_right(self.changes, stop)

    def resolve(self, local: int) -> tuple[int, ...]:
        """The moments at which the wall shows a local time: two when clocks are set back, none when it is skipped."""
        early, late = self.offset_at(local - 2 * DAY_S), self.offset_at(local + 2 * DAY_S)
        found = {local - offset for offset in (early, late) if self.offset_at(local - offset) == offset}
        return tuple(sorted(found))

    def end_of_gap(self, local: int) -> int:
        """The moment at which the clocks are set forward over a skipped local time."""
        before = self.offset_at(local - 2 * DAY_S)
        return self.changes[bisect_right(self.changes, local - before) - 1]

    def parts(self, start: int, stop: int) -> Iterator[tuple[int, int, int, bool]]:
        """Pieces of time with one offset, between two moments.

        Yields:
            First moment, moment behind the last, offset, and whether the wall shows this hour a second time.
        """
        at = bisect_right(self.changes, start)
        while start < stop:
            end = min(stop, self.changes[at]) if at < len(self.changes) else stop
            again = self._second_time(at)
            if start < again:
                yield start, min(again, end), self.offsets[at], True
            if max(start, again) < end:
                yield max(start, again), end, self.offsets[at], False
            start, at = end, at + 1

    def _second_time(self, at: int) -> int:
        """End of the repeated hour with which a piece begins; its beginning when nothing repeats."""
        if at == 0:
            return SCAN_FROM
        return self.changes[at - 1] + max(0, self.offsets[at - 1] - self.offsets[at])

    def local_datetime(self, moment: int) -> datetime:
        """An aware datetime in the zone."""
        return datetime.fromtimestamp(moment, self.zone)


@lru_cache(maxsize=64)
def zone_clock(name: str) -> ZoneClock:
    """The clock of a zone.

    Raises:
        DefinitionError: There is no such zone.
    """
    if name == "UTC":
        return ZoneClock(UTC)
    try:
        return ZoneClock(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        raise DefinitionError(f"There is no time zone '{name}'. Use a name such as 'Europe/Berlin'.") from None
