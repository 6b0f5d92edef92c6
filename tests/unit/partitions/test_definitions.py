"""Keys, indices and windows of each kind of partitions."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetq import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    StaticPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from assetq.errors import DefinitionError, UnknownPartitionError
from assetq.partitions import partitions_from_dict

GRIDS = [
    DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01"),
    DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01", timezone="America/New_York", hour_offset=6),
    HourlyPartitionsDefinition("2013-03-01-00:00", end_date="2013-12-01-00:00"),
    MonthlyPartitionsDefinition("2013-01-01", end_date="2020-01-01"),
    WeeklyPartitionsDefinition("2013-01-01", end_date="2014-01-01"),
    StaticPartitionsDefinition(["a", "b", "c/d", "..", "e f"]),
]


@pytest.mark.parametrize("grid", GRIDS, ids=repr)
def test_keys_and_indices_are_inverse(grid):
    keys = grid.get_partition_keys()
    assert len(set(keys)) == len(keys) == grid.count()
    assert [grid.index_of(key) for key in keys] == list(range(len(keys)))
    assert partitions_from_dict(grid.to_dict()) == grid
    assert (grid.get_first_partition_key(), grid.get_last_partition_key()) == (keys[0], keys[-1])


@pytest.mark.parametrize("grid", GRIDS[:-1], ids=repr)
def test_windows_follow_each_other(grid):
    for index in range(min(grid.count(), 400)):
        window = grid.window_at(index)
        assert window.end == grid.window_at(index + 1).start
        assert grid.index_containing(window.start) == index
        assert grid.time_window_for_partition_key(grid.key_at(index)) == window


def test_known_counts():
    assert [grid.count() for grid in GRIDS] == [365, 364, 275 * 24, 84, 51, 5]
    assert GRIDS[4].key_at(0) == "2013-01-06"


def test_an_open_end_grows_with_time():
    grid = DailyPartitionsDefinition("2024-01-01")
    assert grid.count(datetime(2024, 1, 3, 12, tzinfo=UTC)) == 2
    assert grid.count(datetime(2023, 1, 3, 12, tzinfo=UTC)) == 0


@given(st.integers(0, 5000))
def test_status_index_stays_when_the_start_moves(index):
    early, late = DailyPartitionsDefinition("2010-01-01"), DailyPartitionsDefinition("2010-06-01")
    key = late.key_at(index)
    assert late.status_offset + index == early.status_offset + early.find(key)
    assert early.status_identity == late.status_identity


@pytest.mark.parametrize("key", ["2013-02-30", "2014-01-01", "2012-12-31", "", "nonsense", "2013-1-1"])
def test_unknown_keys_are_refused(key):
    with pytest.raises(UnknownPartitionError, match="365 partitions"):
        GRIDS[0].index_of(key)


@pytest.mark.parametrize("keys", [["a", "a"], [""], ["a...b"], ["a\x00"], "abc", [1]])
def test_bad_static_keys(keys):
    with pytest.raises(DefinitionError):
        StaticPartitionsDefinition(keys)


@pytest.mark.parametrize("arguments", [{"timezone": "Mars/North"}, {"end_date": "x"}])
def test_bad_time_arguments(arguments):
    with pytest.raises(DefinitionError):
        DailyPartitionsDefinition("2013-01-01", **arguments)
