"""The asset graph and its nodes."""

import pytest


@pytest.fixture
def graph(dg):
    daily = dg.DailyPartitionsDefinition("2024-01-01")

    @dg.asset(deps=["source"], group_name="first")
    def raw(): ...

    @dg.asset(key_prefix="made", partitions_def=daily, pool="slow", metadata={"rows": 1}, check_specs=[])
    def table(raw): ...

    @dg.asset(deps=[table, raw])
    def report(): ...

    @dg.observable_source_asset
    def seen(): ...

    @dg.asset_check(asset=raw)
    def is_there():
        return dg.AssetCheckResult(passed=True)

    return dg.Definitions(
        [raw, table, report, dg.AssetSpec("source"), seen], asset_checks=[is_there]
    ).resolve_asset_graph()


def names(keys):
    return sorted(key.to_user_string() for key in keys)


def test_keys_by_what_can_be_done(graph):
    assert names(graph.get_all_asset_keys()) == ["made/table", "raw", "report", "seen", "source"]
    assert names(graph.materializable_asset_keys) == ["made/table", "raw", "report"]
    assert names(graph.observable_asset_keys) == ["seen"]
    assert names(graph.executable_asset_keys) == ["made/table", "raw", "report", "seen"]
    assert names(graph.external_asset_keys) == ["seen", "source"]
    assert names(graph.unexecutable_asset_keys) == ["source"]
    assert names(graph.root_materializable_asset_keys) == ["raw"]


def test_keys_by_attributes(graph):
    assert names(graph.unpartitioned_asset_keys) == ["raw", "report", "seen", "source"]
    assert graph.all_group_names == {"first", "default"}
    assert names(graph.asset_keys_for_group("first")) == ["raw"]


def test_order(graph):
    by_level = [names(level) for level in graph.toposorted_asset_keys_by_level]
    assert by_level == [["seen", "source"], ["raw"], ["made/table"], ["report"]]
    assert names(graph.toposorted_asset_keys) == ["made/table", "raw", "report", "seen", "source"]
    order = [key.to_user_string() for key in graph.toposorted_asset_keys]
    assert order.index("source") < order.index("raw") < order.index("made/table") < order.index("report")


def test_checks(dg, graph):
    key = dg.AssetCheckKey(dg.AssetKey("raw"), "is_there")
    assert graph.asset_check_keys == {key}
    assert graph.has(key)


def test_what_it_has(dg, graph):
    assert graph.has(dg.AssetKey("raw"))
    assert not graph.has(dg.AssetKey("nothing"))
    assert names(node.key for node in graph.asset_nodes) == names(graph.get_all_asset_keys())


def test_a_node(dg, graph):
    node = graph.get(dg.AssetKey(["made", "table"]))
    assert (names(node.parent_keys), names(node.child_keys)) == (["raw"], ["report"])
    assert (node.is_materializable, node.is_external, node.is_partitioned) == (True, False, True)
    assert node.pools == {"slow"}
    assert node.metadata["rows"] == 1
    assert node.group_name == "default"
    assert (node.has_self_dependency, node.is_virtual) == (False, False)
    assert (node.automation_condition, node.freshness_policy, node.backfill_policy) == (None, None, None)
    assert node.to_asset_spec().key == node.key


def test_an_external_node(dg, graph):
    node = graph.get(dg.AssetKey("source"))
    assert (node.is_materializable, node.is_external, node.is_executable) == (False, True, False)
    assert (names(node.parent_keys), names(node.child_keys)) == ([], ["raw"])
    assert not node.pools


def test_the_first_of_several_roots(dg):
    @dg.asset
    def left(): ...

    @dg.asset(deps=[left])
    def middle(): ...

    through = dg.AssetSpec("through", deps=[middle])

    @dg.asset(deps=[through])
    def right(): ...

    graph = dg.Definitions([left, middle, right, through]).resolve_asset_graph()
    assert names(graph.root_materializable_asset_keys) == ["left"]
