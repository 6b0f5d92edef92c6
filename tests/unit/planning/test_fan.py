"""Plans that grow: before the keys of a dynamic output are known, and behind it."""

import pytest

from assetq import (
    Definitions,
    DynamicOut,
    DynamicOutput,
    StaticPartitionsDefinition,
    asset,
    graph_asset,
    op,
)
from assetq.errors import UsageError
from assetq.execution.retry import remaining_plan
from assetq.partitions import IndexSet
from assetq.planning import Growth, PartitionScope, Plan, make_plan

KEYS = ("a", "b", "c")


@op(out=DynamicOut())
def many():
    yield DynamicOutput(1, mapping_key="a")


@op
def one():
    return 1


@op
def plus(x, y):
    return x + y


@op
def more(x):
    return x


@op
def total(numbers):
    return sum(numbers)


def body():
    beside = one()
    return total(many().map(lambda x: plus(x, beside)).map(more).collect())


def plan_of(**options) -> Plan:
    return make_plan(Definitions([graph_asset(name="table", **options)(body)]), scope=SCOPE if options else None)


days = StaticPartitionsDefinition(["mon", "tue", "wed"])
SCOPE = PartitionScope(keys=("tue",))
NAMES = ("table.one", "table.many", "table.plus", "table.more", "table.total")


def place(plan: Plan, name: str) -> int:
    return next(node.index for node in plan.nodes if node.name == f"table.{name}")


def grown(plan: Plan, *keys: str, version: str = "1") -> Plan:
    return plan.grown(Growth(version, {0: keys}))


def names(plan: Plan, steps: dict[int, IndexSet]) -> set[str]:
    return {plan.step_key(node, step) for node, found in steps.items() for step in found}


def ones(*nodes: int) -> dict[int, IndexSet]:
    return {node: IndexSet.range(0, 1) for node in nodes}


@pytest.fixture(params=["whole", "one partition"])
def plan(request) -> Plan:
    return plan_of() if request.param == "whole" else plan_of(partitions_def=days)


def test_one_virtual_step_stands_for_all(plan):
    assert plan.fans == (("table.many", "result"),)
    assert (plan.step_count, plan.has_open_fans) == (5, True)
    plus_node, more_node = place(plan, "plus"), place(plan, "more")
    assert plan.step_key(plus_node, 0) == "table.plus[?]"
    assert plan.find_step("table.plus[?]") == (plus_node, 0)
    assert plan.gate_upstreams(plus_node) == tuple(sorted((place(plan, "one"), place(plan, "many"))))
    assert plan.initial_ready(plus_node) == IndexSet.range(0, 1)
    assert not plan.initial_ready(more_node)


@pytest.mark.parametrize("failed", ["many", "one"])
def test_all_of_a_fan_is_lost_before_it_is_known(plan, failed):
    lost = plan.downstream_closure(ones(place(plan, failed)))
    known = names(plan, lost)
    assert {"table.plus[?]", "table.more[?]"} < known
    assert any(key.startswith("table.total") for key in known)


def test_each_key_is_a_step(plan):
    wide = grown(plan, *KEYS)
    plus_node, more_node, total_node = (place(plan, name) for name in ("plus", "more", "total"))
    assert (wide.step_count, wide.has_open_fans, wide.growth) == (9, False, "1")
    assert [wide.step_key(plus_node, step) for step in wide.nodes[plus_node].steps] == [
        f"table.plus[{key}]" for key in KEYS
    ]
    assert wide.find_step("table.more[b]") == (more_node, 1)
    assert wide.mapping_key(more_node, 2) == "c"
    assert wide.steps_key(plus_node, 0, 3) == "table.plus[a...c]"
    assert wide.pointwise_downstream(plus_node, 1) == [(more_node, 1, 1)]
    assert wide.in_degree(more_node, 1) == 1
    assert set(wide.gate_upstreams(total_node)) == {more_node, place(plan, "many"), place(plan, "one")}
    assert len(wide.upstream_steps(total_node, wide.nodes[total_node].steps.first)) == 5
    with pytest.raises(UsageError, match=r"table\.more\[b\]"):
        wide.find_step("table.more[bb]")


