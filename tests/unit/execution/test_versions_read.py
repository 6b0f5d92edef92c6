"""What partitions read together is what each of them reads."""

from __future__ import annotations

import pytest

from assetq import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    IdentityPartitionMapping,
    LastPartitionMapping,
    SpecificPartitionsPartitionMapping,
    StaticPartitionMapping,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
)
from assetq.execution.data_version import VersionedDep
from assetq.partitions import IndexSet

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-21")
HOURS = HourlyPartitionsDefinition("2024-01-01-00:00", end_date="2024-01-21-00:00")
MANY = HourlyPartitionsDefinition("2023-01-01-00:00", end_date="2024-01-21-00:00")
LETTERS, NUMBERS = StaticPartitionsDefinition(list("abcdefgh")), StaticPartitionsDefinition(list("12345678"))


@pytest.mark.parametrize(
    ("mapping", "grid", "above"),
    [
        (IdentityPartitionMapping(), DAYS, DAYS),
        (IdentityPartitionMapping(), DAYS, DailyPartitionsDefinition("2023-12-01", end_date="2024-01-11")),
        (TimeWindowPartitionMapping(), DAYS, HOURS),
        (TimeWindowPartitionMapping(), HOURS, DAYS),
        (TimeWindowPartitionMapping(start_offset=-3, end_offset=-1), DAYS, DAYS),
        (StaticPartitionMapping(dict(zip("abcdefgh", "11223344", strict=True))), NUMBERS, LETTERS),
        (AllPartitionMapping(), DAYS, LETTERS),
        (AllPartitionMapping(), DAYS, MANY),
        (LastPartitionMapping(), DAYS, DAYS),
        (SpecificPartitionsPartitionMapping(["a", "c"]), DAYS, LETTERS),
        (AllPartitionMapping(), None, DAYS),
        (AllPartitionMapping(), None, MANY),
        (IdentityPartitionMapping(), DAYS, None),
        (IdentityPartitionMapping(), None, None),
    ],
)
def test_together_is_what_each_reads(mapping, grid, above):
    dep = VersionedDep("a", above, mapping)
    some = [IndexSet.range(0, 1)] if grid is None else [IndexSet.range(2, 5), IndexSet.from_indices([1, 4, 7])]
    for partitions in some:
        each = IndexSet.of(*(span for read in dep.reads(partitions, grid) for span in read.ranges))
        assert dep.reads_together(partitions, grid) == each
    assert not dep.reads_together(IndexSet(), grid)
