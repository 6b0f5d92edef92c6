"""What a process has recorded it knows; for everything else, and for other runs, it asks."""

from __future__ import annotations

from assetq import DailyPartitionsDefinition
from assetq.broker.run_versions import RunVersions
from assetq.broker.version_store import packed_versions
from assetq.execution.data_version import VersionMark
from assetq.partitions import IndexSet

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
