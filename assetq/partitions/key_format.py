"""Keys of time partitions: moments as text, many at once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime

from assetq.partitions.zone_clock import DAY_S, ZoneClock

DATE_CODES = frozenset("YmdybBjaAuUWGV%")
TIME_CODES = frozenset("HMSIp%")
OFFSET_CODE = "%z"


class KeyFormat:
    """Keys in one format and zone.

    Where the format has the date before the time, each day and each time of day is formatted once.

    Args:
        fmt: As `strftime` takes it.
        clock: The zone.
        marks_repeats: The second of two moments with the same local time bears its offset, as in Dagster.
    """

    def __init__(self, fmt: str, clock: ZoneClock, marks_repeats: bool) -> None:
        self.fmt, self.clock, self.marks_repeats = fmt, clock, marks_repeats
        self._split = _split(fmt)

    def keys(self, moments: Sequence[int]) -> list[str]:
        """Keys of ascending moments."""
        if not moments:
            return []
        found: list[str] = []
        at = 0
        for _, stop, offset, again in self.clock.parts(moments[0], moments[-1] + 1):
            end = bisect_left(moments, stop, at)
            found += self._part(moments[at:end], offset, again and self.marks_repeats)
            at = end
        return found

    def _part(self, moments: Sequence[int], offset: int, marked: bool) -> list[str]:
        if marked or self._split is None:
            fmt = self.fmt + OFFSET_CODE if marked else self.fmt
            return [self.clock.local_datetime(moment).strftime(fmt) for moment in moments]
        days, times = self._split
        return [days[(local := moment + offset) // DAY_S] + times[local % DAY_S] for moment in moments]

    def locals_of(self, key: str) -> tuple[int | None, tuple[int, ...]]:
        """What a key says: its local time, or else the moments that it names. Nothing when it does not fit."""
        for fmt in (self.fmt, self.fmt + OFFSET_CODE):
            try:
                moment = datetime.strptime(key, fmt)
            except (ValueError, TypeError):
                continue
            if moment.tzinfo:
                return None, (int(moment.timestamp()),)
            return int(moment.replace(tzinfo=UTC).timestamp()), ()
        return None, ()

    def moments_of(self, key: str) -> tuple[int, ...]:
        """Moments that a key may mean; none when it does not fit the format."""
        local, named = self.locals_of(key)
        if local is None:
            return named
        return self.clock.resolve(local) or (self.clock.end_of_gap(local),)


class _Texts(dict[int, str]):
    """Text of days or of times of day, made once each."""

    def __init__(self, fmt: str, unit: int) -> None:
        self.fmt, self.unit = fmt, unit

    def __missing__(self, number: int) -> str:
        moment = datetime.fromtimestamp(number * self.unit, UTC)
        return self.setdefault(number, moment.strftime(self.fmt))


def _split(fmt: str) -> tuple[_Texts, _Texts] | None:
    """Formats of date and time; None when the date does not come first."""
    codes = [(found.group(1), found.end()) for found in re.finditer(r"%(.)", fmt)]
    cut = max((end for code, end in codes if code in DATE_CODES), default=0)
    if not all(code in (DATE_CODES if end <= cut else TIME_CODES) for code, end in codes):
        return None
    return _Texts(fmt[:cut], DAY_S), _Texts(fmt[cut:], 1)
