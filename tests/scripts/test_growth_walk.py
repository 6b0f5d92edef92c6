"""Runs whose plans grow, played at random: sound after every move, and at the end just what the plan says."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from assetq import Definitions, DynamicOut, DynamicOutput, graph_asset, op
from assetq.broker.message import Grant
from assetq.broker.submission import counted_tags, node_entries, run_details
from assetq.execution.task import StepResult, StepStatus
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanEdge, make_plan
from assetq.workers.outcome import Attempt, outcome_of

from .driver import Driver

OK, FAILED, LOST, LEFT = "succeeded", "failed", "lost", "left out"
Step = tuple[int, int]


@op(out=DynamicOut())
def many():
    yield DynamicOutput(1, mapping_key="a")


@op
def one():
    return 1


@op
def two(x, y):
    return x


@op
def same(x):
    return x


@op
def both(a, b):
    return 1


@graph_asset
def table():
    """Two fans, one of which reads what is collected of the other; chains, and a collect of two nodes."""
    beside, values = one(), many()
    first = values.map(lambda x: two(x, beside))
    second, third = first.map(same.alias("second")), values.map(same.alias("third"))
    gathered = same.alias("gathered")(second.collect())
    others = many.alias("others")().map(lambda x: two.alias("late")(x, gathered))
    return both(both.alias("pair")(second.collect(), third.collect()), others.collect())


class Walk:
    """One run and what became of its steps."""

    def __init__(self, driver: Driver, instance, seed: int) -> None:
        self.driver, self.instance = driver, instance
        self.random = random.Random(seed)
        self.symbolic = make_plan(Definitions([table]))
        self.ends: dict[Step, str] = {}
        self.omitted: dict[Step, set[int]] = {}
        details = run_details(self.symbolic, priority=0, tags=None, config={}, parent_run_id=None)
        entries = node_entries(self.symbolic)
        plan, total = self.symbolic.to_bytes(), self.symbolic.step_count
        driver.engine.submit("r", plan, details, total, entries, tags=counted_tags(None))

    @property
    def plan(self) -> Plan:
        return self.instance.get_plan("r")

    def play(self) -> None:
        while not self.instance.get_run("r").status.is_terminal:
            messages = self.driver.outbox.messages
            assert messages, self.instance.get_run("r")
            message = messages.pop(self.random.randrange(len(messages)))
            grant = self.driver.engine.claim("r", message.fence, self.driver.worker)
            if grant is not None:
                self.commit(grant)
            assert self.instance.check_run("r") is None
            if self.random.random() < 0.1 and not self.instance.get_run("r").status.is_terminal:
                self.forget_and_repair()

    def forget_and_repair(self) -> None:
        keys = self.driver.keys
        nodes = range(len(self.symbolic.nodes))
        self.driver.client.delete(keys("need", "r"), *(keys("ready", "r", node) for node in nodes))
        self.driver.client.zrem(keys("turns", "default"), "r")
        self.instance.repair_run("r")
        self.driver.outbox.messages.clear()
        self.driver.engine.recover()
        self.resend()
        assert self.instance.check_run("r") is None

    def resend(self) -> None:
        """The instance has a publisher of its own: what it granted is published again, as recovery does."""
        from assetq.broker.message import Message

        client, keys = self.driver.client, self.driver.keys
        for fence in client.zrange(keys("queued"), 0, -1):
            values = client.hmget(keys("grant", fence.decode()), "pool", "run", "node", "from", "to")
            self.driver.outbox.messages.append(Message.from_reply([*values, fence]))

    def commit(self, grant: Grant) -> None:
        step, plan = grant.start, self.plan
        reads_fans = any(e.is_fan or e.is_collect for e in plan.edges if e.downstream == grant.node)
        if plan.nodes[grant.node].fan is None and not reads_fans and self.random.random() < 0.5:
            plan = self.symbolic  # of a worker that has not heard of any growth
        result = self.result(plan, (grant.node, step))
        attempt = Attempt(plan, grant.node, step, 1, 0, "w")
        self.driver.engine.commit(grant, self.driver.worker, [outcome_of(attempt, result)], batch=3)
        if grant.stop > step + 1:
            self.driver.engine.hand_back(grant.fence, "w", crashed=False, reason="one at a time")

    def result(self, plan: Plan, step: Step) -> StepResult:
        dice = self.random.random()
        if dice < 0.05:
            return StepResult(StepStatus.RETRY, ())
        if dice < 0.12:
            self.ends[step] = FAILED
            return StepResult(StepStatus.FAILED, ())
        self.ends[step] = OK
        keys = {output: tuple(f"k{n}" for n in range(self.random.choice((0, 1, 2, 5, 9))))
                for _, output in plan.fans_from(step[0])}  # fmt: skip
        readers = [e.downstream for e in plan.edges if e.upstream == step[0] and e.is_fan]
        omitted = tuple(readers) if self.random.random() < 0.15 else ()
        self.omitted[step] = set(omitted)
        return StepResult(StepStatus.SUCCEEDED, (), keys=keys, omitted=omitted)

    # What must have come of it

    def expected(self) -> dict[Step, str]:
        plan, found = self.plan, dict[Step, str]()
        for node in plan.nodes:
            for step in node.steps:
                hindered = {
                    self.hindrance(plan, edge, step, found) for edge in plan.edges if edge.downstream == node.index
                }
                worst = LOST if LOST in hindered else LEFT if LEFT in hindered else None
                assert (worst is None) == ((node.index, step) in self.ends), (node.name, step, worst)
                found[node.index, step] = worst or self.ends[node.index, step]
        return found

    def hindrance(self, plan: Plan, edge: PlanEdge, step: int, found: dict[Step, str]) -> str | None:
        if edge.is_fan:
            above = found[edge.upstream, step]
            if above == OK:
                return LEFT if edge.downstream in self.omitted[edge.upstream, step] else None
            return LEFT if above == LEFT else LOST
        allowed = {OK, LEFT} if edge.is_collect else {OK}
        states = {found[edge.upstream, above] for above in plan.nodes[edge.upstream].steps}
        return None if states <= allowed else LOST

    def recorded(self) -> Iterator[tuple[Step, str]]:
        for node, states in self.instance.step_states("r").items():
            for state, steps in states.items():
                yield from (((node, step), state) for step in steps)


@pytest.mark.parametrize("seed", range(40))
def test_a_walk(settings, instance, seed):
    driver = Driver(settings)
    walk = Walk(driver, instance, seed)
    walk.play()
    expected = {step: OK if state == OK else FAILED if state == FAILED else "skipped"
                for step, state in walk.expected().items()}  # fmt: skip
    assert dict(walk.recorded()) == expected
    steps = instance.get_run("r").steps
    counts = {state: list(expected.values()).count(state) for state in (OK, FAILED, "skipped")}
    assert (steps.succeeded, steps.failed, steps.skipped) == tuple(counts.values())
    assert steps.total == len(expected) == walk.plan.step_count
    assert instance.get_run("r").status == ("FAILURE" if counts[FAILED] else "SUCCESS")
    assert not IndexSet.from_bitmap(driver.client.get(driver.keys("done", "r", 0, "canceled")) or b"")
    driver.client.close()
