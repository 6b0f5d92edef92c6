"""Plans against a naive expansion, on small random graphs."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from assetq.partitions import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    MonthlyPartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
)
from assetq.planning import Plan, PlanEdge, PlanNode

DAYS = DailyPartitionsDefinition("2013-01-25", end_date="2013-02-06")
MONTHS = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-03-01")
STATIC = StaticPartitionsDefinition([f"k{i}" for i in range(9)])
GRIDS = [None, DAYS, MONTHS, STATIC]


@st.composite
def plans(draw):
    nodes, edges = [], []
    for index in range(draw(st.integers(1, 5))):
        grid = draw(st.sampled_from(GRIDS))
        count = 1 if grid is None else grid.count()
        chosen = draw(st.sets(st.integers(0, count - 1), min_size=1))
        chunk = 1 if grid is None else draw(st.sampled_from([1, 1, 0, 2, 3]))
        nodes.append(
            PlanNode(index, f"n{index}", (f"n{index}",), "default", grid, IndexSet.from_indices(chosen), chunk)
        )
        for above in range(index):
            if draw(st.booleans()):
                edges.append(PlanEdge(above, index, draw(st.sampled_from(mappings(nodes[above], nodes[index])))))
    return Plan(tuple(nodes), tuple(edges))


def mappings(above, below):
    grids = (above.partitions_def, below.partitions_def)
    if None in grids:
        return [AllPartitionMapping()]
    if grids[0] == grids[1]:
        return [IdentityPartitionMapping(), AllPartitionMapping()]
    if STATIC in grids:
        return [AllPartitionMapping()]
    return [TimeWindowPartitionMapping(), AllPartitionMapping()]


def expand(plan):
    """Every step with its upstream steps, partition by partition."""
    upstream = {(node.index, step): set() for node in plan.nodes for step in node.steps}
    pointwise = {step: set() for step in upstream}
    for edge in plan.edges:
        above, below = plan.nodes[edge.upstream], plan.nodes[edge.downstream]
        for step in below.steps:
            for partition in range(*below.partitions_of(step)):
                one = IndexSet.range(partition, partition + 1)
                for read in edge.mapping.upstream(one, below.partitions_def, above.partitions_def):
                    if read in above.partitions:
                        reads = (above.index, above.step_of(read))
                        upstream[below.index, step].add(reads)
                        if not edge.is_gate:
                            pointwise[below.index, step].add(reads)
    return upstream, pointwise


@settings(max_examples=200, deadline=None)
@given(plans())
def test_edges_and_degrees(plan):
    upstream, pointwise = expand(plan)
    downstream = defaultdict(set)
    for step, above in upstream.items():
        for other in above:
            downstream[other].add(step)
    assert plan.step_count == len(upstream)
    for (node, step), above in upstream.items():
        assert set(plan.upstream_steps(node, step)) == above
        assert plan.in_degree(node, step) == len(above)
        assert set(plan.downstream_steps(node, step)) == downstream[node, step]
        assert {(n, s) for n, s, _ in plan.pointwise_downstream(node, step)} == {
            below for below, reads in pointwise.items() if (node, step) in reads
        }
        for below_node, below_step, need in plan.pointwise_downstream(node, step):
            assert need == len(pointwise[below_node, below_step])
    for node in plan.nodes:
        assert set(plan.initial_ready(node.index)) == {s for s in node.steps if not pointwise[node.index, s]}


@settings(max_examples=200, deadline=None)
@given(plans(), st.data())
def test_closure(plan, data):
    upstream, _ = expand(plan)
    node = data.draw(st.sampled_from(plan.nodes))
    step = data.draw(st.sampled_from(list(node.steps)))
    reached = {(node.index, step)}
    for below, above in sorted(upstream.items()):
        if above & reached:
            reached.add(below)
    closure = plan.downstream_closure({node.index: IndexSet.range(step, step + 1)})
    assert {(n, s) for n, steps in closure.items() for s in steps} == reached - {(node.index, step)}


@settings(max_examples=200, deadline=None)
@given(plans(), st.data())
def test_frontier_after_any_progress(plan, data):
    upstream, pointwise = expand(plan)
    done = set()
    for step in sorted(upstream):
        if upstream[step] <= done and data.draw(st.booleans()):
            done.add(step)
    succeeded = {n.index: IndexSet.from_indices(s for i, s in done if i == n.index) for n in plan.nodes}
    for node in plan.nodes:
        expected = {s for s in node.steps if pointwise[node.index, s] <= done}
        assert set(plan.ready_after(node.index, succeeded)) == expected
        touched = plan.touched_by(node.index, succeeded)
        for step in node.steps:
            count = len(pointwise[node.index, step] & done)
            assert plan.satisfied_count(node.index, step, succeeded) == count
            assert (step in touched) == (count > 0)


@settings(max_examples=100, deadline=None)
@given(plans(), st.data())
def test_restriction_keeps_partitions_and_names(plan, data):
    kept = {n.index: IndexSet.from_indices(data.draw(st.sets(st.sampled_from(list(n.steps))))) for n in plan.nodes}
    smaller = plan.restrict(kept)
    before = {n.name: n for n in plan.nodes}
    for node in smaller.nodes:
        original = before[node.name]
        assert node.partitions == original.partitions_in(kept[original.index])
    assert {n.name for n in smaller.nodes} == {n.name for n in plan.nodes if kept[n.index]}


@settings(max_examples=100, deadline=None)
@given(plans())
def test_wire_and_names(plan):
    assert Plan.from_bytes(plan.to_bytes()) == plan
    for node in plan.nodes:
        for step in node.steps:
            assert plan.find_step(plan.step_key(node.index, step)) == (node.index, step)
        covered = [i for step in node.steps for i in range(*node.partitions_of(step))]
        assert sorted(covered) == list(node.partitions)
