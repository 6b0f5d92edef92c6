"""Config by time windows: hourly, daily, weekly, monthly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from assetq.partitions.partitioned_config import PartitionedConfig, time_config
from assetq.partitions.time_grid import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

TagsOfWindow = Callable[[datetime, datetime], Mapping[str, str]]
Decorator = Callable[[Callable[[datetime, datetime], Any]], PartitionedConfig]


def hourly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: TagsOfWindow | None = None,
    exclusions: Sequence[Any] | None = None,
) -> Decorator:
    """Define config by a function of an hour's start and end. Mirrors Dagster's decorator; see the definition."""
    given: dict[str, Any] = {"timezone": timezone, "fmt": fmt, "end_offset": end_offset, "exclusions": exclusions}
    grid = HourlyPartitionsDefinition(start_date, minute_offset=minute_offset, **given)
    return time_config(grid, tags_for_partition_fn)


def daily_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: TagsOfWindow | None = None,
    exclusions: Sequence[Any] | None = None,
) -> Decorator:
    """Define config by a function of a day's start and end. Mirrors Dagster's decorator; see the definition."""
    given: dict[str, Any] = {"timezone": timezone, "fmt": fmt, "end_offset": end_offset, "exclusions": exclusions}
    shift: dict[str, Any] = {"minute_offset": minute_offset, "hour_offset": hour_offset}
    return time_config(DailyPartitionsDefinition(start_date, **shift, **given), tags_for_partition_fn)


def weekly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    day_offset: int = 0,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: TagsOfWindow | None = None,
    exclusions: Sequence[Any] | None = None,
) -> Decorator:
    """Define config by a function of a week's start and end. Mirrors Dagster's decorator; see the definition."""
    given: dict[str, Any] = {"timezone": timezone, "fmt": fmt, "end_offset": end_offset, "exclusions": exclusions}
    shift: dict[str, Any] = {"minute_offset": minute_offset, "hour_offset": hour_offset, "day_offset": day_offset}
    grid = WeeklyPartitionsDefinition(start_date, **shift, **given)
    return time_config(grid, tags_for_partition_fn)


def monthly_partitioned_config(
    start_date: datetime | str,
    minute_offset: int = 0,
    hour_offset: int = 0,
    day_offset: int = 1,
    timezone: str | None = None,
    fmt: str | None = None,
    end_offset: int = 0,
    tags_for_partition_fn: TagsOfWindow | None = None,
    exclusions: Sequence[Any] | None = None,
) -> Decorator:
    """Define config by a function of a month's start and end. Mirrors Dagster's decorator; see the definition."""
    given: dict[str, Any] = {"timezone": timezone, "fmt": fmt, "end_offset": end_offset, "exclusions": exclusions}
    shift: dict[str, Any] = {"minute_offset": minute_offset, "hour_offset": hour_offset, "day_offset": day_offset}
    grid = MonthlyPartitionsDefinition(start_date, **shift, **given)
    return time_config(grid, tags_for_partition_fn)
