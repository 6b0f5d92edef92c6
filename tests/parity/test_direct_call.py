"""Assets, checks, resources and hooks called directly, as unit tests call them."""

import asyncio
import contextlib
import inspect

import pytest


def test_an_asset_without_arguments(dg):
    @dg.asset
    def one():
        return 1

    assert one() == 1
    assert one(dg.build_asset_context()) == 1


def test_inputs_by_position_and_by_name(dg):
    @dg.asset
    def total(a, b=2):
        return a + b

    assert total(1) == 3
    assert total(1, 5) == 6
    assert total(a=1, b=5) == 6
    assert total(dg.build_asset_context(), 1, 2) == 3


def test_a_missing_input(dg):
    @dg.asset
    def total(a, b):
        return a + b

    with pytest.raises(dg.DagsterInvalidInvocationError, match="b"):
        total(1)


def test_too_many_inputs(dg):
    @dg.asset
    def one(a):
        return a

    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(1, 2)


def test_an_unknown_name(dg):
    @dg.asset
    def one(a):
        return a

    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(1, other=3)


def test_renamed_inputs_go_by_their_argument(dg):
    @dg.asset(ins={"x": dg.AssetIn("q")})
    def one(x):
        return x

    assert one(4) == one(x=4) == 4


def test_the_context_comes_first_or_by_name(dg):
    @dg.asset
    def one(context, a=1):
        return context.run_id, a

    assert one(dg.build_asset_context(), 5) == ("EPHEMERAL", 5)
    assert one(dg.build_op_context(), a=5) == ("EPHEMERAL", 5)
    assert one(context=dg.build_asset_context()) == ("EPHEMERAL", 1)


def test_a_context_is_needed(dg):
    @dg.asset
    def one(context, a):
        return a

    with pytest.raises(dg.DagsterInvalidInvocationError):
        one()
    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(5)
    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(5, context=dg.build_asset_context())


def test_none_stands_for_an_empty_context(dg):
    @dg.asset
    def one(context, a):
        return context.op_config, a

    assert one(None, 5) == (None, 5)


def config_of(dg):
    class Rows(dg.Config):
        rows: int = 3
        name: str

    @dg.asset
    def sized(config: Rows):
        return config.rows, config.name

    @dg.asset
    def told(context, config: Rows):
        return config.rows, config.name

    return Rows, sized, told


def test_config_by_name_and_by_position(dg):
    rows, sized, told = config_of(dg)
    assert sized(config=rows(name="a")) == sized(rows(name="a")) == (3, "a")
    assert told(dg.build_asset_context(), config=rows(name="a", rows=1)) == (1, "a")


def test_config_as_a_mapping(dg):
    _, sized, _ = config_of(dg)
    assert sized(config={"name": "b"}) == (3, "b")


def test_config_from_the_context(dg):
    _, sized, told = config_of(dg)
    context = dg.build_asset_context(asset_config={"name": "b"})
    assert sized(context) == told(context) == (3, "b")
    assert told(dg.build_op_context(op_config={"name": "b"})) == (3, "b")


def test_config_given_twice(dg):
    rows, _, told = config_of(dg)
    with pytest.raises(dg.DagsterInvalidInvocationError):
        told(dg.build_asset_context(asset_config={"name": "b"}), config=rows(name="a"))


def test_config_that_does_not_fit(dg):
    _, sized, told = config_of(dg)
    with pytest.raises(dg.DagsterInvalidConfigError):
        told(dg.build_asset_context(asset_config={"nome": "b"}))
    with pytest.raises(dg.DagsterInvalidConfigError):
        sized()


def test_config_schema_with_defaults(dg):
    @dg.asset(config_schema={"x": int, "y": dg.Field(str, default_value="d")})
    def one(context):
        return context.op_config

    assert one(dg.build_asset_context(asset_config={"x": 1})) == {"x": 1, "y": "d"}
    assert one(dg.build_asset_context(), config={"x": 1}) == {"x": 1, "y": "d"}
    with pytest.raises(dg.DagsterInvalidConfigError):
        one(dg.build_asset_context(asset_config={"x": "q"}))
    with pytest.raises(dg.DagsterInvalidConfigError):
        one(dg.build_asset_context())


def test_config_schema_of_defaults_alone(dg):
    @dg.asset(config_schema={"y": dg.Field(str, default_value="d")})
    def one(context):
        return context.op_config

    assert one(dg.build_asset_context()) == {"y": "d"}


def test_config_schema_is_checked_without_a_context(dg):
    @dg.asset(config_schema={"y": str})
    def one():
        return 1

    with pytest.raises(dg.DagsterInvalidConfigError):
        one()


def test_config_without_a_schema_is_passed_on(dg):
    @dg.asset
    def one(context):
        return context.op_config

    assert one(dg.build_asset_context(asset_config={"q": 1})) == {"q": 1}
    assert one(dg.build_asset_context()) is None


