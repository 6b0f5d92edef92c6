"""Cron schedules: the last and the next moment that one names."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

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
STARS = ("*", "?")
LAST_DAY = 32
LONGEST_DAYS = 8 * 366 + 1  # from one 29 February to the next, around a year without


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of five fields; weekdays count from Sunday, 0.

    Attributes:
        days: Days of the month; `LAST_DAY` among them is the last one, however long the month is.
        nth: `(weekday, n)` for the nth such weekday of a month, -1 for the last; then the day of the month is not
            looked at, as in Dagster.
        any_day, any_weekday: The field is "*". When neither is, a day that fits one of both is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    nth: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Cron:
        """The schedule that a text means.

        Raises:
            DefinitionError: It is none.
        """
        stripped = text.strip().lower()
        parts = ALIASES.get(stripped, stripped).split()
        if len(parts) != len(FIELDS):
            raise _refusal(text)
        try:
            return cls._of(parts)
        except ValueError:
            raise _refusal(text) from None

    @classmethod
    def _of(cls, parts: list[str]) -> Cron:
        pieces = [part.split(",") for part in parts]
        nth = frozenset(_nth(piece) for piece in pieces[4] if _is_nth(piece))
        if nth and len(nth) < len(set(pieces[4])):
            raise ValueError(parts[4])
        sets = [_values(own, *field) for own, field in zip(pieces[:4], FIELDS, strict=False)]
        weekdays = frozenset() if nth else frozenset(day % 7 for day in _values(pieces[4], *FIELDS[4]))
        any_day, any_weekday = (any(piece in STARS for piece in pieces[i]) for i in (2, 4))
        return cls(sets[0], sets[1], sets[2], sets[3], weekdays, any_day, any_weekday, nth)

    def fits(self, month: int, day: int, weekday: int, length: int) -> bool:
        """True when a day of a month of `length` days is one of the schedule; its weekday counts from Sunday, 0."""
        if month not in self.months:
            return False
        if self.nth:
            return (weekday, (day + 6) // 7) in self.nth or ((weekday, -1) in self.nth and day + 7 > length)
        by_day = day in self.days or (day == length and LAST_DAY in self.days)
        by_weekday = weekday in self.weekdays
        return by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday

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
            if self.fits(day.month, day.day, day.isoweekday() % 7, monthrange(day.year, day.month)[1]):
                yield from (day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes)
            day += timedelta(days=direction)
        raise DefinitionError("The cron schedule names a day that never comes; mend day and month.")


def _is_nth(piece: str) -> bool:
    return "#" in piece or piece.startswith("l")


def _nth(piece: str) -> tuple[int, int]:
    """Of `5#2` the second Friday, of `l5` the last."""
    day, mark, count = piece.partition("#")
    place = int(count) if mark and re.fullmatch("[1-5]", count) else -1
    if bool(mark) != (place > 0) or (not mark and not re.fullmatch("l[0-7]", piece)):
        raise ValueError(piece)
    return _number(day if mark else piece[1:], "weekday", 0, 7) % 7, place


def _values(pieces: list[str], name: str, low: int, high: int) -> frozenset[int]:
    return frozenset(value for piece in pieces for value in _piece(piece, name, low, high))


def _piece(piece: str, name: str, low: int, high: int) -> list[int]:
    if name == "day" and piece == "l":
        return [LAST_DAY]
    span, slash, step = piece.partition("/")
    if slash and not re.fullmatch("0*[1-9][0-9]*", step):
        raise ValueError(piece)
    start, end = _span(span, name, low, high, is_open=bool(slash))
    if start < end or (start == end and "-" not in span and not (slash and end == high)):
        return list(range(start, end + 1, int(step or "1")))
    if slash:
        raise ValueError(piece)  # where the steps of a range over the end go on, nobody agrees
    return [*range(start, high + 1), *range(low, end + 1)]


def _span(span: str, name: str, low: int, high: int, is_open: bool) -> tuple[int, int]:
    """First and last of a piece; one number is open to the end when a step follows."""
    if span == "*" or (span == "?" and not is_open and name in ("day", "weekday")):
        return low, high
    first, dash, last = span.partition("-")
    if name == "day" and last == "l":
        last = str(high)
    start = _number(first, name, low, high)
    return start, _number(last, name, low, high) if dash else (high if is_open else start)


def _number(text: str, name: str, low: int, high: int) -> int:
    if name == "month" and text in MONTHS:
        return MONTHS.index(text) + 1
    if name == "weekday" and text in WEEKDAYS:
        return WEEKDAYS.index(text)
    if not re.fullmatch("[0-9]+", text) or not low <= int(text) <= high:
        raise ValueError(text)
    return int(text)


def _refusal(text: str) -> DefinitionError:
    return DefinitionError(
        f"{text!r} is no cron schedule; give five fields, such as '0 9 * * *', '0 0 L * *' (the last day of the "
        "month), '0 0 * * 5#2' (the second Friday) or '0 0 * * L5' (the last one)."
    )
