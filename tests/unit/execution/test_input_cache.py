"""Values that several steps read, kept in the process where their op asks for it."""

from __future__ import annotations

import threading
import weakref

import pytest

from assetq import (
    AllPartitionMapping,
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DagsterType,
    Definitions,
    DynamicOut,
    DynamicOutput,
    In,
    InputContext,
    Instance,
    IOManager,
    MetadataValue,
    Out,
    OutputContext,
    RetryPolicy,
    StaticPartitionsDefinition,
    TypeCheck,
    asset,
    graph_asset,
    job,
    materialize,
    op,
)
from assetq.errors import DefinitionError, StepTimedOut
from assetq.execution.data_version import VersionMark
from assetq.execution.in_process import materialize_plan
from assetq.execution.input_cache import InputCache, Loaded
from assetq.execution.time_limit import time_limit
from assetq.planning import PartitionScope, make_plan

from ...waiting import eventually

LETTERS = StaticPartitionsDefinition(list("abcdefgh"))
CACHED = {"assetq/cache": True}


class Values(IOManager):
    """Holds values, and notes what was loaded."""

    def __init__(self):
        self.values, self.loaded = {}, []

    def handle_output(self, context: OutputContext, obj):
        self.values[self.name(context)] = obj

    def load_input(self, context: InputContext):
        self.loaded.append(context.name)
        return self.values[self.name(context.upstream_output)]

    def name(self, context: OutputContext):
        return context.asset_key.to_user_string() if context.has_asset_key else (context.step_key, context.name)


def model_and_scores(metadata, seen):
    @asset
    def model():
        return object()

    @asset(partitions_def=LETTERS, ins={"model": AssetIn(metadata=metadata)})
    def scores(model) -> None:
        seen.append(model)

    return [model, scores]


def run(assets, values, *, selection="*", **options):
    defs = Definitions(assets, resources={"io_manager": values})
    plan = make_plan(defs, selection=selection, scope=PartitionScope(keys=tuple("abcdefgh")))
    return materialize_plan(defs, plan, **options)


@pytest.mark.parametrize(("metadata", "loads"), [(CACHED, 1), ({}, 8), ({"assetq/cache": False}, 8)])
def test_a_value_is_loaded_once_where_its_reader_asks_for_it(metadata, loads):
    values, seen = Values(), []
    result = run(model_and_scores(metadata, seen), values)
    assert len(values.loaded) == loads
    assert len(seen) == 8
    assert len(set(map(id, seen))) == 1
    told = [event.data.get("cached", False) for event in result.all_events if event.is_loaded_input]
    assert told == [False] * loads + [True] * (8 - loads)


def test_what_the_log_tells_of_a_value_is_the_same_each_time():
    result = run(model_and_scores(CACHED, []), Values())
    told = [{**event.data, "cached": True} for event in result.all_events if event.is_loaded_input]
    assert all(data == told[0] for data in told)
    assert told[0]["upstream_step"] == "model"


def test_a_kept_value_is_checked_against_its_type_once():
    checked = []

    def check(context, value):
        checked.append(value)
        return TypeCheck(value == 7, metadata={"value": value})

    Seven = DagsterType(check, "Seven")

    def scores_of(value, **options):
        @asset
        def model():
            return value

        @asset(partitions_def=LETTERS, ins={"model": AssetIn(metadata=CACHED, dagster_type=Seven)})
        def scores(model) -> None: ...

        return run([model, scores], Values(), **options)

    told = [event for event in scores_of(7).all_events if event.type == "STEP_INPUT"]
    assert checked == [7]
    assert len(told) == 8
    assert all(event.data["type_check"]["metadata"]["value"]["value"] == 7 for event in told)
    result = scores_of(8, raise_on_error=False)
    assert len([event for event in result.all_events if event.is_step_failure]) == 8
    assert checked == [7, *[8] * 8]


def test_a_value_that_another_run_replaces_is_loaded_anew():
    values, seen, instance = Values(), [], Instance.ephemeral()
    numbers = iter(range(10))

    @asset
    def model():
        return next(numbers)

    @asset(partitions_def=LETTERS, ins={"model": AssetIn(metadata=CACHED)})
    def scores(context: AssetExecutionContext, model) -> None:
        seen.append(model)
        if context.partition_key == "d":
            materialize([model_asset], resources={"io_manager": values}, instance=instance)

    model_asset = model
    run([model, scores], values, instance=instance)
    assert seen == [0, 0, 0, 0, 1, 1, 1, 1]


class BySlice(Values):
    """Loads what belongs to the partition of the step that reads."""

    def load_input(self, context):
        return f"{super().load_input(context)} of {context.partition_key}"


def test_what_a_manager_loads_for_the_readers_partition_is_not_kept():
    seen = []

    @asset
    def table():
        return "slice"

    @asset(partitions_def=LETTERS, ins={"table": AssetIn(metadata=CACHED)})
    def part(table) -> None:
        seen.append(table)

    run([table, part], BySlice())
    assert seen == [f"slice of {letter}" for letter in "abcdefgh"]


