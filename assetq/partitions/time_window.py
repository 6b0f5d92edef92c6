"""Partitions by time: hours, days, weeks, months. Keys and indices convert by arithmetic."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONDAY_EPOCH = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """From `start` (included) to `end` (excluded), both aware."""

    start: datetime
    end: datetime


class TimeWindowPartitionsDefinition(PartitionsDefinition):
    """Base of the time grids. A grid numbers all its windows by an ordinal that no start or end moves.

    Args:
        start: First window's start, as text in `fmt` or a datetime.
        end: Windows that start before this moment exist; None for all that have ended by now.
        timezone: Name of the zone in which days begin.
        fmt: Format of the keys.
        end_offset: So many windows more (or fewer) than have ended by now.
        offsets: Shift of each window inside its grid: minutes, hours, days.
    """

    default_fmt: ClassVar[str] = "%Y-%m-%d"

    def __init__(
        self,
        start: datetime | str,
        end: datetime | str | None = None,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
        minute_offset: int = 0,
        hour_offset: int = 0,
        day_offset: int = 0,
    ) -> None:
        self.fmt = fmt or self.default_fmt
        self.timezone = timezone or "UTC"
        try:
            self.zone = ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError):
            raise DefinitionError(f"There is no time zone '{timezone}'. Use a name such as 'Europe/Berlin'.") from None
        self.minute_offset, self.hour_offset, self.day_offset = minute_offset, hour_offset, day_offset
        self.end_offset = end_offset
        self.start = self._moment(start)
        self.end = None if end is None else self._moment(end)
        self._first = self._ordinal_at_or_after(self.start)
        self._last = None if self.end is None else self._ordinal_at_or_after(self.end)

    def _moment(self, value: datetime | str) -> datetime:
        if isinstance(value, str):
            text = value
            try:
                value = datetime.strptime(text, self.fmt)
            except ValueError:
                try:
                    value = datetime.fromisoformat(text)
                except ValueError:
                    raise DefinitionError(
                        f"Partition start or end {value!r} does not fit the format '{self.fmt}'."
                    ) from None
        return value.astimezone(self.zone) if value.tzinfo else value.replace(tzinfo=self.zone)

    @abstractmethod
    def _ordinal(self, moment: datetime) -> int:
        """Ordinal of the window that contains a moment."""

    @abstractmethod
    def _begin(self, ordinal: int) -> datetime:
        """When the window with this ordinal begins, in the zone."""

    def _ordinal_at_or_after(self, moment: datetime) -> int:
        ordinal = self._ordinal(moment)
        return ordinal if self._begin(ordinal) == moment else ordinal + 1

    def window_at(self, index: int) -> TimeWindow:
        """The time window of a partition."""
        ordinal = self._first + index
        return TimeWindow(self._begin(ordinal), self._begin(ordinal + 1))

    def index_containing(self, moment: datetime) -> int:
        """Index of the window that contains a moment; may lie outside the partitions."""
        return self._ordinal(moment.astimezone(self.zone)) - self._first

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """The time window of a key.

        Raises:
            UnknownPartitionError: There is no such partition.
        """
        index = self.find(partition_key)
        return self.window_at(self.index_of(partition_key) if index is None else index)

    def get_next_partition_key(self, partition_key: str) -> str:
        """Key of the following window."""
        return self.key_at(self.index_of(partition_key) + 1)

    def get_prev_partition_key(self, partition_key: str) -> str:
        """Key of the window before."""
        return self.key_at(self.index_of(partition_key) - 1)

    def count(self, now: datetime | None = None) -> int:
        if self._last is not None:
            return max(0, self._last - self._first)
        moment = (now or datetime.now(UTC)).astimezone(self.zone)
        return max(0, self._ordinal(moment) - self._first + self.end_offset)

    def key_at(self, index: int) -> str:
        return self._begin(self._first + index).strftime(self.fmt)

    def find(self, key: str) -> int | None:
        try:
            moment = datetime.strptime(key, self.fmt)
        except (ValueError, TypeError):
            return None
        index = self._ordinal(self._moment(moment)) - self._first
        for candidate in (index, index + 1):
            if self.key_at(candidate) == key:
                return candidate
        return None

    @property
    def status_offset(self) -> int:
        return self._first

    @property
    def status_identity(self) -> str:
        return (
            f"{self.kind}.{self.timezone.replace('/', '_')}.{self.day_offset}.{self.hour_offset}.{self.minute_offset}"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "timezone": self.timezone,
            "fmt": self.fmt,
            "end_offset": self.end_offset,
            "offsets": [self.minute_offset, self.hour_offset, self.day_offset],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TimeWindowPartitionsDefinition:
        grid = cls.__new__(cls)
        minute, hour, day = data["offsets"]
        TimeWindowPartitionsDefinition.__init__(
            grid,
            datetime.fromisoformat(data["start"]),
            datetime.fromisoformat(data["end"]) if data["end"] else None,
            data["timezone"],
            data["fmt"],
            data["end_offset"],
            minute,
            hour,
            day,
        )
        return grid

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.start.strftime(self.fmt)!r})"


class HourlyPartitionsDefinition(TimeWindowPartitionsDefinition):
    """One partition an hour. Mirrors Dagster's `HourlyPartitionsDefinition`."""

    kind = "hourly"
    default_fmt = "%Y-%m-%d-%H:%M"

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
    ) -> None:
        super().__init__(start_date, end_date, timezone, fmt, end_offset, minute_offset)

    def _ordinal(self, moment: datetime) -> int:
        return (moment - EPOCH - timedelta(minutes=self.minute_offset)) // HOUR

    def _begin(self, ordinal: int) -> datetime:
        return (EPOCH + ordinal * HOUR + timedelta(minutes=self.minute_offset)).astimezone(self.zone)


