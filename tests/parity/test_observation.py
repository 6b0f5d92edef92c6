"""External assets that are observed."""

import pytest


@pytest.fixture
def observe(dg):
    """The function that observes; Dagster keeps it in a module of its own."""
    if dg.__name__ == "dagster":
        from dagster._core.definitions.observe import observe

        return observe
    return dg.observe


def test_an_observation_with_a_data_version(dg, observe):
    @dg.observable_source_asset
    def source():
        return dg.DataVersion("v1")

    result = observe([source])
    assert result.success
    assert [event.asset_key.to_user_string() for event in result.get_asset_observation_events()] == ["source"]
    assert result.get_asset_observation_events()[0].asset_observation_data.asset_observation.tags == {
        "dagster/data_version": "v1"
    }


def test_an_observation_with_metadata(dg, observe):
    @dg.observable_source_asset(key=["far", "source"])
    def source():
        return dg.ObserveResult(metadata={"rows": 3}, data_version=dg.DataVersion("a"))

    observation = observe([source]).asset_observations_for_node("far__source")[0]
    assert observation.metadata["rows"].value == 3


def test_materialize_leaves_observations_out(world):
    dg = world.dg

    @dg.observable_source_asset
    def source():
        return dg.DataVersion("v1")

    @dg.asset(deps=[source])
    def reader():
        return 1

    outcome = world.run([source, reader])
    assert outcome.materialized == ["reader"]
    assert outcome.observed == []


def test_several_in_one_function(dg, observe):
    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        yield dg.ObserveResult(asset_key="a", metadata={"x": 1})
        yield dg.ObserveResult(asset_key="b", metadata={"x": 2})

    result = observe([both])
    assert {e.asset_key.to_user_string() for e in result.get_asset_observation_events()} == {"a", "b"}


def test_an_observation_that_raises_fails(dg, observe):
    @dg.observable_source_asset
    def source():
        raise ValueError("gone")

    assert not observe([source], raise_on_error=False).success
    with pytest.raises(ValueError, match="gone"):
        observe([source])


def test_a_context_and_a_resource(dg, observe):
    class Where(dg.ConfigurableResource):
        place: str

    @dg.observable_source_asset
    def source(context, where: Where):
        context.log.info("looking")
        return dg.DataVersion(where.place)

    result = observe([source], resources={"where": Where(place="here")})
    assert result.success


def test_a_source_with_a_function_is_observed(dg, observe):
    def look(context):
        return dg.DataVersion("v2")

    source = dg.SourceAsset(["far", "source"], observe_fn=look, op_tags={"a": "b"}, group_name="g")
    result = observe([source])
    assert result.success
    [observation] = result.asset_observations_for_node("far__source")
    assert observation.tags == {"dagster/data_version": "v2"}
    graph = dg.Definitions([source]).resolve_asset_graph()
    assert graph.observable_asset_keys == {source.key}
    assert graph.get(source.key).group_name == "g"


def test_a_source_that_is_observed_is_still_loaded(world):
    dg = world.dg

    class Fixed(dg.IOManager):
        def handle_output(self, context, obj): ...

        def load_input(self, context):
            return 20

    def look():
        return dg.DataVersion("1")

    source = dg.SourceAsset("source", observe_fn=look, io_manager_key="fixed")

    @dg.asset
    def reader(source):
        return source + 1

    outcome = world.run([source, reader], resources={"fixed": Fixed()})
    assert outcome.success
    assert outcome.value("reader") == 21


def test_materializing_observable_assets_alone_does_nothing(dg):
    @dg.observable_source_asset
    def one():
        raise AssertionError("observed")

    @dg.multi_observable_source_asset(specs=[dg.AssetSpec("two"), dg.AssetSpec("three")])
    def several():
        raise AssertionError("observed")

    for assets in ([one], [several]):
        result = dg.materialize(assets)
        assert result.success
        assert not result.get_asset_materialization_events()
