"""Windows that a time grid leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from assetq.definitions.cron import Cron
from assetq.errors import DefinitionError
from assetq.partitions.index_set import IndexSet
from assetq.partitions.ticks import Ticks, ticks_of
from assetq.partitions.zone_clock import zone_clock

Exclusion = str | datetime


class Exclusions:
    """Numbers of ticks that stand for no partition.

    Args:
        given: Cron schedules and moments, naive ones in the zone. A tick that falls on one of theirs is left out.
        ticks: The grid.
        timezone: Its zone.

    Raises:
        DefinitionError: An exclusion is neither a schedule nor a moment.
    """

    def __init__(self, given: Sequence[Exclusion], ticks: Ticks, timezone: str) -> None:
        self.given, self.ticks, self.timezone = tuple(given), ticks, timezone
        self._known: tuple[int, int, IndexSet] = (0, 0, IndexSet())
        for one in given:
            _check(one)

    def between(self, start: int, stop: int) -> IndexSet:
        """Numbers from `start` to before `stop` that are left out, as distances from `start`."""
        known_start, known_stop, found = self._known
        if known_start != start or known_stop < stop:
            found = IndexSet.from_indices(n - start for n in self._numbers(start, stop) if start <= n < stop)
            self._known = (start, stop, found)
        return found & IndexSet.range(0, stop - start)

    def _numbers(self, start: int, stop: int) -> Iterator[int]:
        for one in self.given:
            for moment in self._moments(one, self.ticks.moment(start), self.ticks.moment(stop)):
                number = self.ticks.number(moment)
                if self.ticks.moment(number) == moment:
                    yield number

    def _moments(self, one: Exclusion, start: int, stop: int) -> Sequence[int]:
        if isinstance(one, str):
            ticks = ticks_of(one, self.timezone, start)
            return ticks.moments(ticks.number(start), ticks.number(stop) + 1)
        zone = zone_clock(self.timezone).zone
        return [int((one if one.tzinfo else one.replace(tzinfo=zone)).timestamp())]

    def to_plain(self) -> list[Any]:
        """Schedules as text, moments in a list."""
        return [one if isinstance(one, str) else [one.isoformat()] for one in self.given]

    @staticmethod
    def from_plain(plain: Sequence[Any]) -> list[Exclusion]:
        """What `to_plain` wrote."""
        return [one if isinstance(one, str) else datetime.fromisoformat(one[0]) for one in plain]


def _check(one: object) -> None:
    if isinstance(one, str):
        Cron.parse(one)
    elif not isinstance(one, datetime):
        raise DefinitionError(f"Exclusions are cron schedules and datetimes, not {one!r}.")
