"""Partitions of a chunk that fail one by one, as the op, its retries and its I/O manager see them."""

from __future__ import annotations

import pytest

import assetq.dagster as dg
from assetq.errors import PartitionsFailedError, StepFailedError, UsageError
from assetq.execution import EventType, Instance
from assetq.planning import PartitionScope

letters = dg.StaticPartitionsDefinition(list("abcd"))
single = dg.BackfillPolicy.single_run()
RANGE = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "d"}


def chunked(**options):
    return dg.asset(partitions_def=letters, backfill_policy=single, **options)


def run(*assets, raise_on_error=False, **options):
    return dg.materialize(list(assets), tags=RANGE, raise_on_error=raise_on_error, **options)


def materialized(result, asset="up"):
    return [e.partition for e in result.all_events if e.type is EventType.ASSET_MATERIALIZATION and e.asset == asset]


def failures(result):
    return [e.message for e in result.all_events if e.type is EventType.STEP_FAILURE]


def test_the_error_names_the_partitions():
    @chunked()
    def up(context) -> None:
        for key in context.partition_keys:
            with context.partition(key) as same:
                assert same == key
                if key in "bc":
                    raise KeyError(key)

    with pytest.raises(PartitionsFailedError, match="2 of 4 partitions of 'up' failed: 'b', 'c'") as caught:
        run(up, raise_on_error=True)
    assert {key: type(error) for key, error in caught.value.partitions.items()} == {"b": KeyError, "c": KeyError}


def test_what_is_no_exception_leaves_the_block():
    @chunked()
    def up(context) -> None:
        with context.partition("a"):
            raise SystemExit(3)

    result = run(up)
    assert not materialized(result)
    assert failures(result) == ["SystemExit: 3"]


@pytest.mark.parametrize("key", ["e", "nothing"])
def test_a_key_of_another_step_is_refused(key):
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(list("abcde")), backfill_policy=single)
    def up(context) -> None:
        with pytest.raises(UsageError, match="no partition of the step"), context.partition(key):
            pass
        with pytest.raises(UsageError, match="no partition of the step"):
            context.fail_partition(key, "no")

    assert run(up).success


def test_an_asset_without_partitions_has_none_to_fail():
    @dg.asset
    def up(context) -> None:
        with context.partition("a"):
            pass

    assert "not partitioned" in failures(dg.materialize([up], raise_on_error=False))[0]


def test_a_direct_call_tells_what_failed():
    @chunked()
    def up(context):
        made = {}
        for key in context.partition_keys:
            with context.partition(key):
                made[key] = 1 / (ord(key) - ord("b"))
        return made

    context = dg.build_asset_context(partition_key_range=dg.PartitionKeyRange("a", "c"))
    assert up(context) == {"a": -1.0, "c": 1.0}
    assert list(context.failed_partitions) == ["b"]
    assert isinstance(context.failed_partitions["b"], ZeroDivisionError)


def test_the_one_partition_of_a_step_fails_as_ever():
    seen = []

    @dg.asset(partitions_def=letters, retry_policy=dg.RetryPolicy(max_retries=2))
    def up(context):
        seen.append(context.retry_number)
        with context.partition("a"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        dg.materialize([up], partition_key="a")
    assert seen == [0, 1, 2]


def test_a_value_that_cannot_be_divided_is_not_stored():
    @chunked()
    def up(context):
        context.fail_partition("b", "missing")
        return [1, 2, 3]

    result = run(up, resources={"io_manager": dg.InMemoryIOManager()})
    assert not materialized(result)
    assert "returned list though 1 of its partitions failed" in failures(result)[0]


def test_a_manager_is_told_of_good_partitions_only():
    told = []

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            told.append((context.asset_partition_keys, obj))

        def load_input(self, context):
            return None

    @chunked()
    def up(context):
        context.fail_partition("b", ValueError("no"))
        return {key: key.upper() for key in context.partition_keys}

    @chunked()
    def other(context):
        for key in "abc":
            context.fail_partition(key, "no")
        return {"d": "D"}

    @chunked()
    def none(context):
        for key in context.partition_keys:
            context.fail_partition(key, "no")
        return {}

    result = run(up, other, none, resources={"io_manager": Manager()})
    assert told == [(["a", "c", "d"], {"a": "A", "c": "C", "d": "D"}), (["d"], {"d": "D"})]
    assert materialized(result, "up") == ["a", "c...d"]
    assert materialized(result, "other") == ["d"]
    assert not materialized(result, "none")


def test_a_dict_by_key_is_one_for_a_single_partition_too(tmp_path):
    @chunked()
    def up(context):
        return {key: key.upper() for key in context.partition_keys}

    @dg.asset(partitions_def=letters)
    def down(up):
        return up

    for manager in (dg.FilesystemIOManager(base_dir=str(tmp_path)), dg.InMemoryIOManager()):
        result = dg.materialize([up, down], partition_key="b", resources={"io_manager": manager})
        assert result.output_for_node("up") == {"b": "B"}  # what the op returned
        assert result.output_for_node("down") == "B"  # what was stored


def test_results_one_by_one():
    @chunked()
    def up(context):
        for key in "acd":
            yield dg.Output(key.upper(), partition=key, data_version=dg.DataVersion(key * 2))

    result = run(up)
    assert materialized(result) == ["a", "c", "d"]
    versions = [e.data["data_version"] for e in result.all_events if e.type is EventType.ASSET_MATERIALIZATION]
    assert versions == ["aa", "cc", "dd"]
    assert "gave no output 'result' for partition 'b'" in failures(result)[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["a", "z"], "for 'z', which is no partition of step"),
        (["a", "a"], "gave partition 'a' of output 'result' twice"),
        (["a", None], "gave output 'result' twice"),
        ([None, "a"], "gave output 'result' twice"),
    ],
)
def test_results_one_by_one_must_fit(given, told):
    @chunked()
    def up(context):
        for key in given:
            yield dg.MaterializeResult(partition=key)

    result = run(up)
    assert told in failures(result)[0]
    assert materialized(result) == (["a"] if given[0] else [])


