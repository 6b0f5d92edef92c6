"""Assets that graphs of ops make; `bar`, `foo` and `baz` are those of the page "Graph-Backed Assets"."""

import pytest


class Ops:
    """Ops that the tests share."""

    def __init__(self, dg):
        @dg.op
        def one():
            return 1

        @dg.op
        def add_one(x):
            return x + 1

        @dg.op
        def plus(a, b):
            return a + b

        @dg.op
        def fail(x):
            raise ValueError("no")

        @dg.op(out={"p": dg.Out(), "q": dg.Out()})
        def two():
            return 1, 2

        self.one, self.add_one, self.plus, self.fail, self.two = one, add_one, plus, fail, two


@pytest.fixture
def dg_ops(world):
    return world.dg, Ops(world.dg)


def page_assets(dg, seen=None):
    """The example of the page."""

    @dg.op(out={"bar_1": dg.Out(is_required=False), "bar_2": dg.Out(is_required=False)})
    def bar(context):
        if "bar_1" in context.selected_output_names:
            yield dg.Output(1, output_name="bar_1")
        if "bar_2" in context.selected_output_names:
            yield dg.Output(2, output_name="bar_2")

    @dg.op(out={"foo_1": dg.Out(is_required=False), "foo_2": dg.Out(is_required=False)})
    def foo(context: dg.OpExecutionContext, bar_1):
        if "foo_1" in context.selected_output_names:
            yield dg.Output(bar_1 + 1, output_name="foo_1")
        if "foo_2" in context.selected_output_names:
            yield dg.Output(bar_1 + 2, output_name="foo_2")

    @dg.op
    def baz(foo_2, bar_2):
        return foo_2 + bar_2

    @dg.graph_multi_asset(outs={"foo_asset": dg.AssetOut(), "baz_asset": dg.AssetOut()}, can_subset=True)
    def my_graph_assets():
        bar_1, bar_2 = bar()
        foo_1, foo_2 = foo(bar_1)
        return {"foo_asset": foo_1, "baz_asset": baz(foo_2, bar_2)}

    return my_graph_assets