@pytest.mark.parametrize("size", [3, 250])
def test_a_step_records_the_versions_under_which_a_kept_value_was_read(size):
    """Of a chunk's partitions each, also where they are many; it fails once, and another run replaces what it reads."""
    values, instance, attempts = Values(), Instance.ephemeral(), []
    grid = StaticPartitionsDefinition([f"p{number}" for number in range(size)])
    policy = {"partitions_def": grid, "backfill_policy": BackfillPolicy.single_run()}

    @asset(**policy)
    def days(context: AssetExecutionContext):
        return context.run_id

    @asset(ins={"days": AssetIn(metadata=CACHED)}, retry_policy=RetryPolicy(max_retries=1), **policy)
    def reader(context: AssetExecutionContext, days) -> None:
        attempts.append(days)
        if len(attempts) == 1:
            materialize_plan(upstream, make_plan(upstream, selection="days", scope=every), instance=instance)
            raise RuntimeError("once more")

    every = PartitionScope(keys=tuple(grid.get_partition_keys()))
    upstream = Definitions([days], resources={"io_manager": values})
    materialize_plan(upstream, make_plan(upstream, selection="days", scope=every), instance=instance)
    defs = Definitions([days, reader], resources={"io_manager": values})
    result = materialize_plan(defs, make_plan(defs, selection="reader", scope=every), instance=instance)
    assert len(set(attempts)) == 2
    [told] = [e.data["input_data_versions"] for e in result.all_events if e.is_step_materialization]
    assert told["days"] == instance.latest_materialization("days", "p1").data["data_version"]


def test_a_version_that_is_recorded_while_a_step_runs_is_not_what_it_has_read():
    values, instance, told = Values(), Instance.ephemeral(), []

    @asset
    def model(context: AssetExecutionContext):
        return context.run_id

    @asset(partitions_def=LETTERS, ins={"model": AssetIn(metadata=CACHED)})
    def scores(context: AssetExecutionContext, model) -> None:
        told.append(instance.latest_materialization("model").data["data_version"])
        if context.partition_key == "d":
            materialize([model_asset], resources={"io_manager": values}, instance=instance)

    model_asset = model
    materialize([model], resources={"io_manager": values}, instance=instance)
    result = run([model, scores], values, selection="scores", instance=instance)
    made = [event for event in result.all_events if event.is_step_materialization]
    assert [event.data["input_data_versions"]["model"] for event in made] == told
    assert len(set(told)) == 2


def test_a_value_is_kept_for_one_run():
    values, seen, instance = Values(), [], Instance.ephemeral()
    assets = model_and_scores(CACHED, seen)
    run(assets, values, instance=instance)
    run(assets, values, instance=instance, selection="scores")
    assert len(values.loaded) == 2


def test_other_partitions_are_another_value():
    values, seen = Values(), []

    @asset(partitions_def=LETTERS)
    def letters(context: AssetExecutionContext):
        return context.partition_key

    @asset(partitions_def=LETTERS, ins={"letters": AssetIn(metadata=CACHED)})
    def same(letters) -> None:
        seen.append(letters)

    class ByPartition(Values):
        def name(self, context):
            return context.asset_partition_key

    run([letters, same], ByPartition())
    assert seen == list("abcdefgh")

    @asset(partitions_def=LETTERS, ins={"letters": AssetIn(metadata=CACHED, partition_mapping=AllPartitionMapping())})
    def every(letters) -> None:
        seen.append(letters)

    class All(Values):
        def load_input(self, context):
            self.loaded.append(tuple(context.asset_partition_keys))
            return len(context.asset_partition_keys)

    values = All()
    run([letters, every], values)
    assert seen[8:] == [8] * 8
    assert values.loaded == [tuple("abcdefgh")]


def test_what_one_op_gives_many():
    values, seen = Values(), []

    @op(out=DynamicOut())
    def fan():
        for letter in "abcd":
            yield DynamicOutput(letter, mapping_key=letter)

    @op
    def model():
        return 7

    @op(ins={"model": In(metadata=CACHED)})
    def score(letter, model):
        seen.append((letter, model))
        return letter

    @op(ins={"scores": In(metadata=CACHED)})
    def collected(scores):
        seen.append(sorted(scores))

    @job(resource_defs={"io_manager": values})
    def scoring():
        made = model()
        collected(fan().map(lambda letter: score(letter, made)).collect())

    class Keyed(Values):
        def name(self, context):
            return context.step_key, context.name, context.mapping_key

    values = Keyed()
    assert scoring.execute_in_process(resources={"io_manager": values}).success
    assert sorted(seen[:4]) == [(letter, 7) for letter in "abcd"]
    assert seen[4] == list("abcd")
    assert values.loaded.count("model") == 1
    assert values.loaded.count("letter") == 4


def test_an_op_inside_of_a_graph_asset():
    values, seen = Values(), []

    @asset
    def model():
        return 7

    @op(ins={"model": In(metadata=CACHED)}, out=Out())
    def score(model):
        seen.append(model)
        return model

    @graph_asset(partitions_def=LETTERS)
    def scores(model):
        return score(model)

    run([model, scores], values)
    assert (seen, values.loaded) == ([7] * 8, ["model"])


