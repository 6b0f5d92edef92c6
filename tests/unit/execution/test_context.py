"""Contexts: what only assetq has, and what the parity tests cannot ask of both."""

import asyncio

import pytest

from assetq import (
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    BackfillPolicy,
    ConfigurableResource,
    DailyPartitionsDefinition,
    DataVersion,
    InMemoryIOManager,
    MaterializeResult,
    OpExecutionContext,
    Output,
    PartitionScope,
    ResourceDefinition,
    asset,
    build_asset_context,
    build_hook_context,
    build_op_context,
    materialize,
    success_hook,
)
from assetq.definitions import AssetsDefinition, Definitions, Op, OpOutput
from assetq.definitions.source_location import location_of
from assetq.errors import InvocationError, UnknownPartitionError, UsageError
from assetq.execution import materialize_plan
from assetq.execution.resource_scope import has_teardown
from assetq.planning import make_plan

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")


def run_range(definition, first, last):
    defs = Definitions([definition], resources={"io_manager": InMemoryIOManager()})
    plan = make_plan(defs, scope=PartitionScope.parse(f"{first}...{last}"))
    return materialize_plan(defs, plan)


def pair(fn, **changes):
    """An op with two outputs, `a` and `b`."""
    outputs = [OpOutput(n, AssetKey(n), "io_manager", True, int, AssetSpec(n)) for n in ("a", "b")]
    options = {
        "name": "pair",
        "fn": fn,
        "inputs": (),
        "outputs": tuple(outputs),
        "context_param": "context",
        "config_param": None,
        "config_type": None,
        "config_schema": None,
        "resource_params": {},
        "required_resource_keys": frozenset(),
        "retry_policy": None,
        "bundle": None,
        "tags": {},
        "location": location_of(fn),
    }
    op = Op(**{**options, **changes})
    return AssetsDefinition(op, specs=[output.spec for output in outputs], deps=())


def test_a_step_of_several_partitions():
    seen = {}

    @asset(partitions_def=DAYS, backfill_policy=BackfillPolicy.single_run())
    def many(context: AssetExecutionContext):
        seen["keys"] = context.partition_keys
        seen["range"] = (context.has_partition_key, context.has_partition_key_range)
        seen["window"] = (context.partition_time_window.start.day, context.partition_time_window.end.day)
        seen["tags"] = (
            context.get_tag("dagster/asset_partition_range_start"),
            context.get_tag("dagster/asset_partition_range_end"),
        )
        with pytest.raises(UsageError, match="partition_keys"):
            _ = context.partition_key
        for number, key in enumerate(context.partition_keys):
            context.add_asset_metadata({"rows": number}, partition_key=key)
        return dict.fromkeys(context.partition_keys, 1)

    result = run_range(many, "2024-01-02", "2024-01-04")
    assert seen["keys"] == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert seen["range"] == (False, True)
    assert seen["window"] == (2, 5)
    assert seen["tags"] == ("2024-01-02", "2024-01-04")
    (event,) = result.get_asset_materialization_events()
    rows = {key: metadata["rows"]["value"] for key, metadata in event.data["partition_metadata"].items()}
    assert rows == {"2024-01-02": 0, "2024-01-03": 1, "2024-01-04": 2}


def test_a_data_version_is_set():
    @asset
    def one(context):
        context.set_data_version(AssetKey("one"), DataVersion("v"))

    (event,) = materialize([one]).get_asset_materialization_events()
    assert event.data["data_version"] == "v"


def test_several_outputs_need_their_name():
    def fn(context):
        with pytest.raises(UsageError, match="output_name"):
            context.add_output_metadata({"x": 1})
        with pytest.raises(UsageError, match="2 assets"):
            _ = context.asset_key
        context.add_output_metadata({"x": 1}, output_name="b")
        context.add_asset_metadata({"y": 1})
        yield Output(1, "a")
        yield Output(2, "b")

    found = {e.asset: e.data["metadata"] for e in materialize([pair(fn)]).get_asset_materialization_events()}
    assert "x" in found["b"]
    assert "x" not in found["a"]
    assert "y" in found["a"]
    assert "y" in found["b"]


