"""What reads upstream partitions that do not exist is refused before anything runs."""

from __future__ import annotations

import pytest

from assetq import (
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    HourlyPartitionsDefinition,
    Instance,
    MultiPartitionsDefinition,
    PartitionScope,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    asset,
)
from assetq.errors import UnknownPartitionError
from assetq.planning import make_plan

LATE = DailyPartitionsDefinition("2024-01-05", end_date="2024-01-09")
EARLY = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-09")


def reader(above, below, mapping=None, policy=None):
    @asset(partitions_def=above)
    def up(): ...

    @asset(partitions_def=below, ins={"up": AssetIn(partition_mapping=mapping)}, backfill_policy=policy)
    def down(up): ...

    return Definitions([up, down])


def test_a_submission_says_what_where_and_what_to_do():
    with pytest.raises(UnknownPartitionError) as caught:
        Instance.ephemeral().submit(reader(LATE, EARLY), selection="down", partitions="2024-01-03..2024-01-06")
    said = str(caught.value)
    assert "Partition '2024-01-03' of asset 'down' reads partition '2024-01-03' of asset 'up'" in said
    assert "'2024-01-05' to '2024-01-08'" in said
    assert "allow_nonexistent_upstream_partitions=True" in said
    assert "test_absence.py:" in said


@pytest.mark.parametrize("policy", [None, BackfillPolicy.single_run()])
def test_the_first_partition_without_its_window_is_named(policy):
    hours = HourlyPartitionsDefinition("2024-01-01-00:00", end_date="2024-01-03-05:00")
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-06")
    with pytest.raises(UnknownPartitionError, match="'2024-01-03' of asset 'down' reads partition '2024-01-03-05:00'"):
        make_plan(reader(hours, days, policy=policy), selection="down", scope=PartitionScope(all=True))


def test_two_dimensions():
    letters = StaticPartitionsDefinition(["a", "b"])
    above, below = (MultiPartitionsDefinition({"day": days, "letter": letters}) for days in (LATE, EARLY))
    with pytest.raises(UnknownPartitionError, match=r"'2024-01-01\|a' of asset 'down'"):
        make_plan(reader(above, below), selection="down", scope=PartitionScope(all=True))
    with pytest.raises(UnknownPartitionError, match="'2024-01-01' of asset 'up'"):
        make_plan(reader(LATE, below), selection="down", scope=PartitionScope(all=True))


def test_what_exists_is_planned():
    scope = PartitionScope(ranges=(("2024-01-05", "2024-01-08"),))
    assert make_plan(reader(LATE, EARLY), selection="down", scope=scope).step_count == 4
    mapping = TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
    assert make_plan(reader(LATE, EARLY, mapping), selection="down", scope=PartitionScope(all=True)).step_count == 8


def test_windows_that_are_left_out_need_not_exist():
    above = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-09", exclusions=["0 0 * * 6,0"])
    plan = make_plan(
        reader(above, EARLY, TimeWindowPartitionMapping()), selection="down", scope=PartitionScope(all=True)
    )
    assert plan.step_count == 8
