"""`execute_job`: steps of an earlier run again, with what its other steps gave."""

import pytest

from assetq import ReexecutionOptions, execute_job, instance_for_test, job, op, reconstructable
from assetq.errors import InvariantError

SEEN: list[str] = []


@op
def one():
    SEEN.append("one")
    return 1


@op
def flaky(x):
    SEEN.append("flaky")
    if SEEN.count("flaky") == 1:
        raise ValueError("once")
    return x + 1


@op
def last(x):
    SEEN.append("last")
    return x + 1


@job
def chain():
    last(flaky(one()))


@pytest.fixture
def failed():
    SEEN.clear()
    with instance_for_test() as instance:
        result = execute_job(reconstructable(chain), instance)
        assert not result.success
        yield instance, result


def test_from_the_failure(failed):
    instance, first = failed
    options = ReexecutionOptions.from_failure(first.run_id, instance)
    with execute_job(chain, instance, reexecution_options=options) as again:
        assert again.success
        assert again.output_for_node("last") == 3
        assert again.dagster_run.parent_run_id == first.run_id
    assert SEEN == ["one", "flaky", "flaky", "last"]


def test_a_retry_of_a_retry_finds_what_the_first_run_has_stored(failed):
    instance, first = failed
    second = execute_job(chain, instance, reexecution_options=ReexecutionOptions(first.run_id, ["flaky"]))
    assert second.success
    third = execute_job(chain, instance, reexecution_options=ReexecutionOptions(second.run_id, ["flaky"]))
    assert third.output_for_node("flaky") == 2
    assert SEEN == ["one", "flaky", "flaky", "flaky"]


def test_a_run_that_has_succeeded_is_not_resumed(failed):
    instance, first = failed
    again = execute_job(chain, instance, reexecution_options=ReexecutionOptions(first.run_id))
    assert again.success
    with pytest.raises(InvariantError):
        ReexecutionOptions.from_failure(again.run_id, instance)


def test_a_job_is_retried_by_its_instance(failed):
    instance, first = failed
    from assetq import Definitions

    run = instance.retry_run(first.run_id, failed_only=True, defs=Definitions(jobs=[chain]))
    assert run.wait(30).status == "SUCCESS"
    assert SEEN == ["one", "flaky", "flaky", "last"]
