"""Partitions by time. Keys, indices and windows convert by arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from typing import Any, NamedTuple

from assetq.errors import DefinitionError, InvariantError
from assetq.partitions.context import moment_of
from assetq.partitions.definition import PartitionKeyRange, PartitionsDefinition
from assetq.partitions.exclusion import Exclusion, Exclusions
from assetq.partitions.index_set import IndexSet
from assetq.partitions.key_format import KeyFormat
from assetq.partitions.schedule_type import ScheduleType
from assetq.partitions.ticks import StepTicks, ticks_of
from assetq.partitions.zone_clock import zone_clock

EARLIER = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
MOST_EXCLUDED = 100_000  # windows in a row, behind which no further one is looked for


class TimeWindow(NamedTuple):
    """From `start` (included) to `end` (excluded), both aware. Mirrors Dagster's `TimeWindow`."""

    start: datetime
    end: datetime


class TimeWindowPartitionsDefinition(PartitionsDefinition):
    """One partition for each window between the moments of a schedule.

    Mirrors Dagster's `TimeWindowPartitionsDefinition`. All windows of a schedule are numbered, whatever the start:
    the index of a partition is its distance from the first. Excluded windows leave holes among the indices.

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

    def __init__(
        self,
        start: datetime | str,
        fmt: str,
        end: datetime | str | None = None,
        schedule_type: ScheduleType | None = None,
        timezone: str | None = None,
        end_offset: int = 0,
        minute_offset: int | None = None,
        hour_offset: int | None = None,
        day_offset: int | None = None,
        cron_schedule: str | None = None,
        exclusions: Sequence[Exclusion] | None = None,
    ) -> None:
        offsets = (minute_offset, hour_offset, day_offset)
        self.cron_schedule = _schedule(cron_schedule, schedule_type, offsets)
        self.fmt, self.timezone, self.end_offset = fmt, timezone or "UTC", end_offset
        self._clock = zone_clock(self.timezone)
        self.start = self._moment(start)
        self.end = None if end is None else self._moment(end)
        self._ticks = ticks_of(self.cron_schedule, self.timezone, _seconds(self.start))
        self._first = self._number_from(_seconds(self.start))
        self._stop = None if self.end is None else self._ticks.number(_seconds(self.end))
        self._format = KeyFormat(fmt, self._clock, self._in_real_time)
        self._excluded = Exclusions(exclusions, self._ticks, self.timezone) if exclusions else None
        self._whole: IndexSet | None = None  # all that there will ever be, when it is over
        if self._stop is not None and self.end_offset >= 0 and self._excluded is None:
            self._whole = IndexSet.range(0, self._stop - self._first)
        self._listed: tuple[IndexSet, list[str]] = (IndexSet(), [])

    @property
    def zone(self) -> tzinfo:
        """The zone in which windows begin."""
        return self._clock.zone

    @property
    def exclusions(self) -> Sequence[Exclusion] | None:
        """What is left out."""
        return list(self._excluded.given) if self._excluded else None

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

    @property
    def _in_real_time(self) -> bool:
        return isinstance(self._ticks, StepTicks) or bool(getattr(self._ticks, "in_real_time", False))

    def _moment(self, value: datetime | str) -> datetime:
        if isinstance(value, str):
            value = self._read(value)
        return value.astimezone(self.zone) if value.tzinfo else value.replace(tzinfo=self.zone)

    def _read(self, text: str) -> datetime:
        try:
            return datetime.strptime(text, self.fmt)
        except ValueError:
            pass
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise DefinitionError(f"Partition start or end {text!r} does not fit the format '{self.fmt}'.") from None

    def _number_from(self, moment: int) -> int:
        """Number of the first window that begins at a moment or after it."""
        number = self._ticks.number(moment)
        return number if self._ticks.moment(number) == moment else number + 1

    def count(self, now: datetime | None = None) -> int:
        known = self.all_indices(now)
        return known.last + 1 if known else 0

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        moment = self._moment(moment_of(now))
        if self._whole is not None and self.end is not None and moment >= self.end:
            return self._whole
        ended = self._ticks.number(_seconds(moment)) - self._first
        found = self._live(ended + self.end_offset) if self._excluded is None else self._live_by_offset(ended)
        if self._stop is None:
            return found
        return found & IndexSet.range(0, self._stop - self._first)

    def _live(self, stop: int) -> IndexSet:
        every = IndexSet.range(0, stop)
        if self._excluded is None or not every:
            return every
        return every - self._excluded.between(self._first, self._first + stop)

    def _live_by_offset(self, ended: int) -> IndexSet:
        """Excluded windows do not count for the offset."""
        found = self._live(ended)
        wanted = len(found) + self.end_offset
        for stop in range(ended, ended + MOST_EXCLUDED):
            if len(found) >= wanted:
                break
            found = self._live(stop + 1)
        return found.slice(0, wanted)

    def key_at(self, index: int) -> str:
        return self._format.keys([self._ticks.moment(self._first + index)])[0]

    def keys_of(self, indices: IndexSet) -> list[str]:
        known, keys = self._listed
        if known != indices:
            pieces = (self._ticks.moments(self._first + start, self._first + stop) for start, stop in indices.ranges)
            keys = [key for piece in pieces for key in self._format.keys(piece)]
            self._listed = (indices, keys)
        return list(keys)

    def find(self, key: str) -> int | None:
        if isinstance(key, str):
            for moment in self._format.moments_of(key):
                number = self._ticks.number(moment)
                for index in (number - self._first, number - self._first + 1):
                    if self.key_at(index) == key:
                        return index
        return None

    def window_at(self, index: int) -> TimeWindow:
        """The time window of a partition; it may lie outside the partitions."""
        begin, end = (self._ticks.moment(self._first + index + i) for i in (0, 1))
        return TimeWindow(self._clock.local_datetime(begin), self._clock.local_datetime(end))

    def bounds_of(self, start: int, stop: int) -> tuple[int, int]:
        """Seconds since 1970 at which the windows from `start` to `stop - 1` begin and end."""
        return self._ticks.moment(self._first + start), self._ticks.moment(self._first + stop)

    def index_at(self, moment: int) -> int:
        """Index of the window that contains a moment in seconds; may lie outside the partitions."""
        return self._ticks.number(moment) - self._first

    def index_containing(self, moment: datetime) -> int:
        """Index of the window that contains a moment; may lie outside the partitions."""
        return self.index_at(_seconds(self._moment(moment)))

    def shares_windows_with(self, other: TimeWindowPartitionsDefinition) -> bool:
        """True when both number the same windows, though they may start at different ones."""
        mine, theirs = (self.cron_schedule, self.timezone), (other.cron_schedule, other.timezone)
        return self._ticks == other._ticks or (mine == theirs and not isinstance(self._ticks, StepTicks))

    @property
    def first_number(self) -> int:
        """Number of the first window among all of the schedule."""
        return self._first

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
        first, stop = (self._number_from(_seconds(self._moment(edge))) for edge in time_window)
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

    def leaves_out(self, index: int) -> bool:
        """True when the window of an index is excluded."""
        number = self._first + index
        return self._excluded is not None and bool(self._excluded.between(number, number + 1))

    def has_partition_key(
        self, partition_key: str, current_time: datetime | None = None, dynamic_partitions_store: object = None
    ) -> bool:
        index = self.find(partition_key)
        return index is not None and index in self.all_indices(current_time)

    @property
    def capacity(self) -> int | None:
        return None if self._stop is None else max(0, self._stop - self._first)

    def place_of(self, moment: int) -> int:
        """Place in the status of the window that contains a moment in seconds."""
        return self.index_at(moment) + self.status_offset

    @property
    def _era(self) -> int:
        """Where places in the status begin: 1970, or for a start before it 1900, or for one before that the start."""
        start = _seconds(self.start)
        return 0 if start >= 0 else EARLIER if start >= EARLIER else start

    @property
    def status_offset(self) -> int:
        return self._first - (self._number_from(self._era) if self._era else 0)

    @cached_property
    def status_identity(self) -> str:
        words = [self.kind, self.cron_schedule.replace("/", "-").replace(" ", "_"), self.timezone.replace("/", "_")]
        if isinstance(self._ticks, StepTicks):
            words.append(f"{self._ticks.phase}")
        if self._era:
            words.append(f"from{self._era}")
        return ".".join(words)

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


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def _schedule(cron: str | None, kind: ScheduleType | None, offsets: tuple[int | None, int | None, int | None]) -> str:
    if cron is not None and (kind is not None or any(offset is not None for offset in offsets)):
        raise DefinitionError("Give cron_schedule or schedule_type; minute, hour and day offsets belong to the latter.")
    if cron is not None:
        return cron
    if not isinstance(kind, ScheduleType):
        raise DefinitionError("TimeWindowPartitionsDefinition needs a cron_schedule or a schedule_type.")
    minute, hour, day = offsets
    return kind.cron(minute or 0, hour or 0, day)