class _DatedPartitionsDefinition(TimeWindowPartitionsDefinition):
    """Grids whose windows begin on dates, at `hour_offset:minute_offset` local time."""

    @abstractmethod
    def _date_ordinal(self, day: date) -> int:
        """Ordinal of the window that contains a date."""

    @abstractmethod
    def _date_begin(self, ordinal: int) -> date:
        """Date on which a window begins."""

    def _ordinal(self, moment: datetime) -> int:
        local = moment.astimezone(self.zone)
        ordinal = self._date_ordinal(local.date())
        while self._begin(ordinal) > local:
            ordinal -= 1
        return ordinal

    def _begin(self, ordinal: int) -> datetime:
        day = self._date_begin(ordinal)
        return datetime(day.year, day.month, day.day, self.hour_offset, self.minute_offset, tzinfo=self.zone)


class DailyPartitionsDefinition(_DatedPartitionsDefinition):
    """One partition a day. Mirrors Dagster's `DailyPartitionsDefinition`."""

    kind = "daily"

    def __init__(
        self,
        start_date: datetime | str,
        end_date: datetime | str | None = None,
        minute_offset: int = 0,
        hour_offset: int = 0,
        timezone: str | None = None,
        fmt: str | None = None,
        end_offset: int = 0,
    ) -> None:
        super().__init__(start_date, end_date, timezone, fmt, end_offset, minute_offset, hour_offset)

    def _date_ordinal(self, day: date) -> int:
        return (day - EPOCH.date()).days

    def _date_begin(self, ordinal: int) -> date:
        return EPOCH.date() + timedelta(days=ordinal)


class WeeklyPartitionsDefinition(_DatedPartitionsDefinition):
    """One partition a week, from Sunday (`day_offset` 0) by default. Mirrors Dagster's `WeeklyPartitionsDefinition`."""

    kind = "weekly"

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
    ) -> None:
        super().__init__(start_date, end_date, timezone, fmt, end_offset, minute_offset, hour_offset, day_offset)

    @property
    def _anchor(self) -> date:
        return MONDAY_EPOCH + timedelta(days=(self.day_offset - 1) % 7)

    def _date_ordinal(self, day: date) -> int:
        return (day - self._anchor).days // 7

    def _date_begin(self, ordinal: int) -> date:
        return self._anchor + timedelta(weeks=ordinal)


class MonthlyPartitionsDefinition(_DatedPartitionsDefinition):
    """One partition a month, from its `day_offset`th day. Mirrors Dagster's `MonthlyPartitionsDefinition`."""

    kind = "monthly"

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
    ) -> None:
        super().__init__(start_date, end_date, timezone, fmt, end_offset, minute_offset, hour_offset, day_offset)

    def _date_ordinal(self, day: date) -> int:
        months = (day.year - 1970) * 12 + day.month - 1
        return months if day.day >= self.day_offset else months - 1

    def _date_begin(self, ordinal: int) -> date:
        return date(1970 + ordinal // 12, ordinal % 12 + 1, self.day_offset)
