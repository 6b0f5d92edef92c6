"""Freshness policies: how old an asset may be. They are carried along with assets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assetq.definitions.cron import Cron
from assetq.errors import DefinitionError

SHORTEST = timedelta(minutes=1)
LOOKED_AT = 100  # ticks of a schedule whose distances are compared
SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


class FreshnessPolicy:
    """How old an asset may be. Mirrors Dagster's `FreshnessPolicy`; make one with its static methods."""

    __slots__ = ()

    @staticmethod
    def time_window(fail_window: timedelta, warn_window: timedelta | None = None) -> TimeWindowFreshnessPolicy:
        """Late when not updated for some time; see `TimeWindowFreshnessPolicy`."""
        return TimeWindowFreshnessPolicy(fail_window, warn_window)

    @staticmethod
    def cron(deadline_cron: str, lower_bound_delta: timedelta, timezone: str = "UTC") -> CronFreshnessPolicy:
        """Late when not updated shortly before a deadline; see `CronFreshnessPolicy`."""
        return CronFreshnessPolicy(deadline_cron, lower_bound_delta, timezone)


@dataclass(frozen=True, slots=True)
class TimeWindowFreshnessPolicy(FreshnessPolicy):
    """An asset is late when it was not updated for some time.

    Args:
        fail_window: For how long; a minute at least.
        warn_window: After how long it is nearly late; shorter than `fail_window`.
    """

    fail_window: timedelta
    warn_window: timedelta | None = None

    def __post_init__(self) -> None:
        _check_length("fail_window", self.fail_window)
        if self.warn_window is None:
            return
        _check_length("warn_window", self.warn_window)
        if self.warn_window >= self.fail_window:
            raise DefinitionError(
                f"FreshnessPolicy: warn_window {self.warn_window} must be shorter than fail_window {self.fail_window}."
            )


@dataclass(frozen=True, slots=True)
class CronFreshnessPolicy(FreshnessPolicy):
    """An asset is late when it was not updated shortly before a deadline.

    Args:
        deadline_cron: The deadlines.
        lower_bound_delta: How long before its deadline an update counts; not longer than from deadline to deadline.
        timezone: Of the schedule.
    """

    deadline_cron: str
    lower_bound_delta: timedelta
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        schedule = Cron.parse(self.deadline_cron)
        _check_zone(self.timezone)
        _check_length("lower_bound_delta", self.lower_bound_delta)
        shortest = _shortest_distance(schedule)
        if self.lower_bound_delta > shortest:
            raise DefinitionError(
                f"FreshnessPolicy: lower_bound_delta {self.lower_bound_delta} is longer than {shortest}, the time "
                f"between two deadlines of '{self.deadline_cron}'. Shorten it."
            )


def _check_length(name: str, delta: Any) -> None:
    if not isinstance(delta, timedelta) or delta < SHORTEST:
        raise DefinitionError(f"FreshnessPolicy: {name} is {delta!r}; give a timedelta of a minute at least.")


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise DefinitionError(f"FreshnessPolicy: there is no time zone {name!r}; take one like 'UTC'.") from None


def _shortest_distance(schedule: Cron) -> timedelta:
    ticks = [schedule.next(SOME_DAY)]
    while len(ticks) < LOOKED_AT and ticks[-1] - ticks[0] < timedelta(days=800):
        ticks.append(schedule.next(ticks[-1]))
    return min(later - earlier for earlier, later in pairwise(ticks))


def check_freshness(policy: Any, what: str, location: object | None = None) -> Any:
    """The policy, if it is one or absent.

    Raises:
        DefinitionError: It is something else; names what was given it.
    """
    if policy is not None and not isinstance(policy, FreshnessPolicy):
        raise DefinitionError(
            f"{what} has freshness_policy {policy!r}; give FreshnessPolicy.time_window(...) or .cron(...).",
            location=location,
        )
    return policy