@pytest.mark.parametrize("given", [1, (1,), (1, 2, 3), [1, 2]])
def test_a_direct_call_with_other_outputs_than_declared(given):
    with pytest.raises(UsageError, match="outputs"):
        pair(lambda context: given)(None)


def test_a_direct_call_returns_several_outputs():
    assert pair(lambda context: (1, 2))(None) == (1, 2)
    mixed = pair(lambda context: (Output(1, "a"), 2))(None)
    assert mixed[1] == 2


def test_a_direct_call_yields_all_outputs():
    def some(context):
        yield Output(1, "a")

    def other(context):
        yield Output(1, "c")

    for fn, text in ((some, "'b'"), (other, "'c'")):
        with pytest.raises(UsageError, match=text):
            list(pair(fn)(None))


def test_messages_name_op_and_line():
    @asset
    def one(context, orders):
        return orders

    with pytest.raises(InvocationError, match=r"'one' is given no value for its input 'orders'.*test_context.py:\d+"):
        one(build_asset_context())
    with pytest.raises(InvocationError, match="none of its arguments: orders"):
        one(build_asset_context(), 1, order=1)


def test_a_context_of_a_run_is_passed_on_to_another_asset():
    @asset
    def inner(context, a):
        return context.asset_key.to_user_string(), a

    @asset
    def outer(context):
        return inner(context, 5)

    assert materialize([outer]).output_for_node("outer") == ("outer", 5)


def test_the_context_is_bound_until_a_coroutine_ends():
    @asset
    async def one(context):
        await asyncio.sleep(0)
        return context.asset_key

    context = build_asset_context()
    assert asyncio.run(one(context)) == AssetKey("one")
    with pytest.raises(UsageError):
        _ = context.asset_key


def test_an_unknown_partition_of_a_built_context():
    @asset(partitions_def=DAYS)
    def one(context):
        return context.partition_keys

    with pytest.raises(UnknownPartitionError):
        one(build_asset_context(partition_key="2025-01-01"))


def test_a_partitions_def_makes_a_built_context_whole():
    context = build_asset_context(partition_key="2024-01-02", partitions_def=DAYS)
    assert context.partition_keys == ["2024-01-02"]
    assert context.partition_time_window.end.day == 3


def test_which_resources_must_be_closed():
    class Plain(ConfigurableResource):
        pass

    class Closed(ConfigurableResource):
        def teardown_after_execution(self, context): ...

    class Outer(ConfigurableResource):
        inner: Closed

    def stream():
        yield 1

    assert has_teardown(Closed())
    assert has_teardown(Outer(inner=Closed()))
    assert has_teardown(ResourceDefinition(stream))
    assert not has_teardown(Plain())
    assert not has_teardown(ResourceDefinition(lambda: 1))
    assert not has_teardown(3)


def test_a_context_is_seen_as_another():
    context = build_op_context()
    assert context.op_execution_context is context
    assert isinstance(build_asset_context().op_execution_context, OpExecutionContext)
    assert context.seen_as(AssetExecutionContext).output_metadata is context.output_metadata


def test_a_hook_context_closes_its_resources():
    closed = []

    def stream():
        yield 1
        closed.append(1)

    @success_hook(required_resource_keys={"r"})
    def tell(context):
        return context.resources.r

    with pytest.raises(UsageError, match="with statement"):
        tell(build_hook_context(resources={"r": ResourceDefinition(stream)}))
    with build_hook_context(resources={"r": ResourceDefinition(stream)}) as context:
        assert tell(context) == 1
    assert closed == [1]


def test_a_result_of_a_direct_call_is_checked_by_its_asset():
    def fn(context):
        return MaterializeResult(asset_key="zz")

    with pytest.raises(UsageError, match="zz"):
        pair(fn)(None)
