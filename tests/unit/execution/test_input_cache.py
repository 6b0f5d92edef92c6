"""Values that several steps read, kept in the process where their op asks for it."""

from __future__ import annotations

import threading

import pytest

from assetq import (
    AllPartitionMapping,
    AssetExecutionContext,
    AssetIn,
    DagsterType,
    Definitions,
    DynamicOut,
    DynamicOutput,
    In,
    InputContext,
    Instance,
    IOManager,
    Out,
    OutputContext,
    StaticPartitionsDefinition,
    TypeCheck,
    asset,
    graph_asset,
    job,
    materialize,
    op,
)
from assetq.errors import DefinitionError
from assetq.execution.in_process import materialize_plan
from assetq.execution.input_cache import InputCache, Loaded
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


def test_what_is_asked_for_must_be_a_truth_value():
    with pytest.raises(DefinitionError, match=r"(?s)Input 'model' of 'scores': metadata 'assetq/cache' is 'yes'; give"):
        Definitions(model_and_scores({"assetq/cache": "yes"}, [])).validate()


def test_values_used_longest_ago_go_first():
    cache = InputCache(most=2)
    for key in "abac":
        cache.get(key, lambda: Loaded(1))
    assert cache.get("a", lambda: Loaded(2))[1]
    assert not cache.get("b", lambda: Loaded(2))[1]
    cache.clear()
    assert not cache.get("a", lambda: Loaded(2))[1]
    cache.clear()


def test_nothing_is_kept_where_nothing_may_be():
    cache = InputCache(most=0)
    assert [cache.get("a", lambda: Loaded(1))[1] for _ in range(2)] == [False, False]


def test_an_iterator_is_not_kept():
    cache = InputCache()
    assert [list(cache.get("a", lambda: Loaded(iter("ab")))[0].value) for _ in range(2)] == [["a", "b"]] * 2
    cache.clear()


def test_what_could_not_be_loaded_is_loaded_again():
    cache = InputCache()

    def fail():
        raise OSError("away")

    with pytest.raises(OSError, match="away"):
        cache.get("a", fail)
    assert cache.get("a", lambda: Loaded(1))[0].value == 1
    assert cache.get("a", fail)[0].value == 1
    cache.clear()


def test_threads_that_ask_together_load_once():
    cache, begun, go, loads, found = InputCache(), threading.Barrier(5), threading.Event(), [], []

    def load():
        loads.append(1)
        go.wait(10)
        return Loaded(object())

    def read():
        begun.wait(10)
        found.append(cache.get("a", load)[0].value)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert (len(loads), len(set(map(id, found)))) == (1, 1)
    cache.clear()


def test_a_value_that_nobody_reads_is_let_go():
    cache = InputCache(unused_s=0.05)
    cache.get("a", lambda: Loaded(1))
    eventually(lambda: not cache._entries)
    assert cache._sweeper is None
    assert not cache.get("a", lambda: Loaded(1))[1]
    cache.clear()
