"""Mappings on ranges against mappings key by key."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetq.errors import DefinitionError, InvariantError
from assetq.partitions import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    DimensionPartitionMapping,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    LastPartitionMapping,
    MonthlyPartitionsDefinition,
    MultiPartitionMapping,
    MultiPartitionsDefinition,
    MultiToSingleDimensionPartitionMapping,
    SpecificPartitionsPartitionMapping,
    StaticPartitionMapping,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    TimeWindowPartitionsDefinition,
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
    assert isinstance(default_mapping(STATIC, DAYS), IdentityPartitionMapping)


def test_all_last_and_static():
    three = IndexSet.range(0, 3)
    assert AllPartitionMapping().upstream(IndexSet.range(1, 2), DAYS, STATIC) == three
    assert LastPartitionMapping().upstream(IndexSet.range(1, 2), DAYS, STATIC) == IndexSet.range(2, 3)
    assert not LastPartitionMapping().downstream(IndexSet.range(0, 2), STATIC, DAYS)
    table = StaticPartitionMapping({"a": ["b", "c"], "b": "a"})
    assert table.downstream(IndexSet.range(0, 1), STATIC, STATIC) == IndexSet.range(1, 3)
    assert table.upstream(IndexSet.range(0, 1), STATIC, STATIC) == IndexSet.range(1, 2)
    assert mapping_from_dict(table.to_dict()) == table


FEW = DailyPartitionsDefinition("2013-01-01", end_date="2013-01-12")
GAPS = DailyPartitionsDefinition("2013-01-03", end_date="2013-01-14", exclusions=["0 0 * * 0", "0 0 9 * *"])
WORKDAYS = TimeWindowPartitionsDefinition(
    start="2013-01-01", end="2013-01-15", fmt="%Y-%m-%d", cron_schedule="0 0 * * 1-5"
)
SOME_HOURS = HourlyPartitionsDefinition("2013-01-04-00:00", end_date="2013-01-05-12:00")
OTHER = StaticPartitionsDefinition(["b", "c", "d"])


class Store:
    """Two dynamic keys, with a hole between them."""

    def dynamic_partition_slots(self, partitions_def_name):
        return {"c": 4, "a": 1}


LETTERS = DynamicPartitionsDefinition(name="letters").bound(Store())
SINGLE = [FEW, GAPS, WORKDAYS, SOME_HOURS, STATIC, OTHER, LETTERS]
TIMED = SINGLE[:4]
singles = st.sampled_from(SINGLE)
multis = st.tuples(singles, singles).map(lambda pair: MultiPartitionsDefinition({"x": pair[0], "y": pair[1]}))
few_multis = st.sampled_from(
    [
        MultiPartitionsDefinition({"x": FEW, "y": STATIC}),
        MultiPartitionsDefinition({"x": OTHER, "y": GAPS}),
        MultiPartitionsDefinition({"x": LETTERS, "y": STATIC}),
        MultiPartitionsDefinition({"x": WORKDAYS, "y": LETTERS}),
    ]
)


def some(data, definition):
    """Any few partitions."""
    return IndexSet.from_indices(data.draw(st.sets(st.sampled_from(list(definition.all_indices())), max_size=8)))


def agree(mapping, below, above, reads, data):
    """Both directions against `reads(downstream key, upstream key)`."""
    lows, highs = (list(d.all_indices()) for d in (below, above))
    pairs = {(b, a) for b in lows for a in highs if reads(below.key_at(b), above.key_at(a))}
    chosen = some(data, below)
    assert set(mapping.upstream(chosen, below, above)) == {a for b, a in pairs if b in chosen}
    chosen = some(data, above)
    assert set(mapping.downstream(chosen, above, below)) == {b for b, a in pairs if a in chosen}
    assert mapping_from_dict(mapping.to_dict()) == mapping


@given(singles, singles, st.data())
@settings(deadline=None)
def test_identity_agrees_with_keys(below, above, data):
    agree(IdentityPartitionMapping(), below, above, lambda b, a: b == a, data)


@given(few_multis, few_multis, st.data())
@settings(deadline=None, max_examples=40)
def test_identity_of_pairs_agrees_with_keys(below, above, data):
    agree(IdentityPartitionMapping(), below, above, lambda b, a: b == a, data)


def windows_meet(below, above, start_offset=0, end_offset=0):
    def reads(b, a):
        index, window = below.find(b), above.time_window_for_partition_key(a)
        begin, end = below.window_at(index + start_offset).start, below.window_at(index + end_offset).end
        return begin < end and window.start < end and begin < window.end

    return reads


@given(st.sampled_from(TIMED), st.sampled_from(TIMED), st.integers(-3, 3), st.integers(-3, 3), st.data())
@settings(deadline=None)
def test_offsets_count_downstream_windows(below, above, start_offset, end_offset, data):
    mapping = TimeWindowPartitionMapping(start_offset, end_offset)
    agree(mapping, below, above, windows_meet(below, above, start_offset, end_offset), data)


@given(singles, singles, st.data())
@settings(deadline=None)
def test_few_partitions_are_read_by_all(below, above, data):
    keys = [above.key_at(i) for i in some(data, above)]
    agree(SpecificPartitionsPartitionMapping(keys), below, above, lambda b, a: a in keys, data)
    last = above.get_last_partition_key()
    agree(LastPartitionMapping(), below, above, lambda b, a: a == last, data)
    agree(AllPartitionMapping(), below, above, lambda b, a: True, data)


@given(st.sampled_from([FEW, STATIC, LETTERS]), st.sampled_from([STATIC, GAPS]), st.booleans(), st.data())
@settings(deadline=None, max_examples=40)
def test_one_dimension(single, other, is_up, data):
    multi = MultiPartitionsDefinition({"x": single, "y": other})
    mapping = MultiToSingleDimensionPartitionMapping("x")
    if is_up:
        agree(mapping, single, multi, lambda b, a: a.keys_by_dimension["x"] == b, data)
    else:
        agree(mapping, multi, single, lambda b, a: b.keys_by_dimension["x"] == a, data)


@given(few_multis, few_multis, st.data())
@settings(deadline=None, max_examples=60)
def test_dimension_by_dimension(below, above, data):
    chosen = {
        name: DimensionPartitionMapping(
            data.draw(st.sampled_from("xy")),
            data.draw(st.sampled_from([IdentityPartitionMapping(), AllPartitionMapping(), LastPartitionMapping()])),
        )
        for name in data.draw(st.sets(st.sampled_from("xy")))
    }

    def reads(b, a):
        for name, mapping in chosen.items():
            mine = below.get_partitions_def_for_dimension(mapping.dimension_name)
            theirs = above.get_partitions_def_for_dimension(name)
            at = mine.find(b.keys_by_dimension[mapping.dimension_name])
            read = mapping.partition_mapping.upstream(IndexSet.range(at, at + 1), mine, theirs)
            if theirs.find(a.keys_by_dimension[name]) not in read:
                return False
        return True

    agree(MultiPartitionMapping(chosen), below, above, reads, data)


def test_defaults_of_two_dimensions():
    multi = MultiPartitionsDefinition({"day": DAYS, "letter": STATIC})
    for single in (STATIC, LATER, HOURS):
        assert default_mapping(single, multi) == default_mapping(multi, single)
        assert isinstance(default_mapping(single, multi), MultiToSingleDimensionPartitionMapping)
    for other in (OTHER, LETTERS, MultiPartitionsDefinition({"day": DAYS, "x": STATIC})):
        assert isinstance(default_mapping(other, multi), IdentityPartitionMapping)
    twice = MultiPartitionsDefinition({"a": DAYS, "b": DAYS})
    assert isinstance(default_mapping(DAYS, twice), IdentityPartitionMapping)


def test_dimensions_that_do_not_fit():
    multi = MultiPartitionsDefinition({"day": DAYS, "letter": STATIC})
    one = IndexSet.range(0, 1)
    with pytest.raises(DefinitionError, match="day"):
        MultiToSingleDimensionPartitionMapping("x").upstream(one, STATIC, multi)
    with pytest.raises(DefinitionError):
        MultiToSingleDimensionPartitionMapping().upstream(one, STATIC, DAYS)
    with pytest.raises(InvariantError, match="'q'"):
        MultiPartitionMapping({"q": DimensionPartitionMapping("day", AllPartitionMapping())}).upstream(
            one, multi, multi
        )
    with pytest.raises(DefinitionError):
        MultiPartitionMapping({"day": "day"})


def test_a_table_may_hold_sets():
    table = StaticPartitionMapping({"a": {"c", "b"}})
    assert mapping_from_dict(table.to_dict()).to_dict() == table.to_dict()


def calls(function):
    """How many Python calls a function makes: a measure of work that no other process disturbs."""
    made = 0

    def count(frame, event, argument):
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_cost_of_a_range_does_not_grow_with_its_length(zone):
    hours = HourlyPartitionsDefinition(
        "1980-01-01-00:00", end_date="2100-01-01-00:00", timezone=zone, end_offset=999_999
    )
    days = DailyPartitionsDefinition("1980-01-01", end_date="2100-01-01", timezone=zone, end_offset=99_999)

    def there_and_back(length):
        above = IndexSet.range(48, 48 + length)
        below = TimeWindowPartitionMapping().downstream(above, hours, days)
        assert len(TimeWindowPartitionMapping().upstream(below, days, hours)) >= length

    there_and_back(1000)
    assert calls(lambda: there_and_back(1_000_000)) <= 3 * calls(lambda: there_and_back(1000))