@pytest.mark.parametrize("kind", ["asset", "graph_asset", "job"])
def test_what_an_op_asks_for_is_looked_at_before_it_runs(kind):
    @op(ins={"model": In(metadata={"assetq/cache": "yes"}, default_value=1)}, tags={"assetq/batch": "on"})
    def score(model):
        return model

    @asset
    def model(): ...

    @graph_asset
    def scores(model):
        return score(model)

    @job
    def scoring():
        score()

    given = {
        "asset": Definitions(model_and_scores({"assetq/cache": "yes"}, [])),
        "graph_asset": Definitions([model, scores]),
        "job": Definitions(jobs=[scoring]),
    }
    with pytest.raises(DefinitionError, match=r"Input 'model' of '[a-z.]*scores?': metadata 'assetq/cache' is 'yes'"):
        given[kind].validate()


@pytest.mark.parametrize("asked", [MetadataValue.bool(True), True])
def test_what_is_asked_for_may_be_a_metadata_value(asked):
    values = Values()
    run(model_and_scores({"assetq/cache": asked}, []), values)
    assert len(values.loaded) == 1


def test_what_is_asked_for_must_be_a_truth_value():
    with pytest.raises(DefinitionError, match=r"(?s)Input 'model' of 'scores': metadata 'assetq/cache' is 'yes'; give"):
        Definitions(model_and_scores({"assetq/cache": "yes"}, [])).validate()


def get(cache, place, value=1, marks=None, run_id="r"):
    """The value, and whether it was kept."""
    loaded, was_kept = cache.get(run_id, place, marks or {}, lambda: Loaded(value))
    return loaded.value, was_kept


@pytest.fixture
def cache():
    made = InputCache()
    yield made
    made.clear()


def test_values_used_longest_ago_go_first(cache):
    cache.most = 2
    for place in "abac":
        get(cache, place)
    assert get(cache, "a") == (1, True)
    assert get(cache, "b") == (1, False)
    cache.clear()
    assert get(cache, "b") == (1, False)


def test_what_is_kept_under_an_older_version_is_let_go(cache):
    class Model: ...

    old, new, seen = VersionMark(data=2), VersionMark(data=4), []
    gone = weakref.ref(get(cache, "a", Model(), {0: old})[0])
    cache.get("r", "a", {0: new}, lambda: seen.append(gone()) or Loaded(7))
    assert seen == [None]
    assert get(cache, "a", marks={0: new}) == (7, True)


def test_what_is_kept_for_a_run_can_be_forgotten(cache):
    get(cache, "a", run_id="r")
    get(cache, "a", run_id="s")
    cache.forget("r")
    assert get(cache, "a", run_id="s") == (1, True)
    assert get(cache, "a", run_id="r") == (1, False)


def test_nothing_is_kept_where_nothing_may_be():
    cache = InputCache(most=0)
    assert [get(cache, "a") for _ in range(2)] == [(1, False)] * 2


@pytest.mark.parametrize("made", [lambda: iter("ab"), lambda: {"p": iter("ab")}])
def test_iterators_are_not_kept(cache, made):
    assert [get(cache, "a", made())[1] for _ in range(3)] == [False] * 3


def test_what_could_not_be_loaded_is_loaded_again(cache):
    def fail():
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        cache.get("r", "a", {}, fail)
    assert get(cache, "a") == (1, False)
    assert cache.get("r", "a", {}, fail)[0].value == 1


def test_threads_that_ask_together_load_once(cache):
    begun, go, loads, found = threading.Barrier(5), threading.Event(), [], []

    def load():
        loads.append(1)
        go.wait(10)
        return Loaded(object())

    def read():
        begun.wait(10)
        found.append(cache.get("r", "a", {}, load)[0].value)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert (len(loads), len(set(map(id, found)))) == (1, 1)


def test_who_waits_for_another_to_load_can_be_stopped(cache):
    go, loading, stopped = threading.Event(), threading.Event(), threading.Event()

    def load():
        loading.set()
        go.wait(30)
        return Loaded(1)

    def wait():
        with pytest.raises(StepTimedOut), time_limit(0.1):
            get(cache, "a")
        stopped.set()

    threads = [threading.Thread(target=lambda: cache.get("r", "a", {}, load)), threading.Thread(target=wait)]
    threads[0].start()
    loading.wait(10)
    threads[1].start()
    assert stopped.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert get(cache, "a") == (1, True)


def test_a_value_that_nobody_reads_is_let_go(cache):
    cache.unused_s = 0.05
    get(cache, "a")
    eventually(lambda: not cache._entries)
    assert cache._sweeper is None
    assert get(cache, "a") == (1, False)


def test_a_value_is_read_though_no_thread_can_be_had_that_lets_it_go(cache, monkeypatch):
    def refuse(timer):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as broken:
        broken.setattr(threading.Timer, "start", refuse)
        assert get(cache, "a") == (1, False)
    cache.unused_s = 0.05
    get(cache, "b")
    eventually(lambda: not cache._entries)
