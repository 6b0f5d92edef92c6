"""Which days a cron schedule names, numbered from the first on or after 1970-01-01."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

from assetq.definitions.cron import Cron
from assetq.errors import DefinitionError

EPOCH_DAY = date(1970, 1, 1).toordinal()
EPOCH_WEEKDAY = 4  # a Thursday, counted from Sunday
LISTED_YEARS = range(1900, 2200)


class DayPattern(Protocol):
    """Days, given as their distance from 1970-01-01."""

    def rank(self, day: int) -> int:
        """How many days of the pattern lie from 1970-01-01 to before `day`; negative before that date."""

    def nth(self, number: int) -> int:
        """The day with this number."""


@dataclass(frozen=True, slots=True)
class EveryDay:
    """All days."""

    def rank(self, day: int) -> int:
        return day

    def nth(self, number: int) -> int:
        return number


@dataclass(frozen=True, slots=True)
class WeekDays:
    """The same days each week, as distances from Thursday, ascending."""

    distances: tuple[int, ...]

    def rank(self, day: int) -> int:
        weeks, rest = divmod(day, 7)
        return weeks * len(self.distances) + bisect_left(self.distances, rest)

    def nth(self, number: int) -> int:
        weeks, rest = divmod(number, len(self.distances))
        return weeks * 7 + self.distances[rest]


@dataclass(frozen=True, slots=True)
class ListedDays:
    """Any days of some centuries.

    Attributes:
        days: All of them, ascending.
        zero: Place of the first that is not before 1970-01-01.
    """

    days: tuple[int, ...]
    zero: int

    def rank(self, day: int) -> int:
        return bisect_left(self.days, day) - self.zero

    def nth(self, number: int) -> int:
        return self.days[min(max(0, number + self.zero), len(self.days) - 1)]


@lru_cache(maxsize=128)
def day_pattern(cron: Cron) -> DayPattern:
    """The days of a schedule.

    Raises:
        DefinitionError: There is none, such as 30 February.
    """
    every_day = cron.days.issuperset(range(1, 32)) and len(cron.months) == 12 and not cron.nth
    if every_day and len(cron.weekdays) == 7:
        return EveryDay()
    if every_day and (cron.any_day or cron.any_weekday):
        return WeekDays(tuple(sorted((day - EPOCH_WEEKDAY) % 7 for day in cron.weekdays)))
    days = tuple(_listed(cron))
    if not days:
        raise DefinitionError("The cron schedule names a day that never comes; mend day and month.")
    return ListedDays(days, bisect_left(days, 0))


def _listed(cron: Cron) -> Iterator[int]:
    for year in LISTED_YEARS:
        for month in sorted(cron.months):
            first = date(year, month, 1).toordinal()
            length = date(year + month // 12, month % 12 + 1, 1).toordinal() - first
            for day in range(1, length + 1):
                if cron.fits(month, day, (first + day - 1) % 7, length):
                    yield first + day - 1 - EPOCH_DAY
