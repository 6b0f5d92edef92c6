"""One function that makes several assets."""

import pytest


def pair(dg, **options):
    """Two assets of one function that gives both."""

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, **options)
    def both():
        return 1, 2

    return both


def stored(dg, **options):
    """Two assets that their function stores itself, each if it is selected."""

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")], **options)
    def both(context):
        for key in sorted(context.selected_asset_keys):
            yield dg.MaterializeResult(asset_key=key)

    return both


def test_a_tuple_gives_the_outputs_in_their_order(world):
    found = world.run([pair(world.dg)])
    assert found.success
    assert found.materialized == ["a", "b"]
    assert (found.value("a"), found.value("b")) == (1, 2)


def test_outputs_are_yielded(world):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both():
        yield dg.Output(1, "b")
        yield dg.Output(2, "a", metadata={"rows": 3})

    found = world.run([both])
    assert found.success
    assert found.materialized == ["b", "a"]
    assert found.metadata["a"]["rows"] == 3


def test_outputs_are_returned(world):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both():
        return dg.Output(1, metadata={"rows": 3}), dg.Output(2, "b")

    found = world.run([both])
    assert found.success
    assert found.metadata["a"]["rows"] == 3


@pytest.mark.parametrize("value", [1, [1, 2], {"a": 1, "b": 2}, (1, 2, 3), (1,), None])
def test_anything_but_a_tuple_of_the_outputs_fails(world, value):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both():
        return value

    found = world.run([both])
    assert not found.success
    assert found.failed == {"both"}


def test_a_required_output_that_is_not_given_fails(world):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both():
        yield dg.Output(1, "a")

    assert not world.run([both]).success


def test_what_reads_an_optional_output_that_is_not_given_is_skipped(world):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(is_required=False)})
    def both():
        yield dg.Output(1, "a")

    @dg.asset
    def of_a(a):
        return a

    @dg.asset
    def of_b(b):
        return b

    @dg.asset(deps=["of_b"])
    def below():
        return 1

    found = world.run([both, of_a, of_b, below])
    assert found.success
    assert found.materialized == ["a", "of_a"]


def test_skipping_an_optional_output_of_one_partition(world):
    dg = world.dg
    days = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(is_required=False)}, partitions_def=days)
    def both(context):
        yield dg.Output(1, "a")
        if context.partition_key == "x":
            yield dg.Output(2, "b")

    @dg.asset(partitions_def=days)
    def of_b(b):
        return b

    assert world.run([both, of_b], partition_key="y").materialized == ["a"]
    assert world.run([both, of_b], partition_key="x").materialized == ["a", "b", "of_b"]


def test_specs_without_a_result_are_all_made(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec(["p", "b"])])
    def both():
        pass

    assert world.run([both]).materialized == ["a", "p/b"]
    assert both.keys_by_output_name == {"a": dg.AssetKey("a"), "p__b": dg.AssetKey(["p", "b"])}


