"""What ended of a batch is recorded while the next step is under way, in order, and once."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from assetq.errors import StaleAttemptError
from assetq.workers.group import FLUSH_S, LATEST_S, Group, Recorder

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
    group.add(ended(0))
    recorder.call(group, group.flushed + LATEST_S)
    eventually(lambda: numbers(record.commits) == [[0]])
    assert record.moments[0] >= group.flushed
    assert group.take() == []


def test_what_is_called_for_at_once_does_not_wait():
    record, recorder = Record(), Recorder()
    first, second = record.group(), record.group()
    first.add(ended(0))
    recorder.call(first, time.monotonic() + 60)
    time.sleep(0.05)  # it waits by now
    second.add(ended(1))
    recorder.call(second, 0)
    eventually(lambda: numbers(record.commits) == [[1]])


def test_a_later_call_takes_the_place_of_an_earlier_one():
    record, recorder = Record(), Recorder()
    first, second = record.group(), record.group()
    first.add(ended(0))
    second.add(ended(1))
    until = time.monotonic() + 0.1
    recorder.call(first, until)
    recorder.call(second, until + 0.1)
    eventually(lambda: record.commits)
    assert numbers(record.commits) == [[1]]
    assert record.moments[0] >= until + 0.1


def test_it_is_due_a_while_after_the_last_record():
    group = Record().group()
    assert not group.is_due()
    group.flushed -= FLUSH_S
    assert group.is_due()
    group.take()
    assert not group.is_due()


def test_whoever_takes_the_rest_waits_for_the_commit_under_way():
    record, recorder = Record(wait_s=0.2), Recorder()
    group = record.group()
    group.add(ended(0))
    recorder.call(group, 0)
    record.begun.wait(5)
    group.add(ended(1))
    assert [done.number for done in group.take()] == [1]
    assert numbers(record.commits) == [[0]]


def test_what_was_taken_is_not_recorded_by_the_other_thread():
    record, recorder = Record(), Recorder()
    group, other = record.group(), record.group()
    group.add(ended(0))
    assert [done.number for done in group.take()] == [0]
    recorder.call(group, 0)
    other.add(ended(7))
    recorder.call(other, 0)
    eventually(lambda: record.commits)
    assert numbers(record.commits) == [[7]]


def test_a_refusal_stops_the_step_under_way_and_is_told_to_its_thread():
    record, recorder = Record(refuses=True), Recorder()
    group = record.group()
    group.add(ended(0))
    recorder.call(group, 0)
    eventually(lambda: record.refusals == 1)
    for _ in range(2):
        with pytest.raises(StaleAttemptError, match="lost"):
            group.take()
    group.flush()
    assert record.refusals == 1
