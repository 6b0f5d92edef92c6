"""Cron schedules: the last and the next moment that one names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from assetq.errors import DefinitionError

ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LONGEST_DAYS = 8 * 366 + 1  # from one 29 February to the next, around a year without


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of five fields; weekdays count from Sunday, 0.

    Attributes:
        any_day, any_weekday: The field is "*". When neither is, a day that fits one of both is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """The schedule that a text means.

        Raises:
            DefinitionError: It is none.
        """
        parts = ALIASES.get(text.strip(), text).split()
        if len(parts) != len(FIELDS):
            raise _refusal(text)
        try:
            sets = [_values(part.lower(), *field) for part, field in zip(parts, FIELDS, strict=True)]
        except ValueError:
            raise _refusal(text) from None
        weekdays = frozenset(day % 7 for day in sets[4])
        return cls(sets[0], sets[1], sets[2], sets[3], weekdays, parts[2].startswith("*"), parts[4].startswith("*"))

    def last(self, now: datetime) -> datetime:
        """The latest moment of the schedule that is not after `now`, in its time zone."""
        return next(moment for moment in self._ticks(now, -1) if moment <= now)

    def next(self, now: datetime) -> datetime:
        """The first moment of the schedule after `now`."""
        return next(moment for moment in self._ticks(now, 1) if moment > now)

    def _ticks(self, start: datetime, direction: int) -> Iterator[datetime]:
        hours, minutes = (sorted(numbers, reverse=direction < 0) for numbers in (self.hours, self.minutes))
        day = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        for _ in range(LONGEST_DAYS):
            if self._is_on(day):
                yield from (day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes)
            day += timedelta(days=direction)
        raise DefinitionError("The cron schedule names a day that never comes; mend day and month.")

    def _is_on(self, day: datetime) -> bool:
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        either = by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday
        return either and day.month in self.months


def _values(part: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        span, slash, step = piece.partition("/")
        first, dash, last = span.partition("-")
        start = low if span == "*" else _number(first, name)
        whole = span == "*" or (slash and not dash)
        end = high if whole else _number(last, name) if dash else start
        if not low <= start <= end <= high or (slash and int(step) < 1):
            raise ValueError(piece)
        found.update(islice(range(start, end + 1), 0, None, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, name: str) -> int:
    if name == "month" and text in MONTHS:
        return MONTHS.index(text) + 1
    return WEEKDAYS.index(text) if name == "weekday" and text in WEEKDAYS else int(text)


def _refusal(text: str) -> DefinitionError:
    return DefinitionError(f"{text!r} is no cron schedule; give five fields, such as '0 9 * * *'.")
