"""A partitioned asset that reads its own earlier partitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetq import BackfillPolicy, DailyPartitionsDefinition, Definitions, Instance, PartitionScope, asset
from assetq.definitions import AssetDep
from assetq.partitions import HourlyPartitionsDefinition, IndexSet, TimeWindowPartitionMapping
from assetq.planning import Plan, PlanEdge, PlanNode, make_plan

HOURS = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2024-06-01-00:00")
LAST = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@st.composite
def loops(draw):
    partitions = IndexSet.from_indices(draw(st.sets(st.integers(0, 60), min_size=1)))
    if draw(st.booleans()):
        partitions = partitions | IndexSet.range(10, draw(st.integers(20, 60)))
    node = PlanNode(0, "a", ("a",), "default", HOURS, partitions, draw(st.sampled_from([0, 1, 2, 3, 7])))
    offsets = [tuple(sorted(draw(st.tuples(st.integers(-9, -1), st.integers(-9, -1))))) for _ in range(2)]
    mappings = {TimeWindowPartitionMapping(*pair) for pair in offsets[: draw(st.integers(1, 2))]}
    return Plan((node,), tuple(PlanEdge(0, 0, mapping) for mapping in mappings))


@settings(max_examples=500, deadline=None)
@given(loops(), st.data())
def test_the_closure_is_everything_reached_step_by_step(plan, data):
    steps = list(plan.nodes[0].steps)
    above = {step: {s for _, s in plan.upstream_steps(0, step)} for step in steps}
    assert all(step not in reads for step, reads in above.items())
    assert set(plan.initial_ready(0)) == {step for step in steps if not above[step]}
    seeds = data.draw(st.sets(st.sampled_from(steps), min_size=1))
    reached = set(seeds)
    for step in steps:
        if above[step] & reached:
            reached.add(step)
    closure = plan.downstream_closure({0: IndexSet.from_indices(seeds)})
    assert set(closure.get(0, ())) == reached - seeds
    assert set(plan.touched_by(0, {0: IndexSet.from_indices(seeds)})) == {s for s in steps if above[s] & seeds}
    assert set(plan.ready_after(0, {0: IndexSet.from_indices(seeds)})) == {s for s in steps if above[s] <= seeds}


def chain(policy=None, count=1):
    @asset(partitions_def=HOURS, deps=[AssetDep("total", partition_mapping=LAST)], backfill_policy=policy)
    def total(): ...

    @asset(partitions_def=HOURS)
    def shown(total): ...

    return Definitions([total, shown])


@pytest.mark.parametrize("policy", [None, BackfillPolicy.multi_run(3)])
def test_a_hundred_thousand_in_order_without_a_hundred_thousand_turns(policy):
    plan = make_plan(chain(policy), scope=PartitionScope(all=True))
    node = plan.nodes[0]
    assert len(node.partitions) > 100_000
    assert plan.initial_ready(0) == IndexSet.range(0, 1)
    assert plan.pointwise_downstream(0, 77)[0] == (0, 78, 1)
    assert plan.in_degree(0, 78) == 1
    closure = plan.downstream_closure({0: IndexSet.range(100, 101)})
    assert closure[0] == IndexSet.range(101, len(node.steps))
    assert len(closure[1].ranges) == 1
    assert plan.ready_after(0, {0: IndexSet.range(0, 500)}) == IndexSet.range(0, 501)
    assert len(plan.to_bytes()) < 2000


def test_what_is_not_in_the_plan_counts_as_done():
    plan = make_plan(chain(), selection="total", scope=PartitionScope.parse("2013-01-05-00:00..2013-01-05-05:00"))
    assert list(plan.initial_ready(0)) == [96]
    assert list(plan.restrict({0: IndexSet.of((96, 98), (99, 101))}).initial_ready(0)) == [96, 99]


def test_all_of_one_chunk_has_no_dependency():
    plan = make_plan(chain(BackfillPolicy.single_run()), selection="total", scope=PartitionScope(all=True))
    assert (plan.step_count, plan.in_degree(0, 0), plan.downstream_steps(0, 0)) == (1, 0, [])
    assert plan.initial_ready(0) == IndexSet.range(0, 1)


def test_in_this_process_days_run_in_order_and_stop_at_the_one_that_fails():
    days, seen = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11"), []

    @asset(partitions_def=days, deps=[AssetDep("total", partition_mapping=LAST)])
    def total(context):
        seen.append(context.partition_key)
        if context.partition_key == "2024-01-04":
            raise ValueError("no fourth day")

    with Instance.ephemeral() as instance:
        defs = Definitions([total])
        record = instance.submit(defs, partitions=PartitionScope(all=True, reverse=True)).wait(30)
    assert seen == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (3, 1, 6)
