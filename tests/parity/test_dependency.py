"""How assets name what they read."""

import pytest


def source(dg, **options):
    @dg.asset(**options)
    def up():
        return 5

    return up


def test_deps_of_every_kind(world):
    dg = world.dg

    @dg.asset
    def first(): ...

    @dg.asset(key_prefix="p")
    def second(): ...

    spec, outside, last = dg.AssetSpec("third"), dg.SourceAsset("fourth"), dg.AssetSpec("fifth")

    @dg.asset(deps=[first, ["p", "second"], spec, outside, dg.AssetDep("fifth"), dg.AssetKey("first"), "first"])
    def down(): ...

    materialized = world.run([down, first, second, spec, outside, last]).materialized
    assert sorted(materialized[:2]) == ["first", "p/second"]
    assert materialized[2:] == ["down"]


def test_an_argument_that_nothing_defines(dg):
    @dg.asset
    def down(elsewhere): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([down])


def test_a_dep_of_a_dep(dg):
    with pytest.raises(Exception, match=r".+"):
        dg.AssetDep(dg.AssetDep("a"))


def test_what_an_asset_dep_carries(dg):
    dep = dg.AssetDep("a", metadata={"why": "because"})
    assert dep.asset_key == dg.AssetKey("a")
    assert dep.metadata == {"why": "because"}
    assert dep.partition_mapping is None
    assert dep == dg.AssetDep("a", metadata={"why": "because"})
    assert dep != dg.AssetDep("a")


def test_what_an_asset_in_carries(dg):
    asset_in = dg.AssetIn(["p", "a"], metadata={"x": 1}, input_manager_key="m")
    assert asset_in.key == dg.AssetKey(["p", "a"])
    assert asset_in.metadata == {"x": 1}
    assert asset_in.input_manager_key == "m"
    assert asset_in == dg.AssetIn(["p", "a"], metadata={"x": 1}, input_manager_key="m")


def test_asset_in_with_key_and_prefix(dg):
    with pytest.raises(Exception, match="key_prefix"):
        dg.AssetIn(key="a", key_prefix="p")


@pytest.mark.parametrize("prefix", ["p", ["p", "q"]])
def test_asset_in_with_a_prefix(world, prefix):
    dg = world.dg

    @dg.asset(ins={"up": dg.AssetIn(key_prefix=prefix)}, group_name="other")
    def down(up):
        return up + 1

    assert world.run([source(dg, key_prefix=prefix), down]).value("down") == 6


@pytest.mark.parametrize("key", ["up", ["up"]])
def test_asset_in_with_a_key(world, key):
    dg = world.dg

    @dg.asset(ins={"value": dg.AssetIn(key)})
    def down(value):
        return value + 1

    assert world.run([source(dg), down]).value("down") == 6


def test_ins_takes_asset_in_only(dg):
    for wrong in ("up", dg.AssetKey("up")):
        with pytest.raises(Exception, match=r".+"):

            @dg.asset(ins={"value": wrong})
            def down(value): ...


def test_ins_that_name_no_argument(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(ins={"nope": dg.AssetIn("up")})
        def down(): ...


def test_nothing_in_ins_orders_without_loading(world):
    dg = world.dg

    @dg.asset(ins={"after": dg.AssetIn("up", dagster_type=dg.Nothing)})
    def down():
        return 1

    assert world.run([down, source(dg)]).materialized == ["up", "down"]


def test_nothing_in_ins_for_an_argument(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(ins={"up": dg.AssetIn(dagster_type=dg.Nothing)})
        def down(up): ...


def test_an_input_manager_that_is_missing(dg):
    @dg.asset(ins={"up": dg.AssetIn(input_manager_key="zz")})
    def down(up): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([source(dg), down])


def test_an_argument_may_stand_in_deps_too(world):
    dg = world.dg

    @dg.asset(deps=["up"])
    def down(up):
        return up

    assert world.run([source(dg), down]).value("down") == 5


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ({"key_prefix": "p"}, {}),
        ({"key_prefix": "p"}, {"key_prefix": "p"}),
        ({"key_prefix": "p"}, {"key_prefix": "q"}),
        ({"key_prefix": ["p", "q"]}, {}),
        ({"key_prefix": "p", "group_name": "g"}, {"group_name": "g"}),
    ],
)
def test_a_bare_name_means_the_asset_of_the_group(world, up, down):
    dg = world.dg

    @dg.asset(**down)
    def reader(up):
        return up + 1

    outcome = world.run([reader, source(dg, **up)])
    assert outcome.value(outcome.materialized[1]) == 6


