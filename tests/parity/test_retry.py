"""When a failed step runs again."""

import time

import pytest


@pytest.fixture
def tries(tmp_path):
    """Path of a file that every attempt adds a letter to."""
    return tmp_path / "tries"


def attempts(world, tries, fail, **options):
    """The outcome, and the retry number of each attempt."""

    def table(context):
        with tries.open("a") as file:
            file.write(str(context.retry_number))
        return fail(context.retry_number)

    outcome = world.run([world.dg.asset(**options)(table)])
    return outcome, tries.read_text()


def boom(_number):
    raise ValueError("bad luck")


@pytest.mark.parametrize(
    ("policy", "numbers"), [(None, "0"), ({}, "01"), ({"max_retries": 0}, "0"), ({"max_retries": 2}, "012")]
)
def test_how_often(world, tries, policy, numbers):
    given = None if policy is None else world.dg.RetryPolicy(**policy)
    outcome, found = attempts(world, tries, boom, retry_policy=given)
    assert not outcome.success
    assert outcome.failed == {"table"}
    assert found == numbers


def test_until_it_succeeds(world, tries):
    def fail(number):
        if number < 2:
            raise ValueError("bad luck")
        return number

    outcome, found = attempts(world, tries, fail, retry_policy=world.dg.RetryPolicy(max_retries=5))
    assert outcome.success
    assert found == "012"
    assert outcome.materialized == ["table"]
    assert outcome.value("table") == 2


def test_retry_requested(world, tries):
    def fail(number):
        raise world.dg.RetryRequested(max_retries=2)

    assert attempts(world, tries, fail)[1] == "012"


def test_retry_requested_retries_once_by_default(world, tries):
    def fail(number):
        raise world.dg.RetryRequested()

    assert attempts(world, tries, fail)[1] == "01"


def test_retry_requested_and_then_success(world, tries):
    def fail(number):
        if number < 1:
            raise world.dg.RetryRequested(max_retries=3, seconds_to_wait=0.1) from ValueError("inner")
        return 7

    outcome, found = attempts(world, tries, fail)
    assert found == "01"
    assert outcome.value("table") == 7


def test_retry_requested_counts_for_itself(world, tries):
    def fail(number):
        raise world.dg.RetryRequested(max_retries=1)

    assert attempts(world, tries, fail, retry_policy=world.dg.RetryPolicy(max_retries=3))[1] == "01"


def test_a_failure_may_forbid_retries(world, tries):
    def fail(number):
        raise world.dg.Failure("no use", allow_retries=False)

    outcome, found = attempts(world, tries, fail, retry_policy=world.dg.RetryPolicy(max_retries=3))
    assert found == "0"
    assert "no use" in outcome.errors


def test_a_failure_is_retried_otherwise(world, tries):
    def fail(number):
        raise world.dg.Failure("once more")

    assert attempts(world, tries, fail, retry_policy=world.dg.RetryPolicy(max_retries=1))[1] == "01"


def test_an_output_that_does_not_exist_is_not_retried(world, tries):
    def fail(number):
        return world.dg.Output(1, output_name="zz")

    assert attempts(world, tries, fail, retry_policy=world.dg.RetryPolicy(max_retries=1))[1] == "0"


def test_an_output_that_is_missing_is_not_retried(world, tries):
    def table():
        with tries.open("a") as file:
            file.write("x")
        if False:
            yield 1

    world.run([world.dg.asset(retry_policy=world.dg.RetryPolicy(max_retries=1))(table)])
    assert tries.read_text() == "x"


def test_storing_is_retried(world, tries):
    dg = world.dg

    class Shaky(dg.IOManager):
        def handle_output(self, context, obj):
            with tries.open("a") as file:
                file.write("x")
            if len(tries.read_text()) < 2:
                raise ValueError("full")

        def load_input(self, context): ...

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=1), io_manager_def=Shaky())
    def table():
        return 1

    assert world.run([table]).success
    assert tries.read_text() == "xx"


def test_what_reads_a_failed_asset_is_skipped(world, tries):
    dg = world.dg

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
    def one():
        raise ValueError("bad luck")

    @dg.asset
    def two(one): ...

    outcome = world.run([one, two])
    assert outcome.failed == {"one"}
    assert outcome.materialized == []


def test_a_delay(world, tries):
    start = time.monotonic()
    policy = world.dg.RetryPolicy(max_retries=2, delay=0.2, backoff=world.dg.Backoff.EXPONENTIAL)
    assert attempts(world, tries, boom, retry_policy=policy)[1] == "012"
    assert time.monotonic() - start >= 0.75


def test_delays_by_backoff(dg):
    def delays(backoff):
        policy = dg.RetryPolicy(max_retries=5, delay=2, backoff=backoff)
        return [policy.calculate_delay(attempt) for attempt in (1, 2, 3, 4)]

    assert delays(None) == [2, 2, 2, 2]
    assert delays(dg.Backoff.LINEAR) == [2, 4, 6, 8]
    assert delays(dg.Backoff.EXPONENTIAL) == [2, 6, 14, 30]


@pytest.mark.parametrize(("jitter", "low", "high"), [("FULL", 0, 2), ("PLUS_MINUS", 0, 4)])
def test_delays_with_jitter(dg, jitter, low, high):
    policy = dg.RetryPolicy(delay=2, jitter=getattr(dg.Jitter, jitter))
    found = [policy.calculate_delay(1) for _ in range(200)]
    assert all(low <= delay <= high for delay in found)
    assert len(set(found)) > 100


def test_what_a_policy_holds(dg):
    policy = dg.RetryPolicy(max_retries=3, delay=2)
    assert (policy.max_retries, policy.delay, policy.backoff, policy.jitter) == (3, 2, None, None)
    assert policy == dg.RetryPolicy(max_retries=3, delay=2)
    assert dg.RetryPolicy().max_retries == 1


def test_backoff_and_jitter_need_a_delay(dg):
    for options in ({"backoff": dg.Backoff.LINEAR}, {"jitter": dg.Jitter.FULL}):
        with pytest.raises(dg.DagsterInvalidDefinitionError):
            dg.RetryPolicy(**options)


@pytest.mark.parametrize(
    "options", [{"max_retries": "a"}, {"delay": "a"}, {"delay": 1, "backoff": "x"}, {"delay": 1, "jitter": "x"}]
)
def test_policies_of_wrong_kinds(dg, options):
    with pytest.raises(Exception, match=r".+"):
        dg.RetryPolicy(**options)


def test_what_the_exceptions_hold(dg):
    request = dg.RetryRequested(max_retries=3, seconds_to_wait=2)
    assert (request.max_retries, request.seconds_to_wait) == (3, 2)
    failure = dg.Failure("why", metadata={"rows": 1}, allow_retries=False)
    assert failure.description == "why"
    assert failure.metadata["rows"].value == 1
    assert failure.allow_retries is False
