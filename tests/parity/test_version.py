"""Data versions, and what they tell of where data came from."""

DATA_VERSION, CODE_VERSION, READ = "dagster/data_version", "dagster/code_version", "dagster/input_data_version/"


def test_a_materialization_tells_its_versions(world):
    @world.dg.asset(code_version="1")
    def raw():
        return world.dg.Output(1, data_version=world.dg.DataVersion("monday"))

    @world.dg.asset(code_version="2")
    def clean(raw):
        return raw

    outcome = world.run([raw, clean])
    tags = outcome.tags
    assert (tags["raw"][CODE_VERSION], tags["raw"][DATA_VERSION]) == ("1", "monday")
    assert tags["clean"][CODE_VERSION] == "2"
    assert tags["clean"][READ + "raw"] == "monday"
    assert tags["clean"][DATA_VERSION] not in ("", "monday")
    assert not any(tag.startswith(READ) for tag in tags["raw"])


def test_deps_are_read_too(world):
    @world.dg.asset(key_prefix="shop")
    def orders():
        return world.dg.MaterializeResult(data_version=world.dg.DataVersion("o1"))

    @world.dg.asset(deps=[orders])
    def report():
        return None

    tags = world.run([orders, report]).tags["report"]
    assert tags[READ + "shop/orders"] == "o1"


def test_what_was_never_made_has_no_provenance(world):
    @world.dg.asset
    def first(context):
        assert context.get_asset_provenance(world.dg.AssetKey("first")) is None

    assert world.run([first]).success


def test_an_op_sees_where_its_inputs_came_from(world):
    @world.dg.asset(code_version="7")
    def raw():
        return world.dg.Output(1, data_version=world.dg.DataVersion("v1"))

    @world.dg.asset(code_version="8")
    def clean(context, raw):
        found = context.get_asset_provenance(world.dg.AssetKey("raw"))
        assert found.code_version == "7"
        assert found.is_user_provided
        assert dict(found.input_data_versions) == {}
        return raw

    @world.dg.asset
    def last(context, clean):
        found = context.get_asset_provenance(world.dg.AssetKey("clean"))
        assert found.code_version == "8"
        assert not found.is_user_provided
        assert found.has_input_asset(world.dg.AssetKey("raw"))
        assert found.input_data_versions[world.dg.AssetKey("raw")] == world.dg.DataVersion("v1")

    assert world.run([raw, clean, last]).success