def test_a_chain_of_ops(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.add_one(ops.add_one(ops.one()))

    found = world.run([table])
    assert (found.success, found.materialized) == (True, ["table"])
    assert found.value("table") == 3


def test_arguments_are_upstream_assets(world, dg_ops):
    dg, ops = dg_ops

    @dg.asset
    def upstream():
        return 5

    @dg.graph_asset
    def middle(upstream):
        return ops.plus(upstream, ops.add_one(upstream))

    @dg.asset
    def downstream(middle):
        return middle + 7

    found = world.run([upstream, middle, downstream])
    assert found.materialized == ["upstream", "middle", "downstream"]
    assert found.value("downstream") == 18


def test_explicit_inputs(world, dg_ops):
    dg, ops = dg_ops

    @dg.asset
    def upstream():
        return 5

    @dg.graph_asset(ins={"given": dg.AssetIn(key="upstream")})
    def table(given):
        return ops.add_one(given)

    assert world.run([upstream, table]).value("table") == 6


def test_two_assets_of_one_graph(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_multi_asset(outs={"first": dg.AssetOut(), "second": dg.AssetOut()})
    def both():
        p, q = ops.two()
        return {"first": p, "second": q}

    found = world.run([both])
    assert sorted(found.materialized) == ["first", "second"]
    assert found.value("second") == 2


def test_a_tuple_of_outputs(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_multi_asset(outs={"first": dg.AssetOut(), "second": dg.AssetOut()})
    def both():
        return ops.one(), ops.add_one(ops.one())

    found = world.run([both])
    assert (found.value("first"), found.value("second")) == (1, 2)


def test_all_of_the_page(world):
    found = world.run([page_assets(world.dg)])
    assert sorted(found.materialized) == ["baz_asset", "foo_asset"]
    assert (found.value("foo_asset"), found.value("baz_asset")) == (2, 5)


def test_foo_asset_alone(world):
    found = world.run([page_assets(world.dg)], selection=["foo_asset"])
    assert (found.success, found.materialized) == (True, ["foo_asset"])
    assert found.value("foo_asset") == 2


def test_baz_asset_alone_does_not_make_foo_asset(world):
    found = world.run([page_assets(world.dg)], selection=["baz_asset"])
    assert (found.success, found.materialized) == (True, ["baz_asset"])
    assert found.value("baz_asset") == 5


def test_a_part_of_what_cannot_be_subset_is_refused(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_multi_asset(outs={"first": dg.AssetOut(), "second": dg.AssetOut()})
    def both():
        p, q = ops.two()
        return {"first": p, "second": q}

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        world.run([both], selection=["first"])


def test_a_failure_names_the_op(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.add_one(ops.fail(ops.one()))

    @dg.asset(deps=[table])
    def below():
        return 1

    found = world.run([table, below])
    assert not found.success
    assert found.failed == {"table.fail"}
    assert found.materialized == []


def test_retries_are_those_of_the_op(world):
    dg = world.dg

    @dg.op(retry_policy=dg.RetryPolicy(max_retries=1))
    def flaky(context):
        if context.retry_number == 0:
            raise ValueError("once")
        return 4

    @dg.graph_asset
    def table():
        return flaky()

    assert world.run([table]).value("table") == 4


def test_a_retry_policy_on_an_invocation(world):
    dg = world.dg

    @dg.op
    def flaky(context):
        if context.retry_number == 0:
            raise ValueError("once")
        return 4

    @dg.graph_asset
    def table():
        return flaky.with_retry_policy(dg.RetryPolicy(max_retries=1))()

    assert world.run([table]).value("table") == 4


def test_nested_graphs(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph
    def inner(x):
        return ops.add_one(ops.add_one(x))

    @dg.graph_asset
    def table():
        return ops.fail(inner(inner(ops.one())))

    assert world.run([table]).failed == {"table.fail"}

    @dg.graph_asset
    def other():
        return inner.alias("again")(inner(ops.one()))

    assert world.run([other]).value("other") == 5


def test_aliases_name_steps(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.fail.alias("broken")(ops.one())

    assert world.run([table]).failed == {"table.broken"}


def test_the_same_op_twice_gets_a_number(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.fail(ops.add_one(ops.add_one(ops.one())))

    @dg.graph_asset
    def other():
        return ops.fail(ops.fail.alias("x")(ops.one()))

    assert world.run([table]).failed == {"table.fail"}
    assert world.run([other]).failed == {"other.x"}


def test_a_list_of_outputs(world, dg_ops):
    dg, ops = dg_ops

    @dg.op
    def total(numbers):
        return sum(numbers)

    @dg.graph_asset
    def table():
        return total([ops.one(), ops.add_one(ops.one())])

    assert world.run([table]).value("table") == 3


def test_waiting_for_nothing(world, dg_ops):
    dg, ops = dg_ops

    @dg.op(ins={"after": dg.In(dg.Nothing)})
    def later():
        return 3

    @dg.graph_asset
    def table():
        return later(after=ops.one())

    @dg.graph_asset
    def blocked():
        return later(after=ops.fail(ops.one()))

    assert world.run([table]).value("table") == 3
    assert world.run([blocked]).failed == {"blocked.fail"}


def test_optional_outputs_inside_a_graph(world, dg_ops):
    dg, ops = dg_ops

    @dg.op(out={"p": dg.Out(is_required=False), "q": dg.Out(is_required=False)})
    def maybe():
        yield dg.Output(1, "p")

    @dg.op
    def total(numbers):
        return sum(numbers)

    @dg.graph_multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut(), "c": dg.AssetOut()})
    def several():
        p, q = maybe()
        return {"a": ops.add_one(p), "b": ops.add_one(q), "c": total([p, q])}

    found = world.run([several])
    assert found.success
    assert sorted(found.materialized) == ["a", "c"]
    assert found.value("c") == 1


def test_what_an_op_is_told(world):
    dg = world.dg

    @dg.op
    def told(context):
        return {
            "asset": context.asset_key.to_user_string(),
            "names": sorted(context.selected_output_names),
            "keys": [key.to_user_string() for key in context.selected_asset_keys],
            "handle": str(context.op_handle),
            "op": context.op_def.name,
            "class": type(context).__name__,
            "has": context.has_assets_def,
            "all": sorted(key.to_user_string() for key in context.assets_def.keys),
        }

    @dg.op
    def same(x):
        return x

    @dg.graph_asset
    def table():
        return same(told())

    assert world.run([table]).value("table") == {
        "asset": "table",
        "names": ["result"],
        "keys": ["table"],
        "handle": "table.told",
        "op": "told",
        "class": "OpExecutionContext",
        "has": True,
        "all": ["table"],
    }


def test_an_op_may_ask_for_the_context_of_an_asset(world):
    dg = world.dg

    @dg.op
    def told(context: dg.AssetExecutionContext):
        return context.asset_key.to_user_string()

    @dg.graph_asset
    def table():
        return told()

    assert world.run([table]).value("table") == "table"


def test_config_lies_under_the_graph(world, dg_ops):
    dg, ops = dg_ops

    class Size(dg.Config):
        rows: int

    @dg.op
    def sized(config: Size):
        return config.rows

    @dg.graph
    def inner():
        return sized()

    @dg.graph_asset
    def table():
        return ops.add_one(inner())

    @dg.graph_asset
    def flat():
        return ops.add_one(sized())

    nested = {"ops": {"inner": {"ops": {"sized": {"config": {"rows": 5}}}}}}
    assert world.run([table], run_config={"ops": {"table": nested}}).value("table") == 6
    plain = {"ops": {"sized": {"config": {"rows": 4}}}}
    assert world.run([flat], run_config={"ops": {"flat": plain}}).value("flat") == 5


def test_config_of_an_op_that_is_not_there_is_refused(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.one()

    with pytest.raises(dg.DagsterInvalidConfigError):
        world.run([table], run_config={"ops": {"table": {"ops": {"tow": {"config": {}}}}}})


def test_config_is_needed_before_anything_runs(world):
    dg = world.dg

    @dg.op(config_schema={"rows": int})
    def sized(context):
        return context.op_config["rows"]

    @dg.graph_asset
    def table():
        return sized()

    with pytest.raises(dg.DagsterInvalidConfigError):
        world.run([table])


def test_config_given_by_the_graph(world, dg_ops):
    dg, ops = dg_ops

    @dg.op(config_schema={"rows": int})
    def sized(context):
        return context.op_config["rows"]

    @dg.graph_asset(config={"sized": {"config": {"rows": 9}}})
    def table():
        return ops.add_one(sized())

    assert world.run([table]).value("table") == 10


def test_config_made_by_the_graph(world, dg_ops):
    dg, ops = dg_ops

    @dg.op(config_schema={"rows": int})
    def sized(context):
        return context.op_config["rows"]

    @dg.config_mapping(config_schema={"x": int})
    def doubled(value):
        return {"sized": {"config": {"rows": value["x"] * 2}}}

    @dg.graph_asset(config=doubled)
    def table():
        return ops.add_one(sized())

    assert world.run([table], run_config={"ops": {"table": {"config": {"x": 5}}}}).value("table") == 11


def test_config_made_with_a_default(world):
    dg = world.dg

    @dg.op(config_schema={"rows": int})
    def sized(context):
        return context.op_config["rows"]

    @dg.config_mapping(config_schema={"x": dg.Field(int, default_value=3)})
    def same(value):
        return {"sized": {"config": {"rows": value["x"]}}}

    @dg.graph_asset(config=same)
    def table():
        return sized()

    assert world.run([table]).value("table") == 3


def test_resources_of_ops(world):
    dg = world.dg

    class Box(dg.ConfigurableResource):
        factor: int

    @dg.op
    def boxed(box: Box):
        return box.factor

    @dg.op(required_resource_keys={"box"})
    def named(context, x):
        return context.resources.box.factor * x

    @dg.graph_asset
    def table():
        return named(boxed())

    assert world.run([table], resources={"box": Box(factor=3)}).value("table") == 9


def test_resources_come_with_the_graph(world):
    dg = world.dg

    @dg.op(required_resource_keys={"number"})
    def named(context):
        return context.resources.number

    @dg.graph_asset(resource_defs={"number": dg.ResourceDefinition.hardcoded_resource(4)})
    def table():
        return named()

    assert table.required_resource_keys == {"number", "io_manager"}
    assert world.run([table]).value("table") == 4


def test_partitions_reach_every_op(world):
    dg = world.dg
    grid = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.op
    def key(context):
        return context.partition_key

    @dg.op
    def doubled(context, text):
        return text + context.partition_key

    @dg.asset(partitions_def=grid)
    def upstream(context):
        return "u" + context.partition_key

    @dg.op
    def joined(a, b):
        return a + b

    @dg.graph_asset(partitions_def=grid)
    def table(upstream):
        return joined(upstream, doubled(key()))

    found = world.run([upstream, table], partition_key="y")
    assert found.success
    assert found.partitions == ["y", "y"]
    assert found.value("table") == "uyyy"


def test_partition_mappings_of_inputs(world):
    dg = world.dg
    grid = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.asset(partitions_def=grid)
    def upstream(context):
        return 1

    @dg.op
    def count(values):
        return sorted(values)

    @dg.graph_asset(ins={"upstream": dg.AssetIn(partition_mapping=dg.AllPartitionMapping())})
    def table(upstream):
        return count(upstream)

    world.run([upstream], partition_key="x")
    world.run([upstream], partition_key="y")
    assert table.get_partition_mapping(dg.AssetKey("upstream")) == dg.AllPartitionMapping()


def test_hooks_run_behind_each_op(world, dg_ops):
    dg, ops = dg_ops

    @dg.success_hook
    def noted(context):
        assert context.op.name in ("one", "add_one")

    @dg.graph_asset(hooks={noted})
    def table():
        return ops.add_one(ops.one())

    assert world.run([table]).hooks == ["noted", "noted"]


def test_hooks_of_one_invocation(world, dg_ops):
    dg, ops = dg_ops

    @dg.success_hook
    def noted(context):
        assert context.op.name == "one"

    @dg.graph_asset
    def table():
        return ops.add_one(ops.one.with_hooks({noted})())

    assert world.run([table]).hooks == ["noted"]


def test_checks_that_ops_evaluate(world):
    dg = world.dg

    @dg.op(out={"rows": dg.Out(), "verdict": dg.Out()})
    def counted():
        yield dg.Output(3, "rows")
        yield dg.AssetCheckResult(passed=True, check_name="full", asset_key="table")

    @dg.graph_asset(check_specs=[dg.AssetCheckSpec("full", asset="table")])
    def table():
        rows, verdict = counted()
        return {"result": rows, "table_full": verdict}

    found = world.run([table])
    assert found.success
    assert found.checks == {"table:full": True}


def test_a_check_of_its_own_op(world, dg_ops):
    dg, ops = dg_ops

    @dg.op
    def judge(rows):
        return dg.AssetCheckResult(passed=rows > 3, check_name="full", asset_key="table")

    @dg.graph_asset(check_specs=[dg.AssetCheckSpec("full", asset="table")])
    def table():
        rows = ops.one()
        return {"result": rows, "table_full": judge(rows)}

    found = world.run([table])
    assert found.materialized == ["table"]
    assert found.checks == {"table:full": False}


def test_a_check_must_be_returned(dg):
    ops = Ops(dg)

    def table():
        return ops.one()

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_asset(check_specs=[dg.AssetCheckSpec("full", asset="table")])(table)


def test_metadata_of_the_last_op(world):
    dg = world.dg

    @dg.op
    def rows():
        return dg.Output(3, metadata={"rows": 3})

    @dg.op
    def stored(x):
        return dg.MaterializeResult(metadata={"x": x})

    @dg.graph_asset
    def table():
        return rows()

    @dg.graph_asset
    def other():
        return stored(rows())

    found = world.run([table, other])
    assert found.metadata["table"]["rows"] == 3
    assert found.metadata["other"]["x"] == 3


def test_the_type_of_the_last_op_is_checked(world):
    dg = world.dg

    @dg.op
    def wrong() -> int:
        return "text"

    @dg.graph_asset
    def table():
        return wrong()

    assert not world.run([table]).success


def test_everything_that_is_said_of_the_asset(dg):
    ops = Ops(dg)

    @dg.graph_asset(
        ins={"u": dg.AssetIn(key="up")},
        key_prefix=["p"],
        group_name="g",
        tags={"a": "b"},
        metadata={"m": 1},
        kinds={"k"},
        owners=["team:x"],
        code_version="3",
        description="d",
    )
    def table(u):
        return ops.add_one(u)

    spec = table.get_asset_spec(dg.AssetKey(["p", "table"]))
    assert (spec.group_name, spec.description, spec.code_version) == ("g", "d", "3")
    assert (dict(spec.metadata), list(spec.owners), set(spec.kinds)) == ({"m": 1}, ["team:x"], {"k"})
    assert table.dependency_keys == {dg.AssetKey("up")}
    assert table.keys_by_input_name == {"u": dg.AssetKey("up")}


def test_every_asset_is_made_from_all_arguments(dg):
    ops = Ops(dg)

    @dg.graph_multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})
    def both(x, y):
        return {"a": ops.add_one(x), "b": ops.add_one(y)}

    every = {dg.AssetKey("x"), dg.AssetKey("y")}
    assert both.asset_deps == {dg.AssetKey("a"): every, dg.AssetKey("b"): every}


@pytest.mark.parametrize("returned", [5, None])
def test_the_function_returns_outputs_of_ops(dg, returned):
    def table():
        return returned

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_asset(table)


def test_a_value_is_no_input(dg):
    ops = Ops(dg)

    def table():
        return ops.add_one(5)

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_asset(table)


@pytest.mark.parametrize("how", ["too many", "unknown"])
def test_inputs_must_fit_the_op(dg, how):
    ops = Ops(dg)

    def table():
        one = ops.one()
        if how == "too many":
            return ops.add_one(one, one)
        return ops.add_one(y=one)

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_asset(table)


def test_an_alias_must_be_its_own(dg):
    ops = Ops(dg)

    def table():
        ops.one.alias("x")()
        return ops.one.alias("x")()

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_asset(table)


@pytest.mark.parametrize("how", ["iterate", "index"])
def test_outputs_are_not_values_in_the_function(dg, how):
    ops = Ops(dg)

    def table():
        one = ops.one()
        return next(iter(one)) if how == "iterate" else one[0]

    with pytest.raises((dg.DagsterInvariantViolationError, dg.DagsterInvalidDefinitionError)):
        dg.graph_asset(table)


def test_every_output_must_be_given(dg):
    ops = Ops(dg)

    def both(x):
        return {"a": ops.add_one(x)}

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.graph_multi_asset(outs={"a": dg.AssetOut(), "b": dg.AssetOut()})(both)


def test_an_asset_of_a_graph(world, dg_ops):
    dg, ops = dg_ops
    chain = dg.graph(name="chain")(lambda: ops.add_one(ops.one()))
    table = dg.AssetsDefinition.from_graph(chain)
    assert table.keys == {dg.AssetKey("chain")}
    assert world.run([table]).value("chain") == 2


def test_one_graph_for_two_assets(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph
    def chain(x):
        return ops.add_one(x)

    @dg.asset
    def up():
        return 1

    tables = [
        dg.AssetsDefinition.from_graph(
            chain,
            keys_by_input_name={"x": dg.AssetKey("up")},
            keys_by_output_name={"result": dg.AssetKey(["t", name])},
            group_name=name,
        )
        for name in ("a", "b")
    ]
    found = world.run([up, *tables])
    assert sorted(found.materialized) == ["t/a", "t/b", "up"]
    assert found.value("t/b") == 2


def test_a_graph_with_names_for_everything(dg):
    ops = Ops(dg)

    @dg.graph(out={"p": dg.GraphOut(), "q": dg.GraphOut()})
    def both():
        p, q = ops.two()
        return {"p": p, "q": q}

    made = dg.AssetsDefinition.from_graph(
        both,
        key_prefix="pre",
        descriptions_by_output_name={"p": "hi"},
        metadata_by_output_name={"q": {"m": 1}},
        code_versions_by_output_name={"q": "7"},
        internal_asset_deps={"p": set(), "q": {dg.AssetKey(["pre", "p"])}},
        can_subset=True,
    )
    p, q = dg.AssetKey(["pre", "p"]), dg.AssetKey(["pre", "q"])
    assert made.keys == {p, q}
    assert made.descriptions_by_key[p] == "hi"
    assert made.get_asset_spec(q).metadata["m"] == 1
    assert made.code_versions_by_key[q] == "7"
    assert made.can_subset


def test_an_asset_of_an_op(world, dg_ops):
    dg, ops = dg_ops
    one = dg.AssetsDefinition.from_op(ops.one)
    plus = dg.AssetsDefinition.from_op(ops.plus, keys_by_input_name={"a": dg.AssetKey("one"), "b": dg.AssetKey("one")})
    broken = dg.AssetsDefinition.from_op(ops.fail, keys_by_input_name={"x": dg.AssetKey("plus")})
    assert one.keys == {dg.AssetKey("one")}
    found = world.run([one, plus, broken])
    assert found.value("plus") == 2
    assert found.failed == {"fail"}


def test_a_graph_is_not_called_directly(dg):
    with pytest.raises(dg.DagsterInvariantViolationError):
        page_assets(dg)()


def test_data_versions_follow_the_graph(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset(code_version="1")
    def table():
        return ops.one()

    found = world.run([table])
    assert found.tags["table"].get("dagster/data_version") == world.run([table]).tags["table"].get(
        "dagster/data_version"
    )


def test_keys_can_be_replaced(world, dg_ops):
    dg, ops = dg_ops

    @dg.graph_asset
    def table():
        return ops.one()

    moved = table.with_attributes(asset_key_replacements={dg.AssetKey("table"): dg.AssetKey(["new", "table"])})
    found = world.run([moved])
    assert found.materialized == ["new/table"]
    assert found.value("new/table") == 1


def test_specs_can_be_mapped(dg):
    ops = Ops(dg)

    @dg.graph_asset
    def table():
        return ops.one()

    mapped = table.map_asset_specs(lambda spec: spec.replace_attributes(group_name="g"))
    assert mapped.get_asset_spec(dg.AssetKey("table")).group_name == "g"
