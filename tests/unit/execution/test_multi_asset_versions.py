"""Data versions where one function makes several assets, or a graph does."""

import pytest

from assetq import (
    AssetKey,
    AssetOut,
    BackfillPolicy,
    Definitions,
    StaticPartitionsDefinition,
    graph_asset,
    instance_for_test,
    multi_asset,
    op,
)


@pytest.fixture
def instance():
    with instance_for_test() as made:
        yield made


@pytest.mark.parametrize("grid", [None, StaticPartitionsDefinition(["x", "y"])])
def test_an_asset_is_fresh_that_was_made_from_another_of_its_own_step(instance, grid):
    exact = {"a": set(), "b": {AssetKey("a")}}

    @multi_asset(outs={"a": AssetOut(), "b": AssetOut()}, internal_asset_deps=exact, partitions_def=grid)
    def both():
        return 1, 2

    defs = Definitions(assets=[both])
    for _ in range(2):
        run = instance.submit(defs, partitions=None if grid is None else "all")
        assert run.wait(30).status == "SUCCESS"
        assert not instance.stale_partitions(defs, AssetKey("b"))


def test_one_step_takes_all_partitions_through_every_op_of_a_graph(instance):
    @op
    def keys(context):
        return list(context.partition_keys)

    @op
    def doubled(found):
        return {key: key * 2 for key in found}

    @graph_asset(partitions_def=StaticPartitionsDefinition(["x", "y"]), backfill_policy=BackfillPolicy.single_run())
    def table():
        return doubled(keys())

    defs = Definitions(assets=[table])
    run = instance.submit(defs, partitions="all")
    assert run.wait(30).status == "SUCCESS"
    assert run.status().steps.total == 2
    storage = instance.storage_directory()
    assert defs.load_asset_value("table", partition_key="y", storage=storage) == "yy"