def box_of(dg):
    class Box(dg.ConfigurableResource):
        size: int

    return Box


def test_resources_by_name_and_by_position(dg):
    Box = box_of(dg)

    @dg.asset
    def one(box: Box):
        return box.size

    @dg.asset
    def two(context, a, box: Box):
        return a, box.size, context.resources.box.size

    assert one(box=Box(size=3)) == one(Box(size=3)) == 3
    context = dg.build_asset_context()
    assert two(context, a=1, box=Box(size=3)) == two(context, 1, Box(size=3)) == (1, 3, 3)


def test_resources_from_the_context(dg):
    Box = box_of(dg)

    @dg.asset
    def one(context, a, box: Box):
        return a, box.size, context.resources.box.size

    context = dg.build_asset_context(resources={"box": Box(size=4)})
    assert one(context, 1) == one(context, a=1) == (1, 4, 4)


def test_an_argument_before_which_a_resource_stands(dg):
    Box = box_of(dg)

    @dg.asset
    def one(box: Box, a):
        return a, box.size

    assert one(a=1, box=Box(size=4)) == one(Box(size=4), 1) == (1, 4)
    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(1, box=Box(size=4))


def test_resources_given_twice(dg):
    Box = box_of(dg)

    @dg.asset
    def one(context, box: Box):
        return box.size

    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(dg.build_asset_context(resources={"box": Box(size=4)}), box=Box(size=5))
    with pytest.raises(dg.DagsterInvalidInvocationError):
        one(dg.build_asset_context(resources={"other": 1}), box=Box(size=5))


def test_a_missing_resource(dg):
    Box = box_of(dg)

    @dg.asset
    def one(context, box: Box):
        return box.size

    @dg.asset(required_resource_keys={"q"})
    def two(context):
        return context.resources.q

    for asset in (one, two):
        with pytest.raises(dg.DagsterInvalidDefinitionError):
            asset(dg.build_asset_context())


def test_a_required_resource_that_nothing_can_see(dg):
    @dg.asset(required_resource_keys={"q"})
    def one():
        return 1

    assert one() == 1


def test_resources_through_the_context(dg):
    @dg.asset(required_resource_keys={"q"})
    def one(context):
        return context.resources.q

    assert one(dg.build_asset_context(resources={"q": 4})) == 4


def test_a_resource_that_there_is_not(dg):
    @dg.asset
    def one(context):
        return hasattr(context.resources, "q")

    assert one(dg.build_asset_context()) is False
    with pytest.raises(dg.DagsterUnknownResourceError):
        dg.build_asset_context().resources.q  # noqa: B018


def test_resource_functions_are_called(dg):
    @dg.resource(config_schema={"a": int})
    def made(context):
        return context.resource_config["a"]

    @dg.asset(required_resource_keys={"q"})
    def one(context):
        return context.resources.q

    config = {"q": {"config": {"a": 3}}}
    assert one(dg.build_asset_context(resources={"q": made}, resources_config=config)) == 3


def test_a_resource_with_a_teardown_needs_a_block(dg):
    steps = []

    @dg.resource
    def made():
        steps.append("open")
        yield 10
        steps.append("close")

    @dg.asset(required_resource_keys={"q"})
    def one(context):
        return context.resources.q

    with pytest.raises(dg.DagsterInvariantViolationError):
        one(dg.build_asset_context(resources={"q": made}))
    steps.clear()
    with dg.build_asset_context(resources={"q": made}) as context:
        assert one(context) == 10
    assert steps == ["open", "close"]


def test_a_resource_given_by_name_is_set_up_and_torn_down(dg):
    steps = []

    class Box(dg.ConfigurableResource):
        def setup_for_execution(self, context):
            steps.append("setup")

        def teardown_after_execution(self, context):
            steps.append("teardown")

    @dg.asset
    def one(box: Box):
        steps.append("call")

    one(box=Box())
    assert steps == ["setup", "call", "teardown"]


def test_a_resource_given_by_name_may_open_itself(dg):
    steps = []

    class Box(dg.ConfigurableResource):
        @contextlib.contextmanager
        def yield_for_execution(self, context):
            steps.append("open")
            yield self
            steps.append("close")

    @dg.asset
    def one(box: Box):
        steps.append("call")

    one(box=Box())
    assert steps == ["open", "call", "close"]


def test_environment_variables_are_read(dg, monkeypatch):
    monkeypatch.setenv("BOX_NAME", "blue")

    class Box(dg.ConfigurableResource):
        name: str

    @dg.asset
    def one(box: Box):
        return box.name

    assert one(box=Box(name=dg.EnvVar("BOX_NAME"))) == "blue"


