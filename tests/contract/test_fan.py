"""Dynamic outputs in runs that this process executes: recorded in memory and on Redis alike."""

from __future__ import annotations

import pytest

from assetq import (
    DynamicOut,
    DynamicOutput,
    Out,
    Output,
    ReexecutionOptions,
    RetryPolicy,
    execute_job,
    graph_asset,
    job,
    materialize,
    op,
)
from assetq.execution import EventType, RunStatus
from assetq.execution.step_graph import step_graph


class Ops:
    """Ops that do as they are told: `bad` are values that fail, `dull` those that give nothing."""

    def __init__(self, count: int = 3) -> None:
        self.count, self.bad, self.dull, self.ran = count, set(), set(), []

        @op(out=DynamicOut())
        def many():
            self.ran.append("many")
            for number in range(self.count):
                yield DynamicOutput(number, mapping_key=f"k{number}")

        @op
        def beside():
            if "beside" in self.bad:
                raise ValueError("beside")
            return 0

        @op(out=Out(is_required=False))
        def checked(x, y):
            self.ran.append(x)
            if x in self.bad:
                raise ValueError(x)
            if x not in self.dull:
                yield Output(x)

        @op
        def same(x):
            return x

        @op
        def total(numbers):
            if "total" in self.bad:
                raise ValueError("total")
            return sum(numbers)

        def body():
            other = beside()
            return total(many().map(lambda x: checked(x, other)).map(same).collect())

        self.body = body
        self.table = graph_asset(name="table")(body)


def counts(instance, run_id) -> dict[str, int]:
    steps = instance.get_run(run_id).steps
    assert steps.total == steps.succeeded + steps.failed + steps.skipped + steps.canceled + steps.waiting
    found = {name: getattr(steps, name) for name in ("succeeded", "failed", "skipped", "canceled")}
    return {name: count for name, count in found.items() if count}


def run(ops: Ops, home) -> str:
    return materialize([ops.table], instance=home, raise_on_error=False).run_id


def test_what_is_recorded(home, seen):
    run_id = run(Ops(), home)
    assert seen.get_run(run_id).status is RunStatus.SUCCESS
    assert counts(seen, run_id) == {"succeeded": 9}
    plan = seen.get_plan(run_id)
    assert (plan.step_count, plan.has_open_fans) == (9, False)
    assert plan.find_step("table.same[k2]")[1] == 2
    ended = [e.step_key for e in seen.read_events(run_id) if e.type is EventType.STEP_SUCCESS]
    assert ended[2:] == [*(f"table.{name}[k{n}]" for name in ("checked", "same") for n in range(3)), "table.total"]
    totals = {node["step"]: node["steps"]["total"] for node in step_graph(seen, run_id)["nodes"]}
    assert totals["table.same"] == 3
    assert seen.explain_step(run_id, "table.same[k1]").state == "succeeded"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_any_number(home, seen, count):
    run_id = run(Ops(count), home)
    assert counts(seen, run_id) == {"succeeded": 3 + 2 * count}


def test_one_that_fails(home, seen):
    ops = Ops()
    ops.bad = {1}
    run_id = run(ops, home)
    assert seen.get_run(run_id).status is RunStatus.FAILURE
    assert counts(seen, run_id) == {"succeeded": 6, "failed": 1, "skipped": 2}
    skipped = {e.step_key for e in seen.read_events(run_id) if e.type is EventType.STEP_SKIPPED}
    assert skipped == {"table.same[k1]", "table.total"}


@pytest.mark.parametrize("dull", [{1}, {0, 1, 2}])
def test_some_that_give_nothing(home, seen, dull):
    ops = Ops()
    ops.dull = dull
    run_id = run(ops, home)
    assert seen.get_run(run_id).status is RunStatus.SUCCESS
    skipped = len(dull) + (len(dull) == 3)
    assert counts(seen, run_id) == {"succeeded": 9 - skipped, "skipped": skipped}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_fails_beside_it(home, seen, count):
    ops = Ops(count)
    ops.bad = {"beside"}
    run_id = run(ops, home)
    assert counts(seen, run_id) == {"succeeded": 1, "failed": 1, "skipped": 1 + 2 * count}


def test_only_what_failed_runs_again(home, seen):
    ops = Ops()
    ops.bad = {1}

    @job
    def chain():
        ops.body()

    first = execute_job(chain, home, raise_on_error=False)
    assert not first.success
    ops.bad, ops.ran = set(), []
    again = execute_job(chain, home, reexecution_options=ReexecutionOptions.from_failure(first.run_id, home))
    assert again.success
    assert ops.ran == [1]
    assert [e.step_key for e in again.get_step_success_events()] == ["checked[k1]", "same[k1]", "total"]
    assert again.output_for_node("total") == 3
    assert counts(seen, again.run_id) == {"succeeded": 3}
    ops.ran = []
    whole = execute_job(chain, home, reexecution_options=ReexecutionOptions(first.run_id))
    assert whole.success
    assert ops.ran == ["many", 0, 1, 2]


def test_only_the_collect_runs_again(home, seen):
    ops = Ops()
    ops.bad, ops.dull = {"total"}, {1}

    @job
    def chain():
        ops.body()

    first = execute_job(chain, home, raise_on_error=False)
    ops.bad, ops.ran = set(), []
    again = execute_job(chain, home, reexecution_options=ReexecutionOptions.from_failure(first.run_id, home))
    assert again.success
    assert ops.ran == []
    assert again.output_for_node("total") == 2
    assert {e.step_key for e in again.get_step_success_events()} == {"total"}
    assert [e.step_key for e in again.get_step_skipped_events()] == ["same[k1]"]


def test_an_attempt_that_is_not_the_last_counts_for_nothing(home, seen):
    tries = []

    @op(out=DynamicOut(), retry_policy=RetryPolicy(max_retries=1))
    def moody():
        tries.append(1)
        for number in range(len(tries)):
            yield DynamicOutput(number, mapping_key=f"try{len(tries)}_{number}")
        if len(tries) == 1:
            raise ValueError("again")

    @op
    def same(x):
        return x

    @op
    def total(numbers):
        return len(numbers)

    @graph_asset
    def table():
        return total(moody().map(same).collect())

    run_id = materialize([table], instance=home).run_id
    assert counts(seen, run_id) == {"succeeded": 4}
    assert seen.get_plan(run_id).nodes[1].fan.keys == ("try2_0", "try2_1")