def test_specs_with_results(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        yield dg.MaterializeResult(asset_key="b", metadata={"rows": 1})
        yield dg.MaterializeResult(asset_key="a")

    found = world.run([both])
    assert found.materialized == ["b", "a"]
    assert found.metadata["b"]["rows"] == 1


def test_specs_with_a_tuple_of_results(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        return dg.MaterializeResult(asset_key="a"), dg.MaterializeResult(asset_key="b")

    assert world.run([both]).materialized == ["a", "b"]


@pytest.mark.parametrize("value", [(1, 2), 5])
def test_specs_store_no_values(world, value):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        return value

    assert not world.run([both]).success


def test_a_result_for_one_of_two_specs_fails(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b")])
    def both():
        return dg.MaterializeResult(asset_key="a")

    assert not world.run([both]).success


def test_a_skippable_spec_may_be_left_out(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec("b", skippable=True)])
    def both():
        yield dg.MaterializeResult(asset_key="a")

    found = world.run([both])
    assert found.success
    assert found.materialized == ["a"]


def test_a_part_of_what_can_be_subset(world):
    dg = world.dg
    assert world.run([stored(dg, can_subset=True)], selection=["b"]).materialized == ["b"]


def test_all_of_what_can_be_subset(world):
    assert world.run([stored(world.dg, can_subset=True)]).materialized == ["a", "b"]


def test_a_part_of_what_cannot_be_subset_is_refused(world):
    dg = world.dg
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        world.run([stored(dg)], selection=["b"])


def test_what_the_context_says_of_a_subset(world):
    dg = world.dg

    @dg.multi_asset(specs=[dg.AssetSpec("a"), dg.AssetSpec(["p", "b"])], can_subset=True)
    def both(context):
        told = {
            "names": sorted(context.selected_output_names),
            "keys": [key.to_user_string() for key in sorted(context.selected_asset_keys)],
            "is_subset": context.is_subset,
        }
        for key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key, metadata={"told": told})

    part = world.run([both], selection=[dg.AssetKey(["p", "b"])]).metadata["p/b"]["told"]
    assert part == {"names": ["p__b"], "keys": ["p/b"], "is_subset": True}
    whole = world.run([both]).metadata["a"]["told"]
    assert whole == {"names": ["a", "p__b"], "keys": ["a", "p/b"], "is_subset": False}


@pytest.mark.parametrize("form", ["specs", "outs"])
def test_giving_what_is_not_selected_fails(world, form):
    dg = world.dg
    outs = {name: dg.AssetOut(is_required=False) for name in "ab"}
    given = {"outs": outs} if form == "outs" else {"specs": [dg.AssetSpec("a"), dg.AssetSpec("b")]}

    @dg.multi_asset(**given, can_subset=True)
    def both():
        for name in "ab":
            yield dg.Output(1, name) if form == "outs" else dg.MaterializeResult(asset_key=name)

    found = world.run([both], selection=["a"])
    assert not found.success


def test_the_same_step_makes_a_part_of_one_partition(world):
    dg = world.dg
    grid = dg.StaticPartitionsDefinition(["x", "y"])
    both = stored(dg, can_subset=True, partitions_def=grid)
    found = world.run([both], selection=["a"], partition_key="y")
    assert (found.materialized, found.partitions) == (["a"], ["y"])


def test_a_reader_of_what_is_not_selected_reads_what_is_stored(world):
    dg = world.dg

    @dg.multi_asset(outs={n: dg.AssetOut(is_required=False) for n in "ab"}, can_subset=True)
    def both(context):
        for name in sorted(context.selected_output_names):
            yield dg.Output(name, name)

    @dg.asset
    def of_b(b):
        return b + "!"

    assert world.run([both, of_b], selection=["a"]).materialized == ["a"]
    assert world.run([both, of_b]).value("of_b") == "b!"


def test_checks_of_a_multi_asset(world):
    dg = world.dg

    @dg.multi_asset(
        specs=[dg.AssetSpec("a"), dg.AssetSpec("b")],
        check_specs=[dg.AssetCheckSpec("c", asset="a"), dg.AssetCheckSpec("d", asset="b")],
    )
    def both():
        yield dg.MaterializeResult(
            asset_key="a", check_results=[dg.AssetCheckResult(passed=True, check_name="c", asset_key="a")]
        )
        yield dg.MaterializeResult(
            asset_key="b", check_results=[dg.AssetCheckResult(passed=False, check_name="d", asset_key="b")]
        )

    found = world.run([both])
    assert found.success
    assert found.checks == {"a:c": True, "b:d": False}


def test_a_check_of_what_is_not_selected_is_not_expected(world):
    dg = world.dg

    @dg.multi_asset(
        specs=[dg.AssetSpec("a"), dg.AssetSpec("b")],
        check_specs=[dg.AssetCheckSpec("c", asset="a"), dg.AssetCheckSpec("d", asset="b")],
        can_subset=True,
    )
    def both(context):
        for key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key)
        for check in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(passed=True, check_name=check.name, asset_key=check.asset_key)

    found = world.run([both], selection=["a"])
    assert found.success
    assert (found.materialized, found.checks) == (["a"], {"a:c": True})


def test_a_check_of_another_asset_is_refused(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        stored(dg, check_specs=[dg.AssetCheckSpec("c", asset="other")])


def test_config_resources_and_retries(world):
    dg = world.dg

    class Size(dg.Config):
        rows: int

    class Box(dg.ConfigurableResource):
        factor: int

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, retry_policy=dg.RetryPolicy(max_retries=1))
    def both(context, config: Size, box: Box):
        if context.retry_number == 0:
            raise ValueError("once")
        return config.rows, config.rows * box.factor

    found = world.run([both], resources={"box": Box(factor=3)}, run_config={"ops": {"both": {"config": {"rows": 2}}}})
    assert found.success
    assert found.value("b") == 6


def test_arguments_are_loaded(world):
    dg = world.dg

    @dg.asset
    def up():
        return 4

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, ins={"x": dg.AssetIn("up")})
    def both(x):
        return x, x + 1

    @dg.asset
    def down(b):
        return b * 10

    found = world.run([up, both, down])
    assert found.value("down") == 50


def test_a_wrong_type_fails(world):
    dg = world.dg

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both() -> tuple[int, str]:
        return 1, 2

    assert not world.run([both]).success


def test_every_asset_is_made_from_everything(dg):
    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, deps=["z"])
    def both(x):
        return 1, 2

    every = {dg.AssetKey("x"), dg.AssetKey("z")}
    assert both.asset_deps == {dg.AssetKey("a"): every, dg.AssetKey("b"): every}


def test_internal_deps_say_exactly(dg):
    exact = {"a": {dg.AssetKey("x")}, "b": {dg.AssetKey("a"), dg.AssetKey("x")}}

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, internal_asset_deps=exact)
    def both(x):
        return 1, 2

    assert both.asset_deps == {dg.AssetKey(name): keys for name, keys in exact.items()}


