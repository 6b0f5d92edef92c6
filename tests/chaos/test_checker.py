"""The checker finds what it is there to find."""

from __future__ import annotations

from dataclasses import replace

from .timeline import Body, Loss, Timeline, bodies

FIRST = Body("a", "k", pid=11, thread=11, parent=1, began=10.0, ended=20.0)
SECOND = replace(FIRST, pid=22, thread=22, parent=2, began=15.0, ended=16.0)


def test_two_bodies_of_a_step_at_once_are_wrong():
    assert len(Timeline([FIRST, SECOND], [], []).overlaps()) == 1
    assert Timeline([FIRST, replace(SECOND, began=20.5, ended=21.0)], [], []).overlaps() == []
    assert Timeline([FIRST, replace(SECOND, partition="other")], [], []).overlaps() == []


def test_they_are_right_when_the_first_lost_its_lease_in_between():
    assert Timeline([FIRST, SECOND], [Loss("a", parent=1, at=14.0)], []).overlaps() == []
    for loss in (Loss("a", 1, at=5.0), Loss("a", 1, at=18.0), Loss("a", 2, at=14.0), Loss("b", 1, at=14.0)):
        assert len(Timeline([FIRST, SECOND], [loss], []).overlaps()) == 1
    assert Timeline([FIRST, SECOND], [], [(12.0, 13.0)]).overlaps() == []
    assert len(Timeline([FIRST, SECOND], [], [(16.0, 17.0)]).overlaps()) == 1


def test_a_pool_above_its_limit_is_wrong():
    other = replace(SECOND, partition="other")
    assert len(Timeline([FIRST, other], [], []).overfull("a", [(0, 1)], 1)[0]) == 1
    assert Timeline([FIRST, other], [], []).overfull("a", [(0, 2)], 1) == ([], 0)
    assert Timeline([FIRST, other], [Loss("a", 1, 14.0)], []).overfull("a", [(0, 1)], 1) == ([], 1)


def test_a_limit_that_was_lowered_counts_after_the_slack():
    other = replace(SECOND, partition="other")
    assert Timeline([FIRST, other], [], []).overfull("a", [(0, 2), (14.5, 1)], 1) == ([], 0)
    assert len(Timeline([FIRST, other], [], []).overfull("a", [(0, 2), (13.5, 1)], 1)[0]) == 1


def test_a_body_ends_with_its_process():
    rows = [["begin", "a", "k", "11", "11", "1", "10.0"], ["begin", "a", "k", "22", "22", "2", "15.0"],
            ["end", "a", "k", "22", "22", "2", "16.0"]]  # fmt: skip
    assert bodies(rows, {11: 12.0}) == [SECOND, replace(FIRST, ended=12.0)]
    assert bodies(rows[:1], {})[0].ended == float("inf")
