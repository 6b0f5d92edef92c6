"""Chunks that fail in some of their partitions: who runs, who is skipped, and what a repair finds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from assetq import BackfillPolicy, Definitions, HourlyPartitionsDefinition, PartitionScope, asset
from assetq.broker.repair import compute_frontier
from assetq.execution.retry import remaining_plan
from assetq.partitions import IndexSet
from assetq.planning import Plan, make_plan

from .test_naive import Execution, definitions, reads


class PartialExecution(Execution):
    """Some failed steps make some of their partitions."""

    def __init__(self, plan, data):
        self.made = {}
        super().__init__(plan, data)

    def partitions(self, node, step):
        return set(range(*self.plan.partitions_of(node, step)))

    def go(self):
        while runnable := self.runnable():
            node, step = self.data.draw(st.sampled_from(runnable))
            self.ready.discard((node, step))
            assert (node, step) not in self.succeeded | self.failed | self.skipped
            own = sorted(self.partitions(node, step))
            made = self.data.draw(st.sets(st.sampled_from(own))) if self.data.draw(st.integers(0, 2)) == 0 else set(own)
            if made == set(own):
                self.succeed(node, step)
            else:
                self.fail_partly(node, step, made)
            self.check_repair()

    def fail_partly(self, node, step, made):
        self.failed.add((node, step))
        self.made.setdefault(node, set()).update(made)
        lost = IndexSet.from_indices(sorted(self.partitions(node, step) - made))
        for below, s, need in self.plan.satisfied_by(node, step, lost) if made else ():
            self.done_upstream[below, s] += 1
            if self.done_upstream[below, s] == need and (below, s) not in self.skipped:
                self.ready.add((below, s))
        for below, steps in self.plan.closure_without(node, step, lost).items():
            assert not {(below, s) for s in steps} & (self.succeeded | self.failed)
            self.skipped |= {(below, s) for s in steps}
        self.ready -= self.skipped

    @property
    def record(self):
        states = {}
        for state in ("succeeded", "failed", "skipped"):
            for node, steps in self.sets(getattr(self, state)).items():
                states.setdefault(node, {})[state] = steps
        return states, {node: IndexSet.from_indices(sorted(made)) for node, made in self.made.items()}

    def check_repair(self):
        """A repair finds the frontier that the engine has."""
        frontier = compute_frontier(self.plan, *self.record)
        for node, entry in zip(self.plan.nodes, frontier.nodes, strict=True):
            due = IndexSet.of(*zip(entry.ready[::2], entry.ready[1::2], strict=True))
            assert set(due) == {step for index, step in self.ready if index == node.index}
        ended = self.succeeded | self.failed | self.skipped | self.ready
        waiting = {step: done for step, done in self.done_upstream.items() if done and step not in ended}
        assert {(node, step): done for node, step, done in frontier.need} == waiting


@settings(max_examples=300, deadline=None)
@given(definitions(), st.booleans(), st.data())
def test_what_reads_no_lost_partition_runs(given, reverse, data):
    plan = make_plan(given.build(), scope=PartitionScope(all=True, reverse=reverse))
    run = PartialExecution(plan, data)
    run.go()
    every = {(node.index, step) for node in plan.nodes for step in node.steps}
    assert run.succeeded | run.failed | run.skipped == every
    place = {node.name: node.index for node in plan.nodes}
    lost = {
        (plan.nodes[node].name, partition)
        for node, step in run.failed | run.skipped
        for partition in run.partitions(node, step) - run.made.get(node, set())
    }
    for node, step in every:
        own = {(plan.nodes[node].name, partition) for partition in run.partitions(node, step)}
        read = {found for name, partition in own for found in reads(given, name, partition)}
        assert bool((read - own) & lost) == ((node, step) in run.skipped)
    retry = remaining_plan(plan, *run.record)
    assert {(node.name, partition) for node in retry.nodes for partition in node.partitions} == lost
    assert set(place) >= {node.name for node in retry.nodes}


def chunks(policy: BackfillPolicy) -> Plan:
    hours = HourlyPartitionsDefinition("2000-01-01-00:00", end_date="2015-01-01-00:00")

    @asset(partitions_def=hours, backfill_policy=policy)
    def above(): ...

    @asset(partitions_def=hours, deps=[above])
    def below(): ...

    return make_plan(Definitions([above, below]), scope=PartitionScope(all=True))


def test_the_cost_follows_what_failed():
    plan = chunks(BackfillPolicy.single_run())
    lost = IndexSet.of((100_000, 100_010))
    assert plan.closure_without(0, 0, lost) == {1: lost}
    steps, found = plan.partly_made(0, IndexSet.range(0, 1), plan.nodes[0].partitions - lost)
    assert (list(steps), found) == ([0], lost)
    retry = plan.restrict({0: steps, 1: lost}, {0: plan.nodes[0].partitions - lost})
    assert [node.partitions for node in retry.nodes] == [lost, lost]
    assert retry.step_count == 1 + 10


def test_a_whole_failure_skips_as_ever():
    plan = chunks(BackfillPolicy.multi_run(10))
    assert plan.closure_without(0, 2, IndexSet.range(20, 30)) == {1: IndexSet.range(20, 30)}
    assert plan.satisfied_by(0, 2, IndexSet()) == plan.pointwise_downstream(0, 2)