def test_resources_of_the_definition(dg):
    Box = box_of(dg)

    @dg.asset(resource_defs={"box": Box(size=7)})
    def one(box: Box):
        return box.size

    @dg.asset(resource_defs={"q": dg.ResourceDefinition.hardcoded_resource(9)}, required_resource_keys=set())
    def two(context):
        return context.resources.q

    assert one() == 7
    assert two(dg.build_asset_context()) == 9
    with pytest.raises(dg.DagsterInvalidInvocationError):
        two(dg.build_asset_context(resources={"q": 3}))


def test_a_generator_stays_one(dg):
    @dg.asset
    def one():
        yield dg.AssetObservation("x")
        yield dg.Output(3)

    given = one()
    assert inspect.isgenerator(given)
    items = list(given)
    assert [type(item) for item in items] == [dg.AssetObservation, dg.Output]
    assert items[1].value == 3


def test_a_coroutine_stays_one(dg):
    @dg.asset
    async def one(context, a):
        return a

    given = one(dg.build_asset_context(), 4)
    assert inspect.iscoroutine(given)
    assert asyncio.run(given) == 4


def test_an_async_generator_stays_one(dg):
    @dg.asset
    async def one():
        yield dg.Output(4)

    async def values():
        return [item.value async for item in one()]

    assert asyncio.run(values()) == [4]


def test_output_and_result_are_returned_as_they_are(dg):
    @dg.asset
    def one():
        return dg.Output(4, metadata={"a": 1})

    @dg.asset
    def two():
        return dg.MaterializeResult(metadata={"a": 1})

    assert isinstance(one(), dg.Output)
    assert one().value == 4
    assert one().metadata["a"].value == 1
    assert isinstance(two(), dg.MaterializeResult)


def test_types_of_inputs_are_checked(dg):
    @dg.asset
    def one(a: int):
        return a

    with pytest.raises(dg.DagsterTypeCheckDidNotPass):
        one("x")


@pytest.mark.parametrize("how", ["plain", "output", "none", "stream", "async"])
def test_types_of_outputs_are_checked(dg, how):
    @dg.asset
    def plain() -> int:
        return "x"

    @dg.asset
    def boxed() -> dg.Output[int]:
        return dg.Output("x")

    @dg.asset
    def empty() -> None:
        return 5

    @dg.asset(dagster_type=dg.Int)
    def stream():
        yield dg.Output("x")

    @dg.asset
    async def later() -> int:
        return "x"

    def call():
        if how == "async":
            return asyncio.run(later())
        return list(stream()) if how == "stream" else {"plain": plain, "output": boxed, "none": empty}[how]()

    with pytest.raises(dg.DagsterTypeCheckDidNotPass):
        call()


def test_a_stream_that_leaves_out_its_output(dg):
    @dg.asset
    def one():
        if False:
            yield dg.Output(1)

    with pytest.raises(dg.DagsterInvariantViolationError):
        list(one())


def test_a_stream_may_leave_out_an_optional_output(dg):
    @dg.asset(output_required=False)
    def one():
        if False:
            yield dg.Output(1)

    assert list(one()) == []


def test_what_the_function_raises_comes_through(dg):
    @dg.asset
    def one():
        raise dg.Failure("no")

    @dg.asset
    def two():
        raise ZeroDivisionError

    with pytest.raises(dg.Failure):
        one()
    with pytest.raises(ZeroDivisionError):
        two()


def test_a_check(dg):
    @dg.asset_check(asset="orders")
    def is_there():
        return dg.AssetCheckResult(passed=True, metadata={"a": 1})

    @dg.asset_check(asset="orders")
    def is_large(context: dg.AssetCheckExecutionContext, orders):
        return dg.AssetCheckResult(passed=orders > 1)

    assert is_there().passed
    for context in (dg.build_asset_check_context(), dg.build_op_context(), dg.build_asset_context()):
        assert is_large(context, 5).passed
        assert not is_large(context, orders=1).passed
    with pytest.raises(dg.DagsterInvalidInvocationError):
        is_large(5)


def test_a_resource_function(dg):
    @dg.resource
    def plain():
        return 9

    @dg.resource(config_schema={"a": int, "b": dg.Field(int, default_value=2)})
    def sized(context):
        return context.resource_config

    assert plain() == 9
    assert sized(dg.build_init_resource_context(config={"a": 3})) == {"a": 3, "b": 2}
    assert sized(context=dg.build_init_resource_context(config={"a": 3})) == {"a": 3, "b": 2}


def test_a_resource_function_that_is_called_wrongly(dg):
    @dg.resource
    def plain():
        return 9

    @dg.resource(config_schema={"a": int})
    def sized(context):
        return context.resource_config

    context = dg.build_init_resource_context(config={"b": 3})
    with pytest.raises(dg.DagsterInvalidInvocationError):
        plain(context)
    with pytest.raises(dg.DagsterInvalidInvocationError):
        sized()
    with pytest.raises(dg.DagsterInvalidInvocationError):
        sized(context, 1)
    with pytest.raises(dg.DagsterInvalidConfigError):
        sized(context)