def test_a_failure_loses_the_chain_of_its_key_and_the_collect(plan):
    wide = grown(plan, *KEYS)
    plus_node = place(plan, "plus")
    second = IndexSet.range(1, 2)
    lost = wide.downstream_closure({plus_node: second})
    assert {key.partition("[")[0] for key in names(wide, lost)} == {"table.more", "table.total"}
    assert "table.more[b]" in names(wide, lost)
    assert names(wide, wide.downstream_closure({plus_node: second}, with_collects=False)) == {"table.more[b]"}


@pytest.mark.parametrize("keys", [None, (), KEYS])
def test_a_collect_is_lost_with_what_its_fan_reads(plan, keys):
    known = plan if keys is None else grown(plan, *keys)
    for index in (place(plan, "one"), place(plan, "many")):
        assert place(plan, "total") in known.downstream_closure({index: known.nodes[index].steps})


def test_no_keys_are_no_steps(plan):
    empty = grown(plan)
    assert empty.step_count == 3
    assert not empty.nodes[place(plan, "plus")].steps
    assert not empty.has_open_fans


@pytest.mark.parametrize("keys", [None, (), KEYS])
def test_it_travels(plan, keys):
    sent = plan if keys is None else grown(plan, *keys)
    read = Plan.from_bytes(sent.to_bytes())
    assert read == sent
    assert [node.fan for node in read.nodes] == [node.fan for node in sent.nodes]
    assert read.ungrown() == plan


def test_what_is_known_stays_when_more_is_told(plan):
    wide = grown(plan, *KEYS)
    assert grown(wide, "other", version="2").nodes == wide.nodes


def states(plan: Plan, **ended: dict[str, IndexSet]) -> dict[int, dict[str, IndexSet]]:
    return {place(plan, name): by for name, by in ended.items()}


def test_a_retry_keeps_the_numbers_of_steps(plan):
    wide = grown(plan, *KEYS)
    first = {"succeeded": wide.nodes[place(plan, "one")].steps}
    half = {"succeeded": IndexSet.of((0, 1), (2, 3)), "failed": IndexSet.range(1, 2)}
    found = states(plan, one=first, many=first, plus=half, more={"succeeded": IndexSet.of((0, 1), (2, 3))})
    left = remaining_plan(wide, found, {})
    assert [node.name for node in left.nodes] == ["table.plus", "table.more", "table.total"]
    assert names(left, {node.index: node.steps for node in left.nodes[:2]}) == {"table.plus[b]", "table.more[b]"}
    assert left.pointwise_downstream(0, 1) == [(1, 1, 1)]
    assert left.ungrown() == left
    assert Plan.from_bytes(left.to_bytes()) == left


def test_a_retry_of_the_source_forgets_the_keys(plan):
    wide = grown(plan, *KEYS)
    left = remaining_plan(wide, states(plan, one={"succeeded": wide.nodes[0].steps}), {})
    assert left.step_count == 4
    assert left.has_open_fans


def test_a_source_whose_keys_are_lost_runs_again(plan):
    done = {"succeeded": plan.nodes[place(plan, "many")].steps}
    some = {"succeeded": IndexSet.of((0, 1), (2, 3))}  # of steps that nobody knows any more
    left = remaining_plan(plan, states(plan, one=done, many=done, plus=some), {})
    assert [node.name for node in left.nodes] == ["table.many", "table.plus", "table.more", "table.total"]


def test_several_partitions_in_one_plan_do_not_fan():
    table = graph_asset(name="table", partitions_def=days)(body)
    plan = make_plan(Definitions([table]), scope=PartitionScope(all=True))
    assert plan.fans == ()
    assert plan.step_count == 15


def test_an_asset_that_keeps_it_waiting_partition_by_partition_stops_the_fan():
    @asset(partitions_def=days)
    def raw():
        return 1

    @graph_asset(partitions_def=days)
    def table(raw):
        return total(many().map(lambda x: plus(x, raw)).collect())

    defs = Definitions([raw, table])
    assert make_plan(defs, scope=SCOPE).fans == (("table.many", "result"),)
    assert make_plan(defs, scope=PartitionScope(all=True)).fans == ()
