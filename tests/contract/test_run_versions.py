"""What a process has recorded it knows; for everything else, and for other runs, it asks."""

from __future__ import annotations

import threading

import pytest

from assetq import (
    AssetDep,
    DailyPartitionsDefinition,
    Definitions,
    HourlyPartitionsDefinition,
    Instance,
    PartitionScope,
    TimeWindowPartitionMapping,
    asset,
)
from assetq.broker.run_versions import MOST_AHEAD, RunVersions
from assetq.broker.version_store import packed_versions
from assetq.execution import StepTask
from assetq.execution.data_version import VersionMark
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.partitions import IndexSet
from assetq.planning import make_plan

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-03-01")
OLD = VersionMark(1, 2, 3, 4)


class Source:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked = []

    def version_marks(self, wanted):
        self.asked.append(list(wanted))
        return [[OLD] * len(partitions) for _, _, partitions in wanted]


def mark(number: int) -> VersionMark:
    return VersionMark(1, 2, number, 10 * number)


def test_what_a_run_has_recorded_is_not_asked_for():
    source = Source()
    versions = RunVersions(source)
    versions.note("r", packed_versions("a", DAYS, IndexSet.of((3, 5)), [mark(1), mark(2)]))
    rows = versions.of("r").version_marks([("a", DAYS, IndexSet.of((3, 5))), ("b", None, IndexSet.range(0, 1))])
    assert rows == [[mark(1), mark(2)], [OLD]]
    assert source.asked == [[("b", None, IndexSet.range(0, 1))]]


def test_a_range_is_asked_for_as_a_whole():
    source = Source()
    versions = RunVersions(source)
    versions.note("r", packed_versions("a", DAYS, IndexSet.of((3, 4)), [mark(1)]))
    assert versions.of("r").version_marks([("a", DAYS, IndexSet.of((3, 5)))]) == [[OLD, OLD]]


def test_other_runs_ask():
    source = Source()
    versions = RunVersions(source)
    versions.note("r", packed_versions("a", None, IndexSet.range(0, 1), [mark(1)]))
    assert versions.of("other").version_marks([("a", None, IndexSet.range(0, 1))]) == [[OLD]]


def test_a_version_that_an_op_gave_is_asked_for():
    versions = RunVersions(Source())
    versions.note("r", packed_versions("a", None, IndexSet.range(0, 1), [VersionMark(data=7, text="seven")]))
    assert versions.of("r").version_marks([("a", None, IndexSet.range(0, 1))]) == [[OLD]]


def test_the_oldest_are_forgotten():
    versions = RunVersions(Source(), kept=2)
    for day in range(3):
        versions.note("r", packed_versions("a", DAYS, IndexSet.of((day, day + 1)), [mark(day + 1)]))
    found = [versions.of("r").version_marks([("a", DAYS, IndexSet.of((day, day + 1)))])[0] for day in range(3)]
    assert found == [[OLD], [mark(2)], [mark(3)]]


def days(*indices: int) -> IndexSet:
    return IndexSet.from_indices(indices)


def test_the_rest_of_a_batch_is_read_together():
    source = Source()
    versions = RunVersions(source)
    first = versions.of("r", 7, lambda: [("a", DAYS, days(3, 4, 5)), ("b", None, days(0))])
    assert first.version_marks([("a", DAYS, days(2, 3))]) == [[OLD, OLD]]
    assert source.asked == [[("a", DAYS, days(2, 3)), ("a", DAYS, days(4, 5)), ("b", None, days(0))]]
    for day in (3, 4, 5):
        assert versions.of("r", 7).version_marks([("a", DAYS, days(day)), ("b", None, days(0))]) == [[OLD], [OLD]]
    assert len(source.asked) == 1


def test_what_was_read_ahead_is_for_its_batch_alone():
    source = Source()
    versions = RunVersions(source)
    versions.of("r", 7, lambda: [("a", DAYS, days(2))]).version_marks([("a", DAYS, days(1))])
    versions.of("r", 8).version_marks([("a", DAYS, days(2))])
    versions.of("r", 7).version_marks([("a", DAYS, days(2))])
    other = threading.Thread(target=lambda: versions.of("r", 7).version_marks([("a", DAYS, days(2))]))
    other.start()
    other.join()
    assert len(source.asked) == 4


def test_what_was_read_ahead_is_not_believed_for_long(monkeypatch):
    monkeypatch.setattr("assetq.broker.run_versions.AHEAD_S", 0.0)
    source = Source()
    versions = RunVersions(source)
    versions.of("r", 7, lambda: [("a", DAYS, days(2))]).version_marks([("a", DAYS, days(1))])
    versions.of("r", 7).version_marks([("a", DAYS, days(2))])
    assert len(source.asked) == 2


def test_much_is_not_read_ahead():
    source = Source()
    hours = HourlyPartitionsDefinition("2020-01-01-00:00", end_date="2024-01-01-00:00")
    ahead = [("a", hours, IndexSet.range(0, MOST_AHEAD + 2))]
    RunVersions(source).of("r", 7, lambda: ahead).version_marks([("a", hours, days(0))])
    assert source.asked == [[("a", hours, days(0))]]


def test_what_the_process_has_recorded_goes_before_what_it_has_read():
    versions = RunVersions(Source())
    versions.of("r", 7, lambda: [("a", DAYS, days(2))]).version_marks([("a", DAYS, days(1))])
    versions.note("r", packed_versions("a", DAYS, days(2), [mark(1)]))
    assert versions.of("r", 7).version_marks([("a", DAYS, days(2))]) == [[mark(1)]]


@pytest.mark.parametrize("is_batch", [True, False])
def test_steps_of_a_batch_read_versions_once(is_batch):
    """Each partition reads itself and the day before of one asset, and another one that has no partitions."""
    source, told = Source(), []
    whole, above, below = three()
    defs = Definitions([whole, above, below])
    plan = make_plan(defs, selection="below", scope=PartitionScope(keys=tuple(DAYS.get_partition_keys()[:10])))
    session = ExecutionSession(defs, instance=Instance.ephemeral())
    session.recorded = RunVersions(source).of
    for step in range(10):
        task = StepTask("r", plan, 0, step, fence=7 if is_batch else step, ready_to=10)
        events = execute_step(session, task).events
        told += [event.data["input_data_versions"] for event in events if event.marks]
    assert len(told) == 10
    assert all(versions.keys() == {"whole", "above"} for versions in told)
    assert len(source.asked) == (1 if is_batch else 10)
    assert source.asked[0][-1] == ("above", DAYS, IndexSet.range(1, 10))


def three():
    mapping = TimeWindowPartitionMapping(start_offset=-1)

    @asset
    def whole(): ...

    @asset(partitions_def=DAYS)
    def above(): ...

    @asset(partitions_def=DAYS, deps=[whole, AssetDep(above, partition_mapping=mapping)])
    def below(): ...

    return whole, above, below
