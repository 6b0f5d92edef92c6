"""The usual time grids: hours, days, weeks, months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assetq.partitions.exclusion import Exclusion
from assetq.partitions.schedule_type import ScheduleType
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

DATE, HOUR = "%Y-%m-%d", "%Y-%m-%d-%H:%M"


class HourlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition an hour. Mirrors Dagster's `HourlyPartitionsDefinition`."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[Exclusion] | None = None,
    ) -> None:
        kind, shift = ScheduleType.HOURLY, (minute_offset,)
        super().__init__(start_date, fmt or HOUR, end_date, kind, timezone, end_offset, *shift, exclusions=exclusions)


class DailyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a day. Mirrors Dagster's `DailyPartitionsDefinition`."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[Exclusion] | None = None,
    ) -> None:
        kind, shift = ScheduleType.DAILY, (minute_offset, hour_offset)
        super().__init__(start_date, fmt or DATE, end_date, kind, timezone, end_offset, *shift, exclusions=exclusions)


class WeeklyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a week, from Sunday (`day_offset` 0) by default. Mirrors Dagster's `WeeklyPartitionsDefinition`."""

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[Exclusion] | None = None,
    ) -> None:
        kind, shift = ScheduleType.WEEKLY, (minute_offset, hour_offset, day_offset)
        super().__init__(start_date, fmt or DATE, end_date, kind, timezone, end_offset, *shift, exclusions=exclusions)


class MonthlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition a month, from its `day_offset`th day. Mirrors Dagster's `MonthlyPartitionsDefinition`.

    A month without that day has no partition.
    """

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 1,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        exclusions: Sequence[Exclusion] | None = None,
    ) -> None:
        kind, shift = ScheduleType.MONTHLY, (minute_offset, hour_offset, day_offset)
        super().__init__(start_date, fmt or DATE, end_date, kind, timezone, end_offset, *shift, exclusions=exclusions)
