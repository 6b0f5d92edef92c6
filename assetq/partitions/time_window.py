"""Partitions by time: what may be asked of their keys and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from assetq.errors import InvariantError
from assetq.partitions.definition import PartitionKeyRange
from assetq.partitions.exclusion import Exclusions
from assetq.partitions.index_set import IndexSet
from assetq.partitions.schedule_type import ScheduleType
from assetq.partitions.time_index import TimeIndex, TimeWindow, seconds_of


class TimeWindowPartitionsDefinition(TimeIndex):
    """One partition for each window between the moments of a schedule.

    Mirrors Dagster's `TimeWindowPartitionsDefinition`.

    Args:
        start: The first window begins here or at the next moment of the schedule; text in `fmt`, or a datetime.
        fmt: Format of the keys, as for `strftime`.
        end: No window ends after it. Without it, and before it, those exist that have ended by now.
        schedule_type: Hourly, daily, weekly or monthly, shifted by the offsets; or else
        cron_schedule: Five cron fields: when a window ends and the next begins.
        timezone: Name of the zone of schedule and keys; UTC by default.
        end_offset: So many windows more (or fewer) than have ended by now.
        minute_offset, hour_offset, day_offset: Shift of a `schedule_type`.
        exclusions: Cron schedules and moments; a window that begins at one of theirs is no partition.

    Raises:
        DefinitionError: Schedule, zone, start, end or exclusions cannot be read.
    """

    kind = "time"

    @property
    def schedule_type(self) -> ScheduleType | None:
        """Hourly, daily, weekly or monthly; None for another schedule."""
        return ScheduleType.of(self.cron_schedule)

    @property
    def minute_offset(self) -> int:
        """Minute at which windows begin."""
        return self._field(0, 0)

    @property
    def hour_offset(self) -> int:
        """Hour at which windows begin."""
        return self._field(1, 0)

    @property
    def day_offset(self) -> int:
        """Weekday (0 is Sunday) or day of the month on which windows begin."""
        return self._field(2, 1) if self.schedule_type is ScheduleType.MONTHLY else self._field(4, 0)

    def _field(self, position: int, default: int) -> int:
        text = self.cron_schedule.split()[position] if self.schedule_type else ""
        return int(text) if text.isdigit() else default

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """The time window of a key, also of one before the start or behind the end.

        Raises:
            UnknownPartitionError: The key fits no window.
        """
        index = self.find(partition_key)
        return self.window_at(self.index_of(partition_key) if index is None else index)

    def start_time_for_partition_key(self, partition_key: str) -> datetime:
        """When the window of a key begins."""
        return self.time_window_for_partition_key(partition_key).start

    def end_time_for_partition_key(self, partition_key: str) -> datetime:
        """When the window of a key ends."""
        return self.time_window_for_partition_key(partition_key).end

    def get_next_partition_key(self, partition_key: str) -> str | None:
        """Key of the following partition; None behind the last."""
        known = self.all_indices()
        later = known - IndexSet.range(0, max(0, self._found(partition_key) + 1))
        return self.key_at(later.first) if later else None

    def get_prev_partition_key(self, partition_key: str) -> str | None:
        """Key of the partition before; None before the first."""
        earlier = self.all_indices() & IndexSet.range(0, self._found(partition_key))
        return self.key_at(earlier.last) if earlier else None

    def _found(self, key: str) -> int:
        index = self.find(key)
        return self.index_of(key) if index is None else index

    def get_first_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: object = None
    ) -> str | None:
        known = self.all_indices(current_time)
        return self.key_at(known.first) if known else None

    def get_last_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: object = None
    ) -> str | None:
        known = self.all_indices(current_time)
        return self.key_at(known.last) if known else None

    def get_first_partition_window(self, current_time: datetime | None = None) -> TimeWindow | None:
        """Window of the first partition; None when there is none."""
        known = self.all_indices(current_time)
        return self.window_at(known.first) if known else None

    def get_last_partition_window(self, current_time: datetime | None = None) -> TimeWindow | None:
        """Window of the last partition; None when there is none."""
        known = self.all_indices(current_time)
        return self.window_at(known.last) if known else None

    def get_partition_key(self, key: str | date | datetime) -> str:
        """The key of a partition, given as text, or as a moment inside its window.

        Raises:
            UnknownPartitionError: There is no such partition.
        """
        if isinstance(key, str):
            index = self.index_of(key)
        else:
            index = self.index_containing(key if isinstance(key, datetime) else datetime(key.year, key.month, key.day))
        return self.key_at(self.index_of(self.key_at(index)))

    def get_partition_key_for_timestamp(self, timestamp: float, end_closed: bool = False) -> str:
        """Key of the window around a moment in seconds; with `end_closed`, an end belongs to the window before it."""
        index = self.index_at(int(timestamp // 1))
        if end_closed and self.bounds_of(index, index)[0] == timestamp:
            index -= 1
        return self.key_at(self._kept(index))

    def get_partition_keys_in_time_window(self, time_window: TimeWindow) -> Sequence[str]:
        """Keys of windows that begin inside a span, whether or not the partitions exist by now."""
        first, stop = (self.number_from(seconds_of(self.moment(edge))) for edge in time_window)
        left_out = IndexSet() if self._excluded is None or first >= stop else self._excluded.between(first, stop)
        moments = self._ticks.moments(first, stop)
        return self._format.keys([m for i, m in enumerate(moments) if i not in left_out])

    def get_partition_key_range_for_time_window(
        self, time_window: TimeWindow, respect_bounds: bool = True
    ) -> PartitionKeyRange:
        """From the window around a span's start to the last that ends inside it: the one before, when none does.

        Raises:
            InvariantError: There is none before, unless `respect_bounds` is false.
        """
        first, last = self.index_containing(time_window.start), self.index_containing(time_window.end) - 1
        if respect_bounds and last < first == 0:
            raise InvariantError(f"No window of the partitions ends between {time_window.start} and {time_window.end}.")
        return PartitionKeyRange(self.key_at(self._kept(first)), self.key_at(self._kept(last)))

    def _kept(self, index: int) -> int:
        """The last window up to this one that is not left out."""
        while self.leaves_out(index):
            index -= 1
        return index

    def to_dict(self) -> dict[str, Any]:
        plain = {
            "kind": self.kind,
            "cron": self.cron_schedule,
            "start": self.start.isoformat(),
            "end": self.end.isoformat() if self.end else None,
            "timezone": self.timezone,
            "fmt": self.fmt,
            "end_offset": self.end_offset,
        }
        return plain | ({"exclusions": self._excluded.to_plain()} if self._excluded else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TimeWindowPartitionsDefinition:
        return TimeWindowPartitionsDefinition(
            start=datetime.fromisoformat(data["start"]),
            fmt=data["fmt"],
            end=datetime.fromisoformat(data["end"]) if data["end"] else None,
            timezone=data["timezone"],
            end_offset=data["end_offset"],
            cron_schedule=data["cron"],
            exclusions=Exclusions.from_plain(data.get("exclusions", ())),
        )

    def __str__(self) -> str:
        kind = self.schedule_type
        rhythm = kind.name.capitalize() if kind else self.cron_schedule
        offset = f" End offset by {self.end_offset} partitions." if self.end_offset else ""
        return f"{rhythm}, starting {self.start.strftime(self.fmt)} {self.timezone}.{offset}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.start.strftime(self.fmt)!r})"
