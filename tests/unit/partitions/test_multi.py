"""Partitions in two dimensions: keys, places that stay, and ranges."""

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetq.errors import DefinitionError, InvariantError, UnknownPartitionError
from assetq.partitions import (
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    IndexSet,
    MultiPartitionKey,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    partition_loading_context,
    partitions_from_dict,
)
from assetq.partitions.pairing import Shells, Table


class Store:
    """Keys by name, as an instance keeps them."""

    def __init__(self, **slots):
        self.slots = slots

    def dynamic_partition_slots(self, partitions_def_name):
        return self.slots.get(partitions_def_name, {})


REGIONS = StaticPartitionsDefinition(["eu", "us", "asia"])
SIZES = StaticPartitionsDefinition(["s", "l"])
DAYS = DailyPartitionsDefinition("2024-01-01", "2024-01-06")
OPEN_DAYS = DailyPartitionsDefinition("2024-01-01")
HOURS = HourlyPartitionsDefinition("2024-01-01-00:00", "2024-01-01-04:00")
OPEN_HOURS = HourlyPartitionsDefinition("2024-01-05-00:00")
USERS = DynamicPartitionsDefinition(name="users")
GROUPS = DynamicPartitionsDefinition(name="groups")
STORE = Store(users={"ann": 0, "cid": 4, "bob": 2}, groups={"x": 1, "y": 0})
KINDS = [REGIONS, SIZES, DAYS, OPEN_DAYS, HOURS, OPEN_HOURS, USERS, GROUPS]
NOW = datetime(2024, 1, 5, 12, tzinfo=UTC)
pairs = st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)).map(
    lambda pair: MultiPartitionsDefinition({"a": pair[0], "b": pair[1]})
)
sets = st.sets(st.integers(0, 80)).map(IndexSet.from_indices)


@given(st.one_of(st.integers(1, 9).map(Table), st.just(Shells())), sets)
def test_pairings_split_into_blocks(pairing, indices):
    cells = {(r, c) for rows, columns in pairing.blocks(indices) for r in rows for c in columns}
    assert cells == {pairing.split(index) for index in indices}
    assert sum(len(rows) * len(columns) for rows, columns in pairing.blocks(indices)) == len(indices)
    assert {pairing.join(*cell) for cell in cells} == set(indices)
    for rows, columns in pairing.blocks(indices):
        assert set(pairing.join_all(rows, columns)) == {pairing.join(r, c) for r in rows for c in columns}


@given(pairs)
@settings(deadline=None, max_examples=60)
def test_keys_are_the_product_in_the_order_of_the_names(multi):
    with partition_loading_context(NOW, STORE):
        first, second = (d.partitions_def.get_partition_keys() for d in multi.partitions_defs)
        for known in (multi, multi.bound(STORE)):
            keys = known.get_partition_keys()
            assert keys == [f"{a}|{b}" for a in first for b in second]
            indices = IndexSet.from_indices(known.index_of(key) for key in keys)
            assert indices == known.all_indices()
            assert len(indices) == len(keys) == known.get_num_partitions()
            assert sorted(known.keys_of(indices)) == sorted(keys)
            assert [known.key_at(known.index_of(key)) for key in keys] == keys


@given(pairs, st.data())
@settings(deadline=None, max_examples=60)
def test_a_snapshot_is_stored_with_its_indices(multi, data):
    with partition_loading_context(NOW, STORE):
        known = multi.bound(STORE)
        again = partitions_from_dict(known.to_dict())
        assert again == known == multi.bound(STORE)
        key = data.draw(st.sampled_from(known.get_partition_keys()))
        assert again.index_of(key) == known.index_of(key)
        assert again.status_identity == known.status_identity


@given(pairs, st.data())
@settings(deadline=None, max_examples=60)
def test_status_keeps_its_place_while_time_goes_on(multi, data):
    later_store = Store(users={**STORE.slots["users"], "dan": 5}, groups={**STORE.slots["groups"], "z": 2})
    with partition_loading_context(NOW, STORE):
        early = multi.bound(STORE)
        keys = data.draw(st.lists(st.sampled_from(early.get_partition_keys()), max_size=12))
        places = early.to_status(IndexSet.from_indices(map(early.index_of, keys)))
        assert len(places) == len(set(keys))
    with partition_loading_context(datetime(2024, 1, 9, tzinfo=UTC), later_store):
        late = multi.bound(later_store)
        assert late.status_identity == early.status_identity
        assert set(late.keys_of(late.from_status(places))) == set(keys)


