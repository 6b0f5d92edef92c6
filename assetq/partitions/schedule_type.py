"""The four usual rhythms of time partitions."""

from __future__ import annotations

import re
from enum import Enum


class ScheduleType(Enum):
    """How often a window begins. Mirrors Dagster's `ScheduleType`."""

    HOURLY = "HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"

    def cron(self, minute: int = 0, hour: int = 0, day: int | None = None) -> str:
        """The cron schedule, shifted: `day` is the weekday (0 is Sunday) or the day of the month."""
        match self:
            case ScheduleType.HOURLY:
                return f"{minute} * * * *"
            case ScheduleType.DAILY:
                return f"{minute} {hour} * * *"
            case ScheduleType.WEEKLY:
                return f"{minute} {hour} * * {day or 0}"
            case ScheduleType.MONTHLY:
                return f"{minute} {hour} {day or 1} * *"

    @classmethod
    def of(cls, cron: str) -> ScheduleType | None:
        """The rhythm of a schedule; None for any other."""
        return next((kind for kind, shape in _SHAPES.items() if re.fullmatch(shape, cron)), None)


_SHAPES = {
    ScheduleType.HOURLY: r"\d+ \* \* \* \*",
    ScheduleType.DAILY: r"\d+ \d+ \* \* \*",
    ScheduleType.WEEKLY: r"\d+ \d+ \* \* \d+",
    ScheduleType.MONTHLY: r"\d+ \d+ \d+ \* \*",
}
