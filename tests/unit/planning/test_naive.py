"""`make_plan` against an expansion partition by partition, on small random definitions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assetq import BackfillPolicy, Definitions, PartitionScope, asset
from assetq.definitions import AssetDep
from assetq.partitions import (
    AllPartitionMapping,
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    IdentityPartitionMapping,
    IndexSet,
    LastPartitionMapping,
    StaticPartitionMapping,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
)
from assetq.planning import Plan, make_plan

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-07")
LATER = DailyPartitionsDefinition("2024-01-03", end_date="2024-01-09")
HOURS = HourlyPartitionsDefinition("2024-01-02-18:00", end_date="2024-01-03-08:00")
COLORS = StaticPartitionsDefinition(["red", "green", "blue", "grey"])
SIZES = StaticPartitionsDefinition(["green", "small", "large"])
GRIDS = [None, DAYS, LATER, HOURS, COLORS, SIZES]
POLICIES = [None, BackfillPolicy.single_run(), BackfillPolicy.multi_run(2), BackfillPolicy.multi_run(3)]
BY_SIZE = StaticPartitionMapping({"red": "small", "green": ["small", "large"], "grey": "green"})
OFFSETS = [(0, 0), (-1, -1), (-2, 0), (1, 1), (-1, 2)]
LOOPS = [(-1, -1), (-2, -1), (-3, -3), (-2, -2), (-4, -2)]


@dataclass(frozen=True)
class Given:
    """Random definitions in plain form: by name the grid, the policy, and `(upstream, mapping)` pairs."""

    grids: dict
    policies: dict
    deps: dict

    def build(self) -> Definitions:
        made = []
        for name, grid in self.grids.items():
            deps = [AssetDep(above, partition_mapping=mapping) for above, mapping in self.deps[name]]
            policy = self.policies[name]

            def compute(): ...

            made.append(asset(name=name, partitions_def=grid, deps=deps, backfill_policy=policy)(compute))
        return Definitions(made)


def mappings(above, below):
    """What may be given for a dependency, the default included."""
    if above is None or below is None:
        return [None, LastPartitionMapping()] if above else [None]
    found = [None, AllPartitionMapping(), LastPartitionMapping(), IdentityPartitionMapping()]
    if above in (DAYS, LATER, HOURS) and below in (DAYS, LATER, HOURS):
        found += [TimeWindowPartitionMapping(*pair) for pair in OFFSETS]
    return [*found, BY_SIZE] if (above, below) == (COLORS, SIZES) else found


@st.composite
def definitions(draw):
    names = [f"a{i}" for i in range(draw(st.integers(1, 5)))]
    grids = {name: draw(st.sampled_from(GRIDS)) for name in names}
    policies = {name: draw(st.sampled_from(POLICIES)) if grids[name] else None for name in names}
    deps = {}
    for i, name in enumerate(names):
        above = [other for other in names[:i] if draw(st.booleans())]
        deps[name] = [(other, draw(st.sampled_from(mappings(grids[other], grids[name])))) for other in above]
        if grids[name] in (DAYS, LATER, HOURS) and draw(st.booleans()):
            deps[name].append((name, TimeWindowPartitionMapping(*draw(st.sampled_from(LOOPS)))))
    return Given(grids, policies, deps)


def count(grid):
    return 1 if grid is None else grid.count()


def used(mapping, above, below):
    """The mapping that holds: the given one, or by what both assets are."""
    if mapping is not None:
        return mapping
    if above is None or below is None:
        return AllPartitionMapping()
    if above == below:
        return IdentityPartitionMapping()
    both_time = above in (DAYS, LATER, HOURS) and below in (DAYS, LATER, HOURS)
    return TimeWindowPartitionMapping() if both_time else IdentityPartitionMapping()


def reads(given, name, partition):
    """`(upstream asset, partition)` that one partition reads, in the plan or not."""
    for above, mapping in given.deps[name]:
        grid, own = given.grids[above], given.grids[name]
        for found in used(mapping, grid, own).upstream(IndexSet.range(partition, partition + 1), own, grid):
            yield above, found


def steps_in(given, name, partitions):
    """Contiguous partitions, cut by the policy: a list of tuples."""
    policy = given.policies[name]
    size = 1 if policy is None else policy.max_partitions_per_run or 10**6
    chunks: list[list[int]] = []
    for partition in sorted(partitions):
        if chunks and chunks[-1][-1] == partition - 1 and len(chunks[-1]) < size:
            chunks[-1].append(partition)
        else:
            chunks.append([partition])
    return [tuple(chunk) for chunk in chunks]


def expected_steps(given, sets):
    """Step -> steps that must succeed before it; a step is `(asset, first partition)`."""
    place = {}
    for name, partitions in sets.items():
        for chunk in steps_in(given, name, partitions):
            place.update({(name, p): (name, chunk[0]) for p in chunk})
    needs = {step: set() for step in place.values()}
    for (name, partition), step in place.items():
        needs[step] |= {place[read] for read in reads(given, name, partition) if read in place} - {step}
    return needs


def expand(plan: Plan):
    """The same by what the plan says."""

    def named(node, step):
        return plan.nodes[node].name, plan.partitions_of(node, step)[0]

    return {
        named(node.index, step): {named(*above) for above in plan.upstream_steps(node.index, step)}
        for node in plan.nodes
        for step in node.steps
    }


def sets_of(plan):
    return {node.name: set(node.partitions) for node in plan.nodes}


@settings(max_examples=400, deadline=None)
@given(definitions(), st.booleans())
def test_all(given, reverse):
    plan = make_plan(given.build(), scope=PartitionScope(all=True, reverse=reverse))
    sets = {name: set(range(count(grid))) for name, grid in given.grids.items()}
    assert sets_of(plan) == sets
    assert expand(plan) == expected_steps(given, sets)


@settings(max_examples=400, deadline=None)
@given(definitions(), st.data())
def test_missing_and_failed(given, data):
    """Upstream partitions that are not in the plan count as done."""
    wanted = {
        name: data.draw(st.sets(st.integers(0, count(grid) - 1)), label=name) for name, grid in given.grids.items()
    }
    word = data.draw(st.sampled_from(["missing", "failed"]))

    def states(key, grid):
        chosen = IndexSet.from_indices(wanted[key])
        return IndexSet.range(0, count(grid)) - chosen, chosen

    plan = make_plan(given.build(), scope=PartitionScope.parse(word), states=states)
    sets = {name: chosen for name, chosen in wanted.items() if chosen}
    assert sets_of(plan) == sets
    assert expand(plan) == expected_steps(given, sets)


@settings(max_examples=400, deadline=None)
@given(definitions(), st.data())
def test_named_partitions_reach_what_reads_them(given, data):
    anchor = data.draw(st.sampled_from([name for name, grid in given.grids.items() if grid] or [None]))
    assume(anchor is not None)
    grid = given.grids[anchor]
    chosen = data.draw(st.sets(st.integers(0, count(grid) - 1), min_size=1))
    scope = PartitionScope(keys=tuple(grid.key_at(i) for i in chosen), anchor=anchor)
    plan = make_plan(given.build(), scope=scope)
    sets = sets_of(plan)
    assert sets[anchor] == chosen
    for name, own in given.grids.items():
        if own is None:
            assert sets[name] == {0}
    partitioned = [name for name in given.grids if given.grids[name]]
    for above, _ in (pair for pair in given.deps[anchor] if pair[0] in partitioned and pair[0] != anchor):
        direct = {p for d in chosen for a, p in reads(given, anchor, d) if a == above}
        assert direct <= sets.get(above, set())
    for name in partitioned:
        if any(above == anchor for above, _ in given.deps[name]) and name != anchor:
            direct = {
                p for p in range(count(given.grids[name])) if {(anchor, i) for i in chosen} & set(reads(given, name, p))
            }
            assert direct <= sets.get(name, set())
    assert expand(plan) == expected_steps(given, sets)


@settings(max_examples=400, deadline=None)
@given(definitions(), st.booleans(), st.data())
def test_an_execution_runs_everything_once_and_in_order(given, reverse, data):
    plan = make_plan(given.build(), scope=PartitionScope(all=True, reverse=reverse))
    kept = {
        node.index: IndexSet.from_indices(data.draw(st.sets(st.sampled_from(list(node.steps))))) for node in plan.nodes
    }
    if data.draw(st.booleans()):
        plan = plan.restrict(kept)
    run = Execution(plan, data)
    run.go()
    assert run.succeeded | run.failed | run.skipped == set(run.upstream)
    lost = set(run.failed)
    while more := {step for step, above in run.upstream.items() if above & lost} - lost:
        lost |= more
    assert run.skipped == lost - run.failed


@dataclass
class Execution:
    """Does with a plan what the engine does: counts, opens gates, skips."""

    plan: Plan
    data: st.DataObject

    def __post_init__(self):
        plan = self.plan
        every = [(node.index, step) for node in plan.nodes for step in node.steps]
        self.upstream = {step: set(plan.upstream_steps(*step)) for step in every}
        self.succeeded, self.failed, self.skipped = set(), set(), set()
        self.done_upstream = dict.fromkeys(every, 0)
        self.ready = {(node.index, step) for node in plan.nodes for step in plan.initial_ready(node.index)}
        self.loops = {edge.downstream for edge in plan.edges if edge.is_loop}

    def sets(self, steps):
        return {n.index: IndexSet.from_indices(s for i, s in steps if i == n.index) for n in self.plan.nodes}

    def runnable(self):
        open_nodes = {
            node.index
            for node in self.plan.nodes
            if all(
                (up, s) in self.succeeded
                for up in self.plan.gate_upstreams(node.index)
                for s in self.plan.nodes[up].steps
            )
        }
        return sorted(step for step in self.ready if step[0] in open_nodes)

    def go(self):
        while runnable := self.runnable():
            node, step = self.data.draw(st.sampled_from(runnable))
            self.ready.discard((node, step))
            assert (node, step) not in self.succeeded | self.failed | self.skipped
            assert self.upstream[node, step] <= self.succeeded
            if self.data.draw(st.integers(0, 9)):
                self.succeed(node, step)
            else:
                self.fail(node, step)
            self.check_cut()

    def succeed(self, node, step):
        self.succeeded.add((node, step))
        for below, s, need in self.plan.pointwise_downstream(node, step):
            self.done_upstream[below, s] += 1
            if self.done_upstream[below, s] == need and (below, s) not in self.skipped:
                self.ready.add((below, s))

    def fail(self, node, step):
        self.failed.add((node, step))
        for below, steps in self.plan.downstream_closure({node: IndexSet.range(step, step + 1)}).items():
            self.skipped |= {(below, s) for s in steps}
        self.ready -= self.skipped

    def check_cut(self):
        """The frontier can be computed from what has ended alone."""
        succeeded = self.sets(self.succeeded)
        ended = self.succeeded | self.failed | self.skipped
        for node in self.plan.nodes:
            ready = {(node.index, s) for s in self.plan.ready_after(node.index, succeeded)} - ended
            assert ready == {step for step in self.ready if step[0] == node.index}
            touched = self.plan.touched_by(node.index, succeeded)
            for step in node.steps:
                counted = self.plan.satisfied_count(node.index, step, succeeded)
                assert counted == self.done_upstream[node.index, step]
                assert (step in touched) == (counted > 0)


@settings(max_examples=200, deadline=None)
@given(definitions(), st.booleans())
def test_degrees_and_the_wire(given, reverse):
    plan = make_plan(given.build(), scope=PartitionScope(all=True, reverse=reverse))
    assert Plan.from_bytes(plan.to_bytes()) == plan
    upstream = {(n.index, s): set(plan.upstream_steps(n.index, s)) for n in plan.nodes for s in n.steps}
    for step, above in upstream.items():
        assert plan.in_degree(*step) == len(above)
        assert set(plan.downstream_steps(*step)) == {below for below, needs in upstream.items() if step in needs}
        assert plan.find_step(plan.step_key(*step)) == step
    for node in plan.nodes:
        for i in range(len(node.steps)):
            key = plan.steps_key(node.index, node.steps.nth(0), node.steps.nth(i) + 1)
            assert key.startswith(node.name)
        assert sorted(p for s in node.steps for p in range(*plan.partitions_of(node.index, s))) == list(node.partitions)


def test_equal_inputs_give_equal_plans():
    given = Given({"a0": DAYS, "a1": HOURS}, dict.fromkeys(("a0", "a1")), {"a0": [], "a1": [("a0", None)]})
    one = make_plan(given.build(), scope=PartitionScope(all=True))
    other = make_plan(replace(given).build(), scope=PartitionScope(all=True))
    assert one.to_bytes() == other.to_bytes()
