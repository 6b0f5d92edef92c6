"""Which partitions a scope means, for assets that are partitioned differently."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assetq import (
    DailyPartitionsDefinition,
    Definitions,
    DynamicPartitionsDefinition,
    HourlyPartitionsDefinition,
    Instance,
    MonthlyPartitionsDefinition,
    MultiPartitionsDefinition,
    PartitionScope,
    StaticPartitionsDefinition,
    asset,
)
from assetq.definitions import AssetDep
from assetq.errors import UsageError
from assetq.partitions import IndexSet, LastPartitionMapping, TimeWindowPartitionMapping
from assetq.planning import make_plan

HOURS = HourlyPartitionsDefinition("2024-01-01-00:00", end_date="2024-03-01-00:00")
DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-03-01")
MONTHS = MonthlyPartitionsDefinition("2024-01-01", end_date="2024-03-01")


@pytest.fixture
def defs():
    @asset(partitions_def=HOURS)
    def hourly(): ...

    @asset(partitions_def=DAYS)
    def prices(): ...

    @asset(partitions_def=DAYS)
    def daily(hourly, prices): ...

    @asset(partitions_def=MONTHS)
    def monthly(daily): ...

    @asset
    def report(monthly): ...

    return Definitions([hourly, prices, daily, monthly, report])


def keys(plan):
    def span(node):
        grid = node.partitions_def
        return len(node.partitions) if grid is None else (grid.key_at(node.partitions.first), len(node.partitions))

    return {node.name: span(node) for node in plan.nodes}


def test_an_anchor_takes_along_what_it_reads_and_what_reads_it(defs):
    plan = make_plan(defs, scope=PartitionScope(keys=("2024-02-03",), anchor="daily"))
    assert keys(plan) == {
        "hourly": ("2024-02-03-00:00", 24),
        "prices": ("2024-02-03", 1),
        "daily": ("2024-02-03", 1),
        "monthly": ("2024-02-01", 1),
        "report": 1,
    }
    whole = make_plan(defs, selection="*monthly", scope=PartitionScope(keys=("2024-02-01",), anchor="monthly"))
    assert keys(whole) == {
        "hourly": ("2024-02-01-00:00", 29 * 24),
        "prices": ("2024-02-01", 29),
        "daily": ("2024-02-01", 29),
        "monthly": ("2024-02-01", 1),
    }


def test_roots_with_other_keys_follow_from_what_reads_them(defs):
    plan = make_plan(defs, scope=PartitionScope(keys=("2024-02-03",)))
    assert keys(plan)["prices"] == keys(plan)["daily"] == ("2024-02-03", 1)
    assert keys(plan)["hourly"] == ("2024-02-03-00:00", 24)


def test_an_anchor_without_partitions_is_refused(defs):
    with pytest.raises(UsageError, match="'report' is not partitioned"):
        make_plan(defs, scope=PartitionScope(keys=("2024-02-03",), anchor="report"))


def test_an_anchor_by_which_nothing_is_named_is_refused():
    with pytest.raises(UsageError, match="Anchor 'daily' says whose partitions"):
        PartitionScope(all=True, anchor="daily")


def test_keys_name_the_partitions_of_every_asset_that_is_partitioned_alike():
    before = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @asset(partitions_def=DAYS)
    def a(): ...

    @asset(partitions_def=DAYS, deps=[AssetDep(a, partition_mapping=before)])
    def b(): ...

    defs = Definitions([a, b])
    assert keys(make_plan(defs, scope=PartitionScope.parse("2024-01-05"))) == {
        "a": ("2024-01-05", 1),
        "b": ("2024-01-05", 1),
    }
    assert keys(make_plan(defs, scope=PartitionScope(keys=("2024-01-05",), anchor="a")))["b"] == ("2024-01-06", 1)


def test_missing_upstream_and_downstream_wait_for_each_other(defs):
    def states(key, grid):
        missing = {"hourly": IndexSet.range(30, 31), "daily": IndexSet.range(1, 2), "monthly": IndexSet.range(0, 1)}
        every = IndexSet.range(0, 1) if grid is None else grid.all_indices()
        return every - missing.get(key, IndexSet()), IndexSet()

    plan = make_plan(defs, scope=PartitionScope(missing=True), states=states)
    assert [node.name for node in plan.nodes] == ["hourly", "daily", "monthly"]
    assert plan.upstream_steps(1, 1) == [(0, 30)]
    assert plan.upstream_steps(2, 0) == [(1, 1)]


def test_a_last_partition_stays_the_one_of_the_plan():
    days = DailyPartitionsDefinition("2024-01-01")

    @asset(partitions_def=days)
    def a(): ...

    @asset(partitions_def=days, deps=[AssetDep(a, partition_mapping=LastPartitionMapping())])
    def b(): ...

    plan = make_plan(Definitions([a, b]), scope=PartitionScope(all=True), now=datetime(2024, 1, 11, tzinfo=UTC))
    assert plan.upstream_steps(1, 3) == [(0, 9)]
    assert not plan.initial_ready(1)
    assert len(plan.pointwise_downstream(0, 9)) == 10


class Regions(StaticPartitionsDefinition):
    """Partitions of two dimensions."""

    kind = "test_regions"

    def key_from_dimensions(self, dimensions):
        return f"{dimensions['day']}|{dimensions['region']}"


def test_a_key_by_its_dimensions():
    @asset(partitions_def=Regions(["2024-01-01|eu", "2024-01-01|us"]))
    def table(): ...

    scope = PartitionScope(keys=("day=2024-01-01,region=us",))
    assert keys(make_plan(Definitions([table]), scope=scope)) == {"table": ("2024-01-01|us", 1)}


def test_reverse_runs_the_newest_partitions_first(tmp_path):
    seen = []

    @asset(partitions_def=DAYS)
    def table(context):
        seen.append(context.partition_key)

    plan = make_plan(Definitions([table]), scope=PartitionScope.parse("2024-01-02..2024-01-05"))
    newest = make_plan(Definitions([table]), scope=PartitionScope(ranges=(("2024-01-02", "2024-01-05"),), reverse=True))
    assert newest.partition_count == plan.partition_count == 4
    assert newest.step_key(0, newest.nodes[0].steps.first) == "table[2024-01-05]"
    assert newest.steps_key(0, 0, 4) == plan.steps_key(0, 1, 5) == "table[2024-01-02...2024-01-05]"
    with Instance.ephemeral() as instance:
        instance.submit_plan(newest, defs=Definitions([table])).wait(30)
    assert seen == ["2024-01-05", "2024-01-04", "2024-01-03", "2024-01-02"]


class Store:
    """An instance's dynamic partitions."""

    def dynamic_partition_slots(self, partitions_def_name):
        return {"a": 0, "c": 2}