def test_internal_deps_must_place_every_input(dg):
    def both(x):
        return 1, 2

    outs = {"a": dg.AssetOut(), "b": dg.AssetOut()}
    with pytest.raises(Exception, match="internal_asset_deps"):
        dg.multi_asset(outs=outs, internal_asset_deps={"b": {dg.AssetKey("a")}})(both)


def test_internal_deps_within_a_run(world):
    dg = world.dg
    exact = {"a": set(), "b": {dg.AssetKey("a")}}

    @dg.multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()}, internal_asset_deps=exact)
    def both():
        return 1, 2

    assert world.run([both]).materialized == ["a", "b"]


def test_deps_of_specs(dg):
    @dg.multi_asset(specs=[dg.AssetSpec("a", deps=["y"]), dg.AssetSpec("b", deps=["a"])])
    def both():
        pass

    assert both.asset_deps == {dg.AssetKey("a"): {dg.AssetKey("y")}, dg.AssetKey("b"): {dg.AssetKey("a")}}
    assert both.keys_by_input_name == {"y": dg.AssetKey("y")}


def test_only_the_readers_of_a_spec_lie_below_its_deps(dg):
    @dg.asset
    def x():
        return 1

    @dg.multi_asset(specs=[dg.AssetSpec("a", deps=["x"]), dg.AssetSpec("b")])
    def both():
        pass

    graph = dg.Definitions(assets=[x, both]).resolve_asset_graph()
    below = dg.AssetSelection.assets("x").downstream().resolve(graph)
    assert {key.to_user_string() for key in below} == {"x", "a"}


def test_an_argument_must_be_a_dep_of_a_spec(dg):
    def both(x):
        return 1

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.multi_asset(specs=[dg.AssetSpec("a", deps=["y"])])(both)


def test_an_argument_that_is_a_dep_of_a_spec(world):
    dg = world.dg

    @dg.asset
    def x():
        return 7

    @dg.multi_asset(specs=[dg.AssetSpec("a", deps=["x"]), dg.AssetSpec("b")])
    def both(x):
        yield dg.MaterializeResult(asset_key="a", metadata={"x": x})
        yield dg.MaterializeResult(asset_key="b")

    assert world.run([x, both]).metadata["a"]["x"] == 7


@pytest.mark.parametrize("wrong", ["outs", "deps"])
def test_specs_stand_alone(dg, wrong):
    def one():
        pass

    options = {"outs": {"b": dg.AssetOut()}} if wrong == "outs" else {"deps": ["z"]}
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.multi_asset(specs=[dg.AssetSpec("a")], **options)(one)


def test_a_group_for_all(dg):
    assert set(pair(dg, group_name="g").group_names_by_key.values()) == {"g"}


def test_two_groups_are_refused(dg):
    def both():
        pass

    with pytest.raises(Exception, match="group_name"):
        dg.multi_asset(specs=[dg.AssetSpec("a", group_name="g")], group_name="h")(both)


def test_code_versions_of_outputs_go_first(dg):
    @dg.multi_asset(outs={"a": dg.AssetOut(code_version="1"), "b": dg.AssetOut()}, code_version="2")
    def both():
        return 1, 2

    assert both.code_versions_by_key == {dg.AssetKey("a"): "1", dg.AssetKey("b"): "2"}


def test_everything_that_an_out_says(dg):
    @dg.multi_asset(
        outs={
            "a": dg.AssetOut(key=["p", "q"]),
            "b": dg.AssetOut(key_prefix="r"),
            "c": dg.AssetOut(
                io_manager_key="own",
                metadata={"x": 1},
                tags={"t": "u"},
                kinds={"k"},
                owners=["team:x"],
                description="hi",
            ),
        }
    )
    def several():
        return 1, 2, 3

    keys = {"a": dg.AssetKey(["p", "q"]), "b": dg.AssetKey(["r", "b"]), "c": dg.AssetKey("c")}
    assert several.keys_by_output_name == keys
    spec = several.get_asset_spec(dg.AssetKey("c"))
    assert (spec.description, dict(spec.metadata), list(spec.owners)) == ("hi", {"x": 1}, ["team:x"])
    assert spec.tags["t"] == "u"
    assert set(spec.kinds) == {"k"}
    assert several.required_resource_keys == {"own", "io_manager"}


def test_partitions_come_from_the_specs(dg):
    grid = dg.StaticPartitionsDefinition(["x"])

    @dg.multi_asset(specs=[dg.AssetSpec("a", partitions_def=grid), dg.AssetSpec("b", partitions_def=grid)])
    def both():
        pass

    assert both.partitions_def == grid


def test_a_direct_call(dg):
    assert pair(dg)() == (1, 2)


def test_a_multi_asset_can_be_depended_on_as_a_whole(dg):
    both = pair(dg)

    @dg.asset(deps=[both])
    def below():
        return 1

    assert below.dependency_keys == both.keys
