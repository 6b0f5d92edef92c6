"""Time grids against the digests of Dagster's, and the edges of windows."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assetq
from assetq.errors import DefinitionError, UnknownPartitionError
from assetq.partitions import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    IndexSet,
    MonthlyPartitionsDefinition,
    ScheduleType,
    TimeWindowPartitionsDefinition,
    WeeklyPartitionsDefinition,
    partitions_from_dict,
)

from .time_table import MINUTES, ZONES, cron_grid, digest, grids, known

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_ten_years_have_the_keys_and_windows_of_dagster(zone):
    expected = known()[zone]
    assert {name: digest(grid) for name, grid in grids(assetq, zone).items()} == expected


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["0 * * * *", "*/20 * * * *", "5,25,50 * * * *", "30 1,2 * * *", "0 0 * * 1-5"])
def test_windows_follow_each_other_over_changes_of_the_clock(zone, cron):
    grid = cron_grid(assetq, cron, zone, "2024-03-01-00:00", "2024-11-10-00:00")
    indices = list(grid.all_indices())
    windows = [grid.window_at(i) for i in indices]
    assert all(a.end == b.start for a, b in pairwise(windows))
    assert [grid.index_containing(w.start) for w in windows] == indices
    keys = grid.get_partition_keys()
    assert len(set(keys)) == len(keys)
    assert [grid.find(key) for key in keys] == indices


@given(st.sampled_from(ZONES), st.sampled_from(["0 * * * *", "7 */5 * * *", "0 0 * * 1-5", "0 3 1 * *"]), st.data())
@settings(max_examples=60, deadline=None)
def test_numbers_and_moments_convert_far_from_the_start(zone, cron, data):
    grid = cron_grid(assetq, cron, zone, "2015-01-01-00:00", None)
    index = data.draw(st.integers(-300, 50_000 if cron[2] == "*" else 900))
    begin, end = grid.bounds_of(index, index + 1)
    assert begin < end
    assert grid.index_at(begin) == grid.index_at(end - 1) == index
    assert grid.find(grid.key_at(index)) == index


def test_the_hour_that_comes_twice_has_two_keys():
    grid = HourlyPartitionsDefinition("2024-11-03-00:00", "2024-11-03-04:00", timezone="America/New_York")
    assert [key[11:] for key in grid.get_partition_keys()] == ["00:00", "01:00", "01:00-0500", "02:00", "03:00"]
    assert grid.time_window_for_partition_key("2024-11-03-01:00-0500").start.utcoffset().total_seconds() == -5 * 3600


def test_no_window_ends_behind_the_end():
    assert len(HourlyPartitionsDefinition("2024-01-01-00:00", "2024-01-01-03:30").get_partition_keys()) == 3
    assert WeeklyPartitionsDefinition("2024-01-01", "2024-01-31").get_last_partition_key() == "2024-01-21"
    assert MonthlyPartitionsDefinition("2024-01-05", "2024-05-15").get_last_partition_key() == "2024-04-01"
    assert DailyPartitionsDefinition("2024-01-01", "2099-01-01").get_last_partition_key(NOW) == "2024-01-09"


@pytest.mark.parametrize(("offset", "last"), [(-2, "07"), (-1, "08"), (0, "09"), (1, "10"), (2, "11"), (5, "14")])
def test_end_offset(offset, last):
    assert DailyPartitionsDefinition("2024-01-01", end_offset=offset).get_last_partition_key(NOW) == f"2024-01-{last}"
    ended = DailyPartitionsDefinition("2024-01-01", "2024-01-12", end_offset=offset)
    assert ended.get_last_partition_key(NOW) == min(f"2024-01-{last}", "2024-01-11")


def test_exclusions_are_holes():
    grid = DailyPartitionsDefinition("2024-01-01", "2024-01-08", exclusions=["0 0 3 * *", datetime(2024, 1, 5)])
    assert [key[8:] for key in grid.get_partition_keys()] == ["01", "02", "04", "06", "07"]
    assert grid.all_indices() == IndexSet.of((0, 2), (3, 4), (5, 7))
    assert grid.get_num_partitions() == 5
    assert not grid.has_partition_key("2024-01-03")
    assert grid.get_next_partition_key("2024-01-02") == "2024-01-04"
    assert grid.get_prev_partition_key("2024-01-06") == "2024-01-04"
    assert list(grid.get_partition_keys_in_range(assetq.PartitionKeyRange("2024-01-02", "2024-01-06"))) == [
        "2024-01-02",
        "2024-01-04",
        "2024-01-06",
    ]
    assert partitions_from_dict(grid.to_dict()) == grid
    assert grid != DailyPartitionsDefinition("2024-01-01", "2024-01-08")


@pytest.mark.parametrize(
    ("offset", "days"), [(-2, "1 2 3 4"), (-1, "1 2 3 4 5"), (0, "1 2 3 4 5 7"), (2, "1 2 3 4 5 7 8 10")]
)
def test_excluded_windows_do_not_count_for_the_offset(offset, days):
    away = [datetime(2024, 1, 6), datetime(2024, 1, 9)]
    grid = DailyPartitionsDefinition("2024-01-01", end_offset=offset, exclusions=away)
    now = datetime(2024, 1, 8, 12, tzinfo=UTC)
    assert [str(int(key[8:])) for key in grid.get_partition_keys(now)] == days.split()


def test_neighbours_end_at_the_edges():
    grid = DailyPartitionsDefinition("2024-01-01", "2024-01-04")
    assert grid.get_next_partition_key("2024-01-01") == "2024-01-02"
    assert grid.get_next_partition_key("2024-01-03") is None
    assert grid.get_prev_partition_key("2024-01-01") is None
    with pytest.raises(UnknownPartitionError):
        grid.get_next_partition_key("x")


def test_a_moment_finds_its_key():
    grid = DailyPartitionsDefinition("2024-01-01", "2024-01-04")
    assert grid.get_partition_key(datetime(2024, 1, 2, 5)) == grid.get_partition_key(date(2024, 1, 2)) == "2024-01-02"
    second = datetime(2024, 1, 2, tzinfo=UTC).timestamp()
    assert grid.get_partition_key_for_timestamp(second) == "2024-01-02"
    assert grid.get_partition_key_for_timestamp(second, end_closed=True) == "2024-01-01"


def test_a_schedule_equals_the_grid_that_it_describes():
    daily = TimeWindowPartitionsDefinition(start="2024-01-01", fmt="%Y-%m-%d", cron_schedule="0 0 * * *")
    assert daily == DailyPartitionsDefinition("2024-01-01")
    assert hash(daily) == hash(DailyPartitionsDefinition("2024-01-01"))
    weekly = TimeWindowPartitionsDefinition(
        start="2024-01-01", fmt="%Y-%m-%d", schedule_type=ScheduleType.WEEKLY, day_offset=2, hour_offset=3
    )
    assert weekly.cron_schedule == "0 3 * * 2"
    assert (weekly.day_offset, weekly.hour_offset, weekly.schedule_type) == (2, 3, ScheduleType.WEEKLY)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"cron_schedule": "bad"},
        {"cron_schedule": "0 0 30 2 *"},
        {"cron_schedule": "0 0 * * *", "hour_offset": 2},
        {"cron_schedule": "0 0 * * *", "exclusions": ["x"]},
        {"cron_schedule": "0 0 * * *", "exclusions": [1]},
        {"schedule_type": "DAILY"},
    ],
)
def test_bad_schedules(arguments):
    with pytest.raises(DefinitionError):
        TimeWindowPartitionsDefinition(start="2024-01-01", fmt="%Y-%m-%d", **arguments)


def test_status_of_days_before_1970_is_kept():
    old = DailyPartitionsDefinition("1965-01-01", "1975-01-01")
    every = old.all_indices()
    assert old.from_status(old.to_status(every)) == every
    later = DailyPartitionsDefinition("1966-01-01", "1975-01-01")
    assert later.status_identity == old.status_identity
    assert later.to_status(IndexSet.range(0, 1)) == old.to_status(IndexSet.range(365, 366))


def test_naive_moments_are_in_the_zone():
    grid = cron_grid(assetq, "0 0 * * *", "America/New_York", "2024-01-01-00:00", None)
    assert len(grid.get_partition_keys(datetime(2024, 1, 5))) == 4
    assert len(grid.get_partition_keys(datetime(2024, 1, 5, tzinfo=UTC))) == 3
    assert grid.key_at(0) == datetime(2024, 1, 1).strftime(MINUTES)