class Named(StaticPartitionsDefinition):
    """Keys that only a store knows."""

    kind = "test_named"

    def __init__(self, keys=()):
        super().__init__(keys)

    def bound(self, store):
        return Slots(store.dynamic_partition_slots("x"))


class Slots(StaticPartitionsDefinition):
    """An index space with holes, as deleted partitions leave them."""

    kind = "test_slots"

    def __init__(self, slots):
        super().__init__(list(slots))
        self.slots = slots

    def all_indices(self, now=None):
        return IndexSet.from_indices(self.slots.values())

    def key_at(self, index):
        return next(key for key, slot in self.slots.items() if slot == index)

    def find(self, key):
        return self.slots.get(key)

    def to_dict(self):
        return {"kind": self.kind, "slots": self.slots}

    @classmethod
    def from_dict(cls, data):
        return cls(data["slots"])


def test_the_plan_holds_the_partitions_that_the_store_has_now():
    @asset(partitions_def=Named())
    def a(): ...

    @asset(partitions_def=Named())
    def b(a): ...

    plan = make_plan(Definitions([a, b]), scope=PartitionScope(all=True), store=Store())
    assert [list(node.partitions) for node in plan.nodes] == [[0, 2], [0, 2]]
    assert plan.nodes[0].partitions_def is plan.nodes[1].partitions_def
    assert plan.step_key(1, 2) == "b[c]"
    assert plan.upstream_steps(1, 2) == [(0, 2)]


def test_an_instance_plans_with_its_own_dynamic_partitions(monkeypatch):
    seen = []

    @asset(partitions_def=Named())
    def a(context):
        seen.append(context.partition_key)

    with Instance.ephemeral() as instance:
        monkeypatch.setattr(type(instance), "dynamic_partition_slots", Store.dynamic_partition_slots, raising=False)
        assert instance.submit(Definitions([a]), partitions="all").wait(30).status == "SUCCESS"
    assert seen == ["a", "c"]


def test_a_range_in_two_dimensions_is_a_product():
    grid = MultiPartitionsDefinition(
        {
            "day": DailyPartitionsDefinition("2024-01-01", end_date="2024-01-06"),
            "region": StaticPartitionsDefinition(["eu", "us", "jp"]),
        }
    )

    @asset(partitions_def=grid)
    def table(): ...

    def planned(text):
        (node,) = make_plan(Definitions([table]), scope=PartitionScope.parse(text)).nodes
        return grid.keys_of(node.partitions)

    assert planned("2024-01-02|us..2024-01-03|jp") == [
        "2024-01-02|us",
        "2024-01-02|jp",
        "2024-01-03|us",
        "2024-01-03|jp",
    ]
    assert planned("day=2024-01-05,region=eu") == ["2024-01-05|eu"]
    with pytest.raises(UsageError, match="runs backwards"):
        planned("2024-01-03|us..2024-01-02|jp")


def test_a_range_leaves_deleted_partitions_out():
    grid = DynamicPartitionsDefinition(name="shops")

    @asset(partitions_def=grid)
    def table(): ...

    with Instance.ephemeral() as instance:
        instance.add_dynamic_partitions("shops", ["a", "b", "c", "d"])
        instance.delete_dynamic_partition("shops", "b")
        plan = instance.plan(Definitions([table]), scope=PartitionScope.parse("a..c"))
        assert list(plan.nodes[0].partitions) == [0, 2]
