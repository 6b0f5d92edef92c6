"""Windows of a schedule as indices: keys, indices and windows convert by arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import NamedTuple

from assetq.errors import DefinitionError
from assetq.partitions.context import moment_of
from assetq.partitions.definition import PartitionsDefinition
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


class TimeIndex(PartitionsDefinition):
    """The partitions between the moments of a schedule, by index.

    All windows of a schedule are numbered, whatever the start: the index of a partition is its distance from the
    first. Excluded windows leave holes among the indices. Arguments as for `TimeWindowPartitionsDefinition`.
    """

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
        self.start = self.moment(start)
        self.end = None if end is None else self.moment(end)
        self._ticks = ticks_of(self.cron_schedule, self.timezone, seconds_of(self.start))
        self._first = self.number_from(seconds_of(self.start))
        self._stop = None if self.end is None else self._ticks.number(seconds_of(self.end))
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
    def _in_real_time(self) -> bool:
        return isinstance(self._ticks, StepTicks) or bool(getattr(self._ticks, "in_real_time", False))

    def moment(self, value: datetime | str) -> datetime:
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

    def number_from(self, moment: int) -> int:
        """Number of the first window that begins at a moment or after it."""
        number = self._ticks.number(moment)
        return number if self._ticks.moment(number) == moment else number + 1

    def count(self, now: datetime | None = None) -> int:
        known = self.all_indices(now)
        return known.last + 1 if known else 0

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        moment = self.moment(moment_of(now))
        if self._whole is not None and self.end is not None and moment >= self.end:
            return self._whole
        ended = self._ticks.number(seconds_of(moment)) - self._first
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
        return self.index_at(seconds_of(self.moment(moment)))

    def shares_windows_with(self, other: TimeIndex) -> bool:
        """True when both number the same windows, though they may start at different ones."""
        mine, theirs = (self.cron_schedule, self.timezone), (other.cron_schedule, other.timezone)
        return self._ticks == other._ticks or (mine == theirs and not isinstance(self._ticks, StepTicks))

    @property
    def first_number(self) -> int:
        """Number of the first window among all of the schedule."""
        return self._first

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
        start = seconds_of(self.start)
        return 0 if start >= 0 else EARLIER if start >= EARLIER else start

    @property
    def status_offset(self) -> int:
        return self._first - (self.number_from(self._era) if self._era else 0)

    @cached_property
    def status_identity(self) -> str:
        words = [self.kind, self.cron_schedule.replace("/", "-").replace(" ", "_"), self.timezone.replace("/", "_")]
        if isinstance(self._ticks, StepTicks):
            words.append(f"{self._ticks.phase}")
        if self._era:
            words.append(f"from{self._era}")
        return ".".join(words)


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970."""
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
