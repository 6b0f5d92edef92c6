"""Dynamic partitions: keys in a store, slots that stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetq.errors import DefinitionError, InvariantError, UnknownPartitionError
from assetq.partitions import (
    AllPartitionMapping,
    DynamicPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    LastPartitionMapping,
    partition_loading_context,
    partitions_from_dict,
)


class Store:
    """Keys by name, as an instance keeps them."""

    def __init__(self, **slots):
        self.slots = slots

    def dynamic_partition_slots(self, partitions_def_name):
        return self.slots.get(partitions_def_name, {})


COLORS = DynamicPartitionsDefinition(name="colors")
STORE = Store(colors={"red": 0, "blue": 3, "green": 1})


def test_keys_come_from_a_store_in_the_order_of_their_addition():
    assert COLORS.get_partition_keys(dynamic_partitions_store=STORE) == ["red", "blue", "green"]
    assert COLORS.has_partition_key("blue", dynamic_partitions_store=STORE)
    assert not COLORS.has_partition_key("gray", dynamic_partitions_store=STORE)
    with partition_loading_context(dynamic_partitions_store=STORE):
        assert COLORS.get_partition_keys() == ["red", "blue", "green"]
        assert (COLORS.get_first_partition_key(), COLORS.get_last_partition_key()) == ("red", "green")
        assert COLORS.get_num_partitions() == 3
        assert COLORS.index_of("blue") == 3


def test_a_snapshot_knows_its_slots_and_holes():
    bound = COLORS.bound(STORE)
    assert bound.all_indices() == IndexSet.of((0, 2), (3, 4))
    assert bound.count() == 4
    assert [bound.key_at(i) for i in bound.all_indices()] == ["red", "green", "blue"]
    assert bound.keys_between("red", "blue") == ["red", "blue"]
    again = partitions_from_dict(bound.to_dict())
    assert again.get_partition_keys() == ["red", "blue", "green"]
    assert again.all_indices() == bound.all_indices()
    assert again == COLORS == bound
    assert again.identity == COLORS.identity
    assert again.status_identity == bound.bound(Store(colors={})).status_identity
    with pytest.raises(UnknownPartitionError, match=r"3 partitions.*Did you mean 'green'"):
        bound.index_of("greem")


def test_a_snapshot_is_renewed_by_another_store():
    assert COLORS.bound(STORE).bound(Store(colors={"x": 7})).get_partition_keys() == ["x"]
    assert COLORS.bound(STORE).bound(None).get_partition_keys() == ["red", "blue", "green"]


@pytest.mark.parametrize(
    "ask", ["get_partition_keys", "get_first_partition_key", "get_num_partitions", "count", "all_indices"]
)
def test_without_a_store_there_are_no_keys(ask):
    with pytest.raises(InvariantError, match=r"'colors'.*dynamic_partitions_store"):
        getattr(COLORS, ask)()


def test_the_unbound_form_can_be_stored():
    assert partitions_from_dict(COLORS.to_dict()) == COLORS


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 50), max_size=9))
def test_any_slots_survive(slots):
    slots = {key: slot for key, slot in slots.items() if list(slots.values()).count(slot) == 1}
    bound = COLORS.bound(Store(colors=slots))
    again = partitions_from_dict(bound.to_dict())
    assert {key: again.find(key) for key in again.get_partition_keys()} == slots
    assert list(again.get_partition_keys()) == list(slots)
    assert again.all_indices() == IndexSet.from_indices(slots.values())


def test_mappings_respect_holes():
    bound = COLORS.bound(STORE)
    live = IndexSet.of((0, 2), (3, 4))
    assert AllPartitionMapping().upstream(IndexSet.range(0, 1), None, bound) == live
    assert LastPartitionMapping().upstream(IndexSet.range(0, 1), None, bound) == IndexSet.range(1, 2)
    fewer = COLORS.bound(Store(colors={"red": 0, "blue": 3}))
    assert IdentityPartitionMapping().upstream(live, bound, fewer) == IndexSet.of((0, 1), (3, 4))


def test_the_older_form_lists_its_keys():
    letters = DynamicPartitionsDefinition(lambda now: ["a", "b"])
    assert letters.get_partition_keys() == ["a", "b"]
    assert partitions_from_dict(letters.bound(None).to_dict()).get_partition_keys() == ["a", "b"]
    with pytest.raises(InvariantError):
        letters.build_add_request(["c"])


@pytest.mark.parametrize("arguments", [{}, {"name": "x", "partition_fn": list}])
def test_bad_arguments(arguments):
    with pytest.raises(DefinitionError):
        DynamicPartitionsDefinition(**arguments)


@pytest.mark.parametrize("keys", ["abc", [1], ["a...b"], ["a\nb"], [""]])
def test_bad_keys_cannot_be_requested(keys):
    with pytest.raises(DefinitionError):
        COLORS.build_add_request(keys)


def test_requests_are_values():
    request = COLORS.build_add_request(["a", "b"])
    assert (request.partitions_def_name, request.partition_keys) == ("colors", ["a", "b"])
    assert COLORS.build_delete_request(["a"]).partition_keys == ["a"]


def test_an_unknown_key_says_how_to_add_it():
    told = "there are none yet. To add it: `assetq partitions add files a`"
    with partition_loading_context(dynamic_partitions_store=Store()), pytest.raises(UnknownPartitionError) as caught:
        DynamicPartitionsDefinition(name="files").index_of("a")
    assert told in str(caught.value)