@pytest.mark.parametrize("other", [REGIONS, USERS, OPEN_HOURS, OPEN_DAYS], ids=repr)
def test_status_keeps_its_place_when_a_start_moves(other):
    with partition_loading_context(NOW, STORE):
        wide = MultiPartitionsDefinition({"day": OPEN_DAYS, "o": other}).bound(STORE)
        narrow = MultiPartitionsDefinition({"day": DailyPartitionsDefinition("2024-01-03"), "o": other}).bound(STORE)
        kept = [key for key in wide.get_partition_keys() if key >= "2024-01-03"]
        places = wide.to_status(wide.all_indices())
        assert narrow.status_identity == wide.status_identity
        assert sorted(narrow.keys_of(narrow.from_status(places))) == sorted(kept)


def test_many_keys_are_one_range():
    multi = MultiPartitionsDefinition({"hour": HourlyPartitionsDefinition("2015-01-01-00:00"), "region": REGIONS})
    every = multi.all_indices(NOW)
    assert len(every.ranges) == 1
    assert len(multi.to_status(every).ranges) == 1
    assert multi.from_status(multi.to_status(every)) == every


def test_a_range_is_a_product():
    multi = MultiPartitionsDefinition({"day": DAYS, "region": REGIONS})
    found = multi.keys_between("2024-01-01|eu", "2024-01-02|us")
    assert found == ["2024-01-01|eu", "2024-01-01|us", "2024-01-02|eu", "2024-01-02|us"]
    assert sorted(multi.keys_of(multi.indices_between("2024-01-01|eu", "2024-01-02|us"))) == found


def test_keys():
    key = MultiPartitionKey({"z": "a", "day": "1"})
    assert (key, key.keys_by_dimension) == ("1|a", {"day": "1", "z": "a"})
    assert pickle.loads(pickle.dumps(key)).keys_by_dimension == key.keys_by_dimension
    multi = MultiPartitionsDefinition({"region": REGIONS, "day": DAYS})
    assert multi.key_at(0).keys_by_dimension == {"day": "2024-01-01", "region": "eu"}
    assert multi.has_partition_key(MultiPartitionKey({"day": "2024-01-01", "region": "eu"}))
    assert not multi.has_partition_key(MultiPartitionKey({"x": "2024-01-01", "y": "eu"}))
    assert not multi.has_partition_key("2024-01-01")
    with pytest.raises(DefinitionError):
        MultiPartitionKey({"a": 1})


def test_a_key_is_written_by_its_dimensions():
    multi = MultiPartitionsDefinition({"region": REGIONS, "day": DAYS})
    assert multi.key_from_dimensions("region=eu,day=2024-01-01") == "2024-01-01|eu"
    assert multi.key_from_dimensions({"region": "eu", "day": "2024-01-01"}) == "2024-01-01|eu"
    for text in ("region=eu", "region=eu,hour=1", "", "region=eu,day=1,x=2"):
        with pytest.raises(UnknownPartitionError, match="'day' and 'region'"):
            multi.key_from_dimensions(text)
    with pytest.raises(UnknownPartitionError):
        multi.get_partition_key_from_str("2024-01-01")


def test_dimensions():
    multi = MultiPartitionsDefinition({"a": REGIONS, "day": DAYS})
    assert multi.primary_dimension == multi.time_window_dimension == ("day", DAYS)
    assert multi.secondary_dimension.name == "a"
    assert multi.get_multipartition_keys_with_dimension_value("a", "eu")[0] == "eu|2024-01-01"
    assert multi.time_window_for_partition_key("eu|2024-01-02") == DAYS.window_at(1)
    with pytest.raises(InvariantError, match="'a' and 'day'"):
        multi.get_partitions_def_for_dimension("x")
    with pytest.raises(InvariantError):
        MultiPartitionsDefinition({"a": REGIONS, "b": SIZES}).time_window_dimension  # noqa: B018


@pytest.mark.parametrize(
    "dimensions",
    [
        {},
        {"a": DAYS},
        {"a": DAYS, "b": DAYS, "c": DAYS},
        {"a": "x", "b": DAYS},
        {1: DAYS, "b": DAYS},
        {"a": StaticPartitionsDefinition(["x|y"]), "b": DAYS},
        {"a": MultiPartitionsDefinition({"x": DAYS, "y": DAYS}), "b": DAYS},
        "ab",
    ],
)
def test_bad_dimensions(dimensions):
    with pytest.raises(DefinitionError):
        MultiPartitionsDefinition(dimensions)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("2024-01-02", "A key has the parts day|region."),
        ("eu|2024-01-02", "Did you mean '2024-01-02|eu'?"),
        (
            "2024-01-02|asi",
            "Of 'region' there is no 'asi': the 3 partitions go from 'eu' to 'asia'. Did you mean 'asia'?",
        ),
        ("2024-01-09|eu", "Of 'day' there is no '2024-01-09': the 5 partitions go from '2024-01-01' to '2024-01-05'."),
    ],
)
def test_an_unknown_key_is_explained_part_by_part(key, told):
    multi = MultiPartitionsDefinition({"day": DAYS, "region": REGIONS})
    with pytest.raises(UnknownPartitionError) as caught:
        multi.index_of(key)
    assert told in str(caught.value)
