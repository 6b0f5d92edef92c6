"""The moments of a cron schedule in a time zone, numbered: number and moment convert without walking.

Around changes of the clocks the moments are Dagster's. A schedule for every hour takes real time: a skipped hour has
no moment, a repeated one has two. Any other takes wall time: a skipped moment becomes the end of the gap, of a
repeated one the second counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Protocol

from assetq.definitions.cron import Cron
from assetq.partitions.day_pattern import DayPattern, EveryDay, day_pattern
from assetq.partitions.zone_clock import DAY_S, ZoneClock, zone_clock

HOUR_S = 3600


class Ticks(Protocol):
    """Numbered moments, in seconds since 1970 UTC. Numbers go on below 0."""

    def number(self, moment: int) -> int:
        """Number of the last tick that is not after a moment."""

    def moment(self, number: int) -> int:
        """The tick with a number."""

    def moments(self, start: int, stop: int) -> Sequence[int]:
        """The ticks with numbers from `start` to `stop - 1`."""


@dataclass(frozen=True, slots=True)
class StepTicks:
    """Ticks at equal distances.

    Attributes:
        step: Seconds from one to the next.
        phase: Seconds from 1970 to tick 0.
    """

    step: int
    phase: int

    def number(self, moment: int) -> int:
        return (moment - self.phase) // self.step

    def moment(self, number: int) -> int:
        return self.phase + number * self.step

    def moments(self, start: int, stop: int) -> Sequence[int]:
        return range(self.moment(start), self.moment(stop), self.step)


class DayTicks:
    """Ticks at the same times of some days.

    Days on which the clocks change may have more or fewer; these few are listed, all others are counted.
    """

    def __init__(self, days: DayPattern, times: Sequence[int], clock: ZoneClock, in_real_time: bool) -> None:
        self.days, self.times, self.clock, self.in_real_time = days, times, clock, in_real_time
        odd = {day: self._on(day) for day in self._days_of_change()}
        odd = {day: ticks for day, ticks in sorted(odd.items()) if len(ticks) != len(times)}
        self._odd_days, self._odd_ticks = list(odd), list(odd.values())
        self._surplus = list(accumulate((len(ticks) - len(times) for ticks in odd.values()), initial=0))
        self._odd_first = [self._first(day) for day in odd]

    def _days_of_change(self) -> set[int]:
        found = set()
        for change, (before, after) in zip(self.clock.changes, pairwise(self.clock.offsets), strict=True):
            first, last = sorted((change + offset) // DAY_S for offset in (before, after))
            found |= {day for day in range(first - 1, last + 2) if day >= 0 and self._has(day)}
        return found

    def _has(self, day: int) -> bool:
        return self.days.rank(day + 1) > self.days.rank(day)

    def _first(self, day: int) -> int:
        """Number of the first tick on or after a day."""
        return self.days.rank(day) * len(self.times) + self._surplus[bisect_left(self._odd_days, day)]

    def _on(self, day: int) -> list[int]:
        midnight = day * DAY_S
        if self.clock.is_steady(midnight - 2 * DAY_S, midnight + 3 * DAY_S):
            offset = self.clock.offset_at(midnight)
            return [midnight + time - offset for time in self.times]
        found = {tick for time in self.times for tick in self._at(midnight + time)}
        return sorted(tick for tick in found if (tick + self.clock.offset_at(tick)) // DAY_S == day)

    def _at(self, local: int) -> tuple[int, ...]:
        found = self.clock.resolve(local)
        if self.in_real_time:
            return found
        return found[-1:] or (self.clock.end_of_gap(local),)

    def number(self, moment: int) -> int:
        day = (moment + self.clock.offset_at(moment)) // DAY_S
        before = bisect_right(self._on(day), moment) if self._has(day) else 0
        return self._first(day) + before - 1

    def moment(self, number: int) -> int:
        at = bisect_right(self._odd_first, number) - 1
        if at >= 0 and number < self._odd_first[at] + len(self._odd_ticks[at]):
            return self._odd_ticks[at][number - self._odd_first[at]]
        day, tick = divmod(number - self._surplus[at + 1], len(self.times))
        return self._on(self.days.nth(day))[tick]

    def moments(self, start: int, stop: int) -> Sequence[int]:
        if start >= stop:
            return []
        first = self._day_of(start)
        found = [tick for day in range(first, self._day_of(stop - 1) + 1) for tick in self._on(self.days.nth(day))]
        skipped = start - self._first(self.days.nth(first))
        return found[skipped : skipped + stop - start]

    def _day_of(self, number: int) -> int:
        """Number of the day on which a tick lies."""
        moment = self.moment(number)
        return self.days.rank((moment + self.clock.offset_at(moment)) // DAY_S)


@lru_cache(maxsize=256)
def ticks_of(schedule: str, timezone: str, start: int) -> Ticks:
    """The ticks of a schedule.

    Args:
        schedule: Five cron fields, or a name such as "@daily".
        timezone: Name of the zone.
        start: A schedule for one minute of every hour keeps the rhythm of its first tick from here on, whatever
            the clocks do.

    Raises:
        DefinitionError: There is no such schedule or zone.
    """
    cron, clock = Cron.parse(schedule), zone_clock(timezone)
    step = _even_step(cron)
    if step == HOUR_S:
        wall = min(cron.minutes) * 60 - clock.offset_at(start)
        return StepTicks(step, wall % step)
    if step and len({offset % step for offset in clock.offsets[-40:]}) == 1:
        return StepTicks(step, (min(cron.minutes) * 60 - clock.offsets[-1]) % step)
    return _day_ticks(cron, timezone)


def _even_step(cron: Cron) -> int:
    """Seconds between the ticks of a schedule that runs all the time at equal distances; 0 for any other."""
    minutes = sorted(cron.minutes)
    distances = {b - a for a, b in pairwise([*minutes, minutes[0] + 60])}
    whole = len(cron.hours) == 24 and isinstance(day_pattern(cron), EveryDay)
    return distances.pop() * 60 if whole and len(distances) == 1 else 0


@lru_cache(maxsize=256)
def _day_ticks(cron: Cron, timezone: str) -> DayTicks:
    times = [hour * HOUR_S + minute * 60 for hour in sorted(cron.hours) for minute in sorted(cron.minutes)]
    return DayTicks(day_pattern(cron), times, zone_clock(timezone), len(cron.hours) == 24)
