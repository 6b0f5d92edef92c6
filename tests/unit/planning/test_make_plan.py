"""From definitions, selections and scopes to plans."""

import pytest

from assetq import (
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    PartitionScope,
    asset,
)
from assetq.errors import UnknownPartitionError, UsageError
from assetq.partitions import IndexSet
from assetq.planning import make_plan

DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01")
MONTHS = MonthlyPartitionsDefinition("2013-01-01", end_date="2014-01-01")


@pytest.fixture
def defs():
    @asset
    def rates(): ...

    @asset(partitions_def=DAYS)
    def raw(): ...

    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.multi_run(10))
    def clean(raw, rates): ...

    @asset(partitions_def=MONTHS)
    def monthly(clean): ...

    @asset
    def report(monthly): ...

    return Definitions([report, monthly, clean, raw, rates])


def shape(plan):
    return {node.name: (len(node.partitions), len(node.steps)) for node in plan.nodes}


def test_all(defs):
    plan = make_plan(defs, scope=PartitionScope(all=True))
    assert shape(plan) == {
        "raw": (365, 365),
        "rates": (1, 1),
        "clean": (365, 37),
        "monthly": (12, 12),
        "report": (1, 1),
    }


def test_downstream_partitions_follow_from_the_roots(defs):
    plan = make_plan(defs, scope=PartitionScope.parse("2013-01-30..2013-02-02"))
    assert shape(plan) == {"raw": (4, 4), "rates": (1, 1), "clean": (4, 1), "monthly": (2, 2), "report": (1, 1)}
    one = make_plan(defs, selection="monthly+", scope=PartitionScope.parse("2013-03-01"))
    assert shape(one) == {"monthly": (1, 1), "report": (1, 1)}


def test_missing_and_failed(defs):
    def states(asset, grid):
        return (
            (IndexSet.range(0, 360), IndexSet.range(5, 7)) if asset == "raw" else (IndexSet.range(0, 400), IndexSet())
        )

    assert shape(make_plan(defs, scope=PartitionScope(missing=True), states=states)) == {"raw": (5, 5)}
    assert shape(make_plan(defs, scope=PartitionScope(failed=True), states=states)) == {"raw": (2, 2)}


def test_refusals(defs):
    with pytest.raises(UsageError, match="'raw' is partitioned"):
        make_plan(defs)
    with pytest.raises(UnknownPartitionError, match="raw"):
        make_plan(defs, scope=PartitionScope(keys=("2015-01-01",)))
    with pytest.raises(UsageError, match="None of the selected"):
        make_plan(defs, selection="rates", scope=PartitionScope(keys=("2015-01-01",)))


def test_a_million_steps_are_a_few_kilobytes():
    hours = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2024-06-01-00:00")
    chain = []
    for number in range(10):

        def compute(): ...

        chain.append(asset(name=f"a{number}", partitions_def=hours, deps=chain[-1:])(compute))
    plan = make_plan(Definitions(chain), scope=PartitionScope(all=True))
    assert plan.step_count > 1_000_000
    assert len(plan.to_bytes()) < 64 * 1024
    assert plan.in_degree(9, 77_777) == 1
