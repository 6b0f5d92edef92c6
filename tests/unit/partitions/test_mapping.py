"""Mappings on ranges against mappings key by key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetq.partitions import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    LastPartitionMapping,
    MonthlyPartitionsDefinition,
    StaticPartitionMapping,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    default_mapping,
    mapping_from_dict,
)

DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
LATER = DailyPartitionsDefinition("2013-02-01", end_date="2013-04-01")
HOURS = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2013-02-01-00:00")
WEEKS = WeeklyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
MONTHS = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
STATIC = StaticPartitionsDefinition(["a", "b", "c"])

grids = st.sampled_from([DAYS, LATER, HOURS, WEEKS, MONTHS])


def overlap(below, above):
    """Pairs of windows that overlap, the slow way."""
    for b in range(below.count()):
        window = below.window_at(b)
        for a in range(above.count()):
            other = above.window_at(a)
            if other.start < window.end and window.start < other.end:
                yield b, a


@pytest.mark.parametrize("above", [DAYS, LATER, WEEKS, MONTHS], ids=repr)
@pytest.mark.parametrize("below", [DAYS, LATER, WEEKS, MONTHS], ids=repr)
def test_time_windows_overlap(below, above):
    mapping = TimeWindowPartitionMapping()
    pairs = set(overlap(below, above))
    for b in range(below.count()):
        found = mapping.upstream(IndexSet.range(b, b + 1), below, above)
        assert set(found) == {a for x, a in pairs if x == b}
    for a in range(above.count()):
        found = mapping.downstream(IndexSet.range(a, a + 1), above, below)
        assert set(found) == {b for b, x in pairs if x == a}


@given(grids, grids, st.integers(-2, 2), st.integers(0, 2), st.data())
def test_ranges_map_like_their_members(below, above, start_offset, end_offset, data):
    mapping = TimeWindowPartitionMapping(start_offset, max(start_offset, end_offset))
    first = data.draw(st.integers(0, below.count() - 1))
    last = data.draw(st.integers(first, min(below.count() - 1, first + 20)))
    whole = mapping.upstream(IndexSet.range(first, last + 1), below, above)
    single = IndexSet()
    for index in range(first, last + 1):
        single = single | mapping.upstream(IndexSet.range(index, index + 1), below, above)
    assert whole == single


@given(st.sampled_from([DAYS, LATER, WEEKS, MONTHS]), st.sampled_from([DAYS, LATER, WEEKS, MONTHS]), st.integers(-2, 1))
def test_offset_mappings_go_both_ways(below, above, offset):
    mapping = TimeWindowPartitionMapping(offset, offset)
    for b in range(below.count()):
        for a in mapping.upstream(IndexSet.range(b, b + 1), below, above):
            assert b in mapping.downstream(IndexSet.range(a, a + 1), above, below)


def test_identity_by_key_when_starts_differ():
    mapping = IdentityPartitionMapping()
    assert mapping.upstream(IndexSet.range(0, 3), LATER, DAYS) == IndexSet.range(31, 34)
    assert mapping.downstream(IndexSet.range(0, 33), DAYS, LATER) == IndexSet.range(0, 2)


def test_defaults():
    assert isinstance(default_mapping(DAYS, DAYS), IdentityPartitionMapping)
    assert isinstance(default_mapping(MONTHS, DAYS), TimeWindowPartitionMapping)
    assert isinstance(default_mapping(None, DAYS), AllPartitionMapping)
    assert isinstance(default_mapping(DAYS, None), AllPartitionMapping)
    assert isinstance(default_mapping(STATIC, DAYS), AllPartitionMapping)


def test_all_last_and_static():
    three = IndexSet.range(0, 3)
    assert AllPartitionMapping().upstream(IndexSet.range(1, 2), DAYS, STATIC) == three
    assert LastPartitionMapping().upstream(IndexSet.range(1, 2), DAYS, STATIC) == IndexSet.range(2, 3)
    assert not LastPartitionMapping().downstream(IndexSet.range(0, 2), STATIC, DAYS)
    table = StaticPartitionMapping({"a": ["b", "c"], "b": "a"})
    assert table.downstream(IndexSet.range(0, 1), STATIC, STATIC) == IndexSet.range(1, 3)
    assert table.upstream(IndexSet.range(0, 1), STATIC, STATIC) == IndexSet.range(1, 2)
    assert mapping_from_dict(table.to_dict()) == table