@pytest.mark.parametrize(
    ("up", "down"),
    [
        ({"key_prefix": "p", "group_name": "g"}, {}),
        ({"key_prefix": "p", "group_name": "g"}, {"key_prefix": "p", "group_name": "h"}),
    ],
)
def test_a_bare_name_of_another_group_is_unknown(dg, up, down):
    @dg.asset(**down)
    def reader(up): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([reader, source(dg, **up)])


def test_a_bare_name_of_two_assets_is_unknown(dg):
    @dg.asset
    def reader(up): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([reader, source(dg, key_prefix="p"), source(dg, key_prefix="q")])


def test_a_whole_key_wins(world):
    dg = world.dg

    @dg.asset(key_prefix="p", group_name="g")
    def reader(up):
        return up

    @dg.asset(name="up", group_name="h")
    def exact():
        return 7

    outcome = world.run([source(dg, key_prefix="p", group_name="g"), exact, reader])
    assert outcome.value("p/reader") == 7


@pytest.mark.parametrize("kind", ["deps", "ins"])
def test_a_bare_name_in_deps_and_ins(world, kind):
    dg = world.dg
    options = {"deps": ["up"]} if kind == "deps" else {"ins": {"x": dg.AssetIn("up", dagster_type=dg.Nothing)}}

    @dg.asset(**options)
    def reader(): ...

    assert world.run([reader, source(dg, key_prefix="p")]).materialized == ["p/up", "reader"]


def test_a_longer_name_is_taken_as_it_is(dg):
    @dg.asset(ins={"up": dg.AssetIn(["p", "up"])})
    def reader(up): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([reader, source(dg, key_prefix=["z", "p"])])


def test_an_asset_cannot_read_itself(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(deps=["table"])
        def table(): ...


def test_a_partitioned_asset_cannot_read_its_own_partition(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(deps=["table"], partitions_def=dg.DailyPartitionsDefinition("2024-01-01"))
        def table(): ...


def test_a_partitioned_asset_reads_its_earlier_partitions(world):
    dg = world.dg
    before = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset(
        deps=[dg.AssetDep("table", partition_mapping=before)],
        partitions_def=dg.DailyPartitionsDefinition("2024-01-01"),
    )
    def table(): ...

    assert world.run([table], partition_key="2024-01-05").materialized == ["table"]


def test_a_circle(dg):
    @dg.asset
    def one(two): ...

    @dg.asset
    def two(one): ...

    with pytest.raises(Exception, match=r".+"):
        dg.materialize([one, two])


@pytest.mark.parametrize(
    "options",
    [
        {"key": 3},
        {"key_prefix": 3},
        {"key_prefix": [3]},
        {"metadata": 3},
        {"input_manager_key": 3},
        {"partition_mapping": 3},
        {"dagster_type": 3},
        {"key": "a", "key_prefix": "b"},
    ],
    ids=str,
)
def test_inputs_of_a_wrong_kind_are_refused(dg, options):
    with pytest.raises(Exception, match=r".+") as caught:
        dg.AssetIn(**options)
    assert not isinstance(caught.value, TypeError)


@pytest.mark.parametrize("options", [{"asset": 3}, {"asset": None}, {"metadata": 3}, {"partition_mapping": 3}], ids=str)
def test_dependencies_of_a_wrong_kind_are_refused(dg, options):
    with pytest.raises(Exception, match=r".+") as caught:
        dg.AssetDep(**{"asset": "a", **options})
    assert not isinstance(caught.value, TypeError)
