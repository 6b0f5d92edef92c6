"""Partitions that the record has no place for are refused."""

import pytest

from assetq import (
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    MultiPartitionsDefinition,
    PartitionScope,
    asset,
)
from assetq.errors import UsageError
from assetq.planning import make_plan
from assetq.planning.room import refuse_overflow


class Users:
    """Four thousand keys."""

    def dynamic_partition_slots(self, partitions_def_name):
        return {f"user{slot}": slot for slot in range(4_000)}


def plan_of(windows):
    users = DynamicPartitionsDefinition(name="users")

    @asset(partitions_def=MultiPartitionsDefinition({"window": windows, "user": users}))
    def visits(): ...

    return make_plan(Definitions([visits]), scope=PartitionScope(all=True), store=Users())


def test_hours_of_too_many_users():
    plan = plan_of(HourlyPartitionsDefinition("2024-01-01-00:00", end_date="2024-01-03-00:00"))
    with pytest.raises(UsageError, match=r"'visits' has too many partitions .* Use longer windows"):
        refuse_overflow(plan)


def test_days_of_as_many_users():
    refuse_overflow(plan_of(DailyPartitionsDefinition("2024-01-01", end_date="2024-01-03")))
