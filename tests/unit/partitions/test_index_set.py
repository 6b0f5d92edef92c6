"""IndexSet against Python's own sets."""

from hypothesis import given
from hypothesis import strategies as st

from assetq.partitions import IndexSet

sets = st.sets(st.integers(0, 60)).map(lambda s: (s, IndexSet.from_indices(s)))


@given(sets, sets)
def test_algebra(a, b):
    (plain_a, a), (plain_b, b) = a, b
    assert set(a | b) == plain_a | plain_b
    assert set(a & b) == plain_a & plain_b
    assert set(a - b) == plain_a - plain_b


@given(sets)
def test_members(a):
    plain, a = a
    assert list(a) == sorted(plain)
    assert len(a) == len(plain)
    assert bool(a) == bool(plain)
    assert all((i in a) == (i in plain) for i in range(65))
    assert [a.nth(i) for i in range(len(a))] == sorted(plain)
    assert all(a.rank(i) == sum(member < i for member in plain) for i in range(65))


@given(sets)
def test_round_trips(a):
    _, a = a
    assert IndexSet.from_wire(a.to_wire()) == a
    assert IndexSet.from_bitmap(a.to_bitmap()) == a
    assert IndexSet.of(*a.ranges) == a


@given(sets, st.integers(-20, 20))
def test_shift(a, offset):
    plain, a = a
    assert set(a.shift(offset)) == {i + offset for i in plain if i + offset >= 0}


def test_ranges_that_touch_are_one():
    assert IndexSet.of((5, 7), (0, 3), (3, 5), (9, 9)).ranges == ((0, 7),)
