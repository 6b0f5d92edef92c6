"""What ended of a batch is recorded while the next step is under way, in order, and once."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from assetq.errors import StaleAttemptError
from assetq.workers.group import FLUSH_S, Group, Recorder

from ...waiting import eventually


def ended(number: int):
    return SimpleNamespace(number=number)


def numbers(commits):
    return [[done.number for done in commit] for commit in commits]


class Record:
    """Takes commits, each after a while."""

    def __init__(self, wait_s: float = 0, refuses: bool = False) -> None:
        self.commits, self.moments, self.refusals = [], [], 0
        self.wait_s, self.refuses, self.begun = wait_s, refuses, threading.Event()

    def group(self) -> Group:
        return Group(self.take, self.note)

    def note(self) -> None:
        self.refusals += 1

    def take(self, done) -> None:
        self.begun.set()
        time.sleep(self.wait_s)
        if self.refuses:
            raise StaleAttemptError("lost")
        self.commits.append(done)
        self.moments.append(time.monotonic())


def test_a_step_that_ended_is_recorded_however_long_the_next_one_takes():
    record, recorder = Record(), Recorder()
    group = record.group()
    group.add(ended(0), recorder)
    eventually(lambda: numbers(record.commits) == [[0]])
    assert group.take() == []


def test_what_ends_together_is_recorded_together():
    record, recorder = Record(), Recorder()
    group = record.group()
    for number in range(5):
        group.add(ended(number), recorder)
    eventually(lambda: record.commits)
    assert numbers(record.commits) == [[0, 1, 2, 3, 4]]
    assert record.moments[0] >= group.flushed


def test_the_next_commit_comes_a_while_after_the_last_one():
    record, recorder = Record(), Recorder()
    group = record.group()
    group.add(ended(0), recorder)
    eventually(lambda: len(record.commits) == 1)
    group.add(ended(1), recorder)
    eventually(lambda: len(record.commits) == 2)
    assert record.moments[1] - record.moments[0] >= FLUSH_S * 0.9


def test_whoever_takes_the_rest_waits_for_the_commit_under_way():
    record, recorder = Record(wait_s=0.2), Recorder()
    group = record.group()
    group.add(ended(0), recorder)
    record.begun.wait(5)
    group.add(ended(1), recorder)
    rest = group.take()
    assert numbers([*record.commits, rest])[0] == [0]
    assert [number for commit in numbers([*record.commits, rest]) for number in commit] == [0, 1]


def test_what_was_taken_is_not_recorded_by_the_other_thread():
    record, recorder = Record(), Recorder()
    group, other = record.group(), record.group()
    group.add(ended(0), recorder)
    assert [done.number for done in group.take()] == [0]
    other.add(ended(7), recorder)
    eventually(lambda: record.commits)
    assert numbers(record.commits) == [[7]]


def test_a_refusal_stops_the_step_under_way_and_is_told_to_its_thread():
    record, recorder = Record(refuses=True), Recorder()
    group = record.group()
    group.add(ended(0), recorder)
    eventually(lambda: record.refusals == 1)
    for _ in range(2):
        with pytest.raises(StaleAttemptError, match="lost"):
            group.take()
    group.flush()
    assert record.refusals == 1