def test_one_result_that_cannot_be_stored_fails_alone():
    class Manager(dg.InMemoryIOManager):
        def handle_output(self, context, obj):
            if obj == "C":
                raise OSError("disk full")
            super().handle_output(context, obj)

    @chunked()
    def up(context):
        for key in context.partition_keys:
            yield dg.Output(key.upper(), partition=key)

    result = run(up, resources={"io_manager": Manager()})
    assert materialized(result) == ["a", "b", "d"]
    assert "OSError: disk full" in failures(result)[0]


def test_a_failed_partition_stays_failed_whatever_is_given():
    @chunked()
    def up(context):
        context.fail_partition("b", "no")
        for key in context.partition_keys:
            yield dg.MaterializeResult(partition=key)

    assert materialized(run(up)) == ["a", "c", "d"]


def test_the_log_and_the_event_are_bounded():
    many = dg.StaticPartitionsDefinition([f"k{i:03}" for i in range(100)])

    @dg.asset(partitions_def=many, backfill_policy=single)
    def up(context) -> None:
        for key in context.partition_keys[1:]:
            context.fail_partition(key, "no")

    instance = Instance.ephemeral()
    handle = instance.submit(dg.Definitions([up]), partitions="all")
    handle.wait(30)
    found = list(handle.events())
    assert sum(e.type is EventType.LOG for e in found) == 20
    (told,) = (e for e in found if e.type is EventType.PARTITIONS_FAILED)
    assert (told.data["failed"], told.data["made"], len(told.data["first"])) == (99, 1, 20)
    assert told.message == "99 of 100 partitions failed: k001, k002, k003, k004, k005, ..."


@pytest.mark.parametrize(("forgiving", "attempts"), [(True, 3), (False, 1)])
def test_one_partition_that_may_be_tried_again_is_enough(forgiving, attempts):
    seen = []

    @chunked(retry_policy=dg.RetryPolicy(max_retries=2))
    def up(context) -> None:
        seen.append(context.partition_keys)
        context.fail_partition("b", dg.Failure("never", allow_retries=False))
        if forgiving:
            context.fail_partition("d", "later")

    assert materialized(run(up))[0] == "a"
    assert len(seen) == attempts
    assert seen[1:] == [["b", "d"]] * (attempts - 1)


def test_a_retry_may_be_asked_for_in_a_block():
    seen = []

    @chunked()
    def up(context) -> None:
        seen.append((context.partition_keys, context.has_partition_key))
        for key in context.partition_keys:
            with context.partition(key):
                if key == "c" and context.retry_number == 0:
                    raise dg.RetryRequested(max_retries=1)

    result = run(up)
    assert result.success
    assert seen == [(list("abcd"), False), (["c"], True)]
    assert materialized(result) == ["a...b", "d", "c"]


def test_what_was_made_may_be_given_again_by_a_retry():
    """An op that goes over a time window of its own does not know what is left."""

    @chunked(retry_policy=dg.RetryPolicy(max_retries=1))
    def up(context):
        made = {}
        for key in "abcd":
            with context.partition(key):
                if (key == "b") == (context.retry_number == 0):
                    raise ValueError(key)
                made[key] = f"{key}{context.retry_number}"
        return made

    result = run(up)
    assert result.success
    assert materialized(result) == ["a", "c...d", "b"]


def test_a_blocking_check_fails_the_whole_step():
    @chunked(check_specs=[dg.AssetCheckSpec("good", asset="up", blocking=True)])
    def up(context):
        context.fail_partition("b", "no")
        yield dg.MaterializeResult()
        yield dg.AssetCheckResult(passed=False)

    instance = Instance.ephemeral()
    instance.submit(dg.Definitions([up]), partitions="all").wait(30)
    status = instance.asset_status("up")
    assert (status.materialized, status.failed) == (0, 4)


def test_an_op_that_raises_behind_its_results_is_failed():
    @chunked()
    def up(context):
        for key in context.partition_keys:
            yield dg.MaterializeResult(partition=key)
        raise ValueError("late")

    assert not materialized(run(up))


def test_scope_of_tags():
    assert PartitionScope.of_tags(None).is_empty
    assert PartitionScope.of_tags(RANGE) == PartitionScope(ranges=(("a", "d"),), one_step=True)
    assert PartitionScope.of_tags({"dagster/partition": "a"}) == PartitionScope(keys=("a",))
    for wrong in ({**RANGE, "dagster/partition": "a"}, dict([*RANGE.items()][:1])):
        with pytest.raises(UsageError):
            PartitionScope.of_tags(wrong)


def test_misuse_is_not_retried():
    seen = []

    @chunked(retry_policy=dg.RetryPolicy(max_retries=3))
    def up(context):
        seen.append(1)
        yield dg.MaterializeResult(partition="z")

    with pytest.raises(StepFailedError):
        run(up, raise_on_error=True)
    assert len(seen) == 1