def test_a_resource_function_that_needs_another(dg):
    @dg.resource(required_resource_keys={"z"})
    def one(context):
        return context.resources.z

    assert one(dg.build_init_resource_context(resources={"z": 3})) == 3
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        one(dg.build_init_resource_context())


def test_a_resource_generator_gives_a_context_manager(dg):
    @dg.resource
    def one():
        yield 10

    with one() as value:
        assert value == 10


def test_build_resources(dg):
    steps = []

    @dg.resource(config_schema={"v": dg.Field(int, default_value=4)}, required_resource_keys={"dep"})
    def made(context):
        steps.append(f"open {context.resources.dep}")
        yield context.resource_config["v"]
        steps.append("close")

    with dg.build_resources({"made": made, "dep": 5}) as resources:
        assert (resources.made, resources.dep) == (4, 5)
        with pytest.raises(dg.DagsterUnknownResourceError):
            resources.other  # noqa: B018
    assert steps == ["open 5", "close"]
    with dg.build_resources({"made": made, "dep": 5}, resource_config={"made": {"config": {"v": 9}}}) as resources:
        assert resources.made == 9


def test_build_resources_refuses_config(dg):
    @dg.resource(config_schema={"v": int})
    def made(context):
        return context.resource_config["v"]

    for config in ({"made": {"config": {"v": "x"}}}, {"other": {"config": {}}}):
        with pytest.raises(dg.DagsterInvalidConfigError), dg.build_resources({"made": made}, resource_config=config):
            pass


def needing(dg):
    @dg.asset(required_resource_keys={"q"})
    def needs(context):
        return context.resources.q

    return needs


def test_with_resources(dg):
    needs = needing(dg)
    (provided,) = dg.with_resources([needs], {"q": 5, "w": 6})
    assert provided(dg.build_asset_context()) == 5
    assert "q" in provided.resource_defs
    assert "w" not in provided.resource_defs
    assert "q" not in needs.resource_defs


def test_with_resources_takes_config(dg):
    made = dg.ResourceDefinition(lambda context: context.resource_config["x"], config_schema={"x": int})
    (provided,) = dg.with_resources([needing(dg)], {"q": made}, resource_config_by_key={"q": {"config": {"x": 7}}})
    assert provided(dg.build_asset_context()) == 7
    with pytest.raises(dg.DagsterInvalidInvocationError):
        dg.with_resources([needing(dg)], {"q": made}, resource_config_by_key={"q": {"x": 7}})


def test_with_resources_that_do_not_fit(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.with_resources([needing(dg)], {"w": 5})
    with pytest.raises(dg.DagsterInvalidInvocationError):
        dg.with_resources(dg.with_resources([needing(dg)], {"q": 5}), {"q": 6})


def test_with_resources_leaves_other_things(dg):
    source = dg.SourceAsset("s")
    assert len(dg.with_resources([source], {"q": 5})) == 1


def test_a_hook(dg):
    @dg.success_hook(required_resource_keys={"z"})
    def tell(context):
        return context.resources.z, context.run_id, context.hook_def.name, sorted(context.required_resource_keys)

    context = dg.build_hook_context(resources={"z": 3}, run_id="x")
    assert tell(context) == tell(context=context) == (3, "x", "tell", ["z"])
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        tell(dg.build_hook_context())
    with pytest.raises(dg.DagsterInvalidInvocationError):
        tell()
    with pytest.raises(dg.DagsterInvalidInvocationError):
        tell(context, context)


def test_a_built_hook_context_has_what_it_was_given(dg):
    @dg.asset
    def orders(): ...

    error = ValueError("q")
    context = dg.build_hook_context(op=orders.op, run_id="x", job_name="j", op_exception=error)
    assert (context.op.name, context.run_id, context.job_name) == ("orders", "x", "j")
    assert context.op_exception is error
    assert isinstance(context, dg.HookContext)
    for name in ("hook_def", "op_config", "step_key", "op_output_values", "instance"):
        with pytest.raises(dg.DagsterError):
            getattr(context, name)
    assert dg.build_hook_context().op_exception is None


def test_metadata_of_a_result_is_what_the_op_gave(dg):
    @dg.asset
    def one():
        return dg.MaterializeResult(metadata={"rows": 3, "name": "x"})

    assert one().metadata == {"rows": 3, "name": "x"}
    assert dg.ObserveResult(metadata={"rows": 3}).metadata == {"rows": 3}
    assert dg.Output(1, metadata={"rows": 3}).metadata["rows"].value == 3
