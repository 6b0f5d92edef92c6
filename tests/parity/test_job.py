"""Jobs of ops and of assets, run in this process."""

from datetime import datetime

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

        @dg.op(config_schema={"n": int})
        def configured(context):
            return context.op_config["n"]

        @dg.op
        def fail():
            raise ValueError("no")

        self.one, self.add_one, self.plus, self.configured, self.fail = one, add_one, plus, configured, fail


@pytest.fixture
def ops(dg):
    return Ops(dg)


def succeeded(result):
    return [event.step_key for event in result.get_step_success_events()]


def test_a_job_runs_its_ops(dg, ops):
    @dg.job
    def chain():
        ops.add_one(ops.one())

    result = chain.execute_in_process()
    assert result.success
    assert succeeded(result) == ["one", "add_one"]
    assert result.output_for_node("add_one") == 2
    assert result.dagster_run.job_name == "chain"


def test_steps_of_nested_graphs(dg, ops):
    @dg.graph
    def inner(x):
        return ops.add_one(x)

    @dg.job
    def chain():
        inner(ops.one())

    result = chain.execute_in_process()
    assert succeeded(result) == ["one", "inner.add_one"]
    assert result.output_for_node("inner") == 2
    assert result.output_for_node("inner.add_one") == 2


def test_a_graph_with_input_values(dg, ops):
    @dg.graph
    def chain(x):
        return ops.add_one(x)

    result = chain.execute_in_process(input_values={"x": 4})
    assert result.output_value() == 5
    assert result.output_for_node("add_one") == 5


def test_outputs_of_a_graph_by_name(dg, ops):
    @dg.graph(out={"u": dg.GraphOut(), "v": dg.GraphOut()})
    def both():
        one = ops.one()
        return {"u": one, "v": ops.add_one(one)}

    result = both.execute_in_process()
    assert (result.output_value("u"), result.output_value("v")) == (1, 2)


def test_a_graph_becomes_jobs(dg, ops):
    @dg.graph
    def chain(x):
        return ops.add_one(x)

    made = chain.to_job(name="seven", input_values={"x": 7}, tags={"k": "v"})
    result = made.execute_in_process()
    assert (made.name, result.output_value()) == ("seven", 8)
    assert result.dagster_run.tags["k"] == "v"


def test_inputs_from_run_config(dg):
    @dg.op
    def same(n: int):
        return n

    @dg.job
    def only():
        same()

    for given in (5, {"value": 5}):
        result = only.execute_in_process(run_config={"ops": {"same": {"inputs": {"n": given}}}})
        assert result.output_for_node("same") == 5
    with pytest.raises(dg.DagsterInvalidConfigError):
        only.execute_in_process()


def test_defaults_of_inputs(dg):
    @dg.op
    def by_function(n: int = 3):
        return n

    @dg.op(ins={"n": dg.In(default_value=4)})
    def by_in(n):
        return n

    @dg.job
    def only():
        by_function()
        by_in()

    result = only.execute_in_process()
    assert (result.output_for_node("by_function"), result.output_for_node("by_in")) == (3, 4)


def test_what_reads_an_optional_output_is_skipped(dg, ops):
    @dg.op(out={"p": dg.Out(is_required=False), "q": dg.Out(is_required=False)})
    def maybe():
        yield dg.Output(1, "p")

    @dg.op
    def listed(values):
        return values

    @dg.job
    def chain():
        p, q = maybe()
        ops.add_one(p)
        ops.add_one.alias("of_q")(q)
        listed([p, q])

    result = chain.execute_in_process()
    assert result.success
    assert sorted(succeeded(result)) == ["add_one", "listed", "maybe"]
    assert [event.step_key for event in result.get_step_skipped_events()] == ["of_q"]
    assert result.output_for_node("listed") == [1]


def test_config_of_the_job(dg, ops):
    @dg.job(config={"ops": {"configured": {"config": {"n": 2}}}})
    def only():
        ops.configured()

    assert only.execute_in_process().output_for_node("configured") == 2


def test_config_of_the_run_is_needed(dg, ops):
    @dg.job
    def only():
        ops.configured()

    with pytest.raises(dg.DagsterInvalidConfigError):
        only.execute_in_process()
    result = only.execute_in_process(run_config={"ops": {"configured": {"config": {"n": 5}}}})
    assert result.output_for_node("configured") == 5


def test_run_config_objects(dg):
    class Size(dg.Config):
        rows: int

    @dg.op
    def sized(config: Size):
        return config.rows

    @dg.job(config=dg.RunConfig(ops={"sized": Size(rows=3)}))
    def only():
        sized()

    assert only.execute_in_process().output_for_node("sized") == 3


def test_a_config_mapping_of_a_job(dg, ops):
    @dg.config_mapping(config_schema={"x": int})
    def doubled(value):
        return {"ops": {"configured": {"config": {"n": value["x"] * 2}}}}

    @dg.job(config=doubled)
    def only():
        ops.configured()

    assert only.execute_in_process(run_config={"x": 4}).output_for_node("configured") == 8


def test_the_function_of_a_job_returns_nothing(dg, ops):
    def only():
        return ops.one()

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.job(only)


def test_a_failure_is_raised(dg, ops):
    @dg.job
    def broken():
        ops.add_one(ops.fail())

    with pytest.raises(ValueError, match="no"):
        broken.execute_in_process()
    result = broken.execute_in_process(raise_on_error=False)
    assert not result.success
    assert result.get_failed_step_keys() == {"fail"}


@pytest.mark.parametrize(
    ("selection", "steps"), [(["one"], ["one"]), (["*add_one"], ["one", "add_one"]), (["one+"], ["one", "add_one"])]
)
def test_some_ops_of_a_job(dg, ops, selection, steps):
    @dg.job
    def chain():
        ops.add_one.alias("last")(ops.add_one(ops.one()))

    assert succeeded(chain.execute_in_process(op_selection=selection)) == steps


def test_ops_that_are_not_there(dg, ops):
    @dg.job
    def chain():
        ops.one()

    with pytest.raises(dg.DagsterInvalidSubsetError):
        chain.execute_in_process(op_selection=["nope"])


def test_what_an_op_of_a_job_is_told(dg):
    @dg.op
    def told(context):
        return (context.job_name, str(context.op_handle), context.has_assets_def, type(context).__name__)

    @dg.job
    def only():
        told()

    assert only.execute_in_process().output_for_node("told") == ("only", "told", False, "OpExecutionContext")


def test_values_that_cannot_be_pickled_pass_between_ops(dg):
    @dg.op
    def made():
        return lambda: 7

    @dg.op
    def called(fn):
        return fn()

    @dg.job
    def chain():
        called(made())

    assert chain.execute_in_process().output_for_node("called") == 7


def test_resources_of_a_job(dg):
    @dg.op(required_resource_keys={"number"})
    def told(context):
        return context.resources.number

    @dg.job(resource_defs={"number": dg.ResourceDefinition.hardcoded_resource(4)})
    def only():
        told()

    assert only.execute_in_process().output_for_node("told") == 4


def test_resources_of_the_definitions(dg):
    @dg.op(required_resource_keys={"number"})
    def told(context):
        return context.resources.number

    @dg.job
    def only():
        told()

    defs = dg.Definitions(jobs=[only], resources={"number": dg.ResourceDefinition.hardcoded_resource(5)})
    assert defs.resolve_job_def("only").execute_in_process().output_for_node("told") == 5


def test_hooks_of_a_job(dg, ops):
    seen = []

    @dg.success_hook
    def noted(context):
        seen.append(context.op.name)

    @dg.job(hooks={noted})
    def chain():
        ops.add_one(ops.one())

    assert chain.execute_in_process().success
    assert seen == ["one", "add_one"]


def test_retries_of_a_job(dg):
    @dg.op
    def flaky(context):
        if context.retry_number == 0:
            raise ValueError("once")
        return 4

    @dg.job(op_retry_policy=dg.RetryPolicy(max_retries=1))
    def only():
        flaky()

    assert only.execute_in_process().output_for_node("flaky") == 4


def test_tags_of_runs(dg, ops):
    @dg.job(tags={"a": "b"})
    def only():
        ops.one()

    tags = only.execute_in_process(tags={"c": "d"}).dagster_run.tags
    assert (tags["a"], tags["c"]) == ("b", "d")


def test_a_job_of_assets(dg):
    @dg.asset
    def a():
        return 1

    @dg.asset
    def b(a):
        return 2

    chosen = dg.define_asset_job("chosen", selection="a", tags={"x": "y"})
    result = dg.Definitions(assets=[a, b], jobs=[chosen]).resolve_job_def("chosen").execute_in_process()
    assert succeeded(result) == ["a"]
    assert (result.dagster_run.job_name, result.dagster_run.tags["x"]) == ("chosen", "y")
    assert result.output_for_node("a") == 1


def test_a_job_of_all_assets(dg, ops):
    @dg.graph_asset
    def table():
        return ops.add_one(ops.one())

    defs = dg.Definitions(assets=[table], jobs=[dg.define_asset_job("graph_asset")])
    assert succeeded(defs.resolve_job_def("graph_asset").execute_in_process()) == ["table.one", "table.add_one"]


def test_config_of_a_job_of_assets(dg):
    @dg.asset(config_schema={"n": int})
    def a(context):
        return context.op_execution_context.op_config["n"]

    config = {"ops": {"a": {"config": {"n": 3}}}}
    defs = dg.Definitions(assets=[a], jobs=[dg.define_asset_job("only", config=config)])
    assert defs.resolve_job_def("only").execute_in_process().output_for_node("a") == 3


def test_partitions_of_a_job_of_assets(dg):
    grid = dg.StaticPartitionsDefinition(["x", "y"])

    @dg.asset(partitions_def=grid)
    def a(context):
        return context.partition_key

    defs = dg.Definitions(assets=[a], jobs=[dg.define_asset_job("only", partitions_def=grid)])
    result = defs.resolve_job_def("only").execute_in_process(partition_key="y")
    assert result.output_for_node("a") == "y"


def test_hooks_of_a_job_of_assets(dg):
    seen = []

    @dg.success_hook
    def noted(context):
        seen.append(context.op.name)

    @dg.asset
    def a():
        return 1

    defs = dg.Definitions(assets=[a], jobs=[dg.define_asset_job("only", hooks={noted})])
    assert defs.resolve_job_def("only").execute_in_process().success
    assert seen == ["a"]


def test_a_job_that_is_not_there(dg):
    with pytest.raises(dg.DagsterInvariantViolationError):
        dg.Definitions().resolve_job_def("nope")


def test_config_by_day(dg):
    @dg.daily_partitioned_config(start_date="2024-01-01")
    def by_day(start: datetime, end: datetime):
        return {"ops": {"told": {"config": {"day": f"{start:%Y-%m-%d}"}}}}

    @dg.op(config_schema={"day": str})
    def told(context):
        return context.op_config["day"], context.partition_key

    @dg.job(config=by_day)
    def only():
        told()

    result = only.execute_in_process(partition_key="2024-01-03")
    assert result.output_for_node("told") == ("2024-01-03", "2024-01-03")
    assert result.dagster_run.tags["dagster/partition"] == "2024-01-03"
    assert by_day.get_partition_keys()[:2] == ["2024-01-01", "2024-01-02"]
    expected = {"ops": {"told": {"config": {"day": "2024-01-05"}}}}
    assert by_day.get_run_config_for_partition_key("2024-01-05") == expected
    assert by_day.get_tags_for_partition_key("2024-01-02") == {"dagster/partition": "2024-01-02"}
    assert by_day(datetime(2024, 1, 7), datetime(2024, 1, 8)) == {"ops": {"told": {"config": {"day": "2024-01-07"}}}}


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("hourly", "2024-01-01-00:00"),
        ("weekly", "2024-01-07"),
        ("monthly", "2024-01-01"),
    ],
)
def test_config_by_other_windows(dg, name, first):
    start = "2024-01-01-00:00" if name == "hourly" else "2024-01-01"

    @getattr(dg, f"{name}_partitioned_config")(start_date=start)
    def by_window(start, end):
        return {"ops": {}, "resources": {"r": {"config": f"{end - start}"}}}

    assert by_window.get_partition_keys()[0] == first
    assert by_window.get_run_config_for_partition_key(first)["resources"]["r"]["config"]


def test_config_by_static_keys(dg):
    @dg.static_partitioned_config(["x", "y"], tags_for_partition_key_fn=lambda key: {"for": key})
    def by_key(key):
        return {"ops": {"told": {"config": {"n": key}}}}

    assert list(by_key.get_partition_keys()) == ["x", "y"]
    assert by_key.get_tags_for_partition_key("x")["for"] == "x"
    assert by_key.get_run_config_for_partition_key("y") == {"ops": {"told": {"config": {"n": "y"}}}}


def test_config_by_keys_of_a_function(dg):
    @dg.dynamic_partitioned_config(lambda now: ["p", "q"])
    def by_key(key):
        return {"ops": {"told": {"config": {"n": key}}}}

    assert list(by_key.get_partition_keys()) == ["p", "q"]


def test_config_by_a_definition(dg):
    @dg.partitioned_config(dg.StaticPartitionsDefinition(["x"]))
    def by_key(key):
        return {"ops": {}}

    assert list(by_key.get_partition_keys()) == ["x"]


def test_a_graph_as_data(dg, ops):
    made = dg.GraphDefinition(
        "chain",
        node_defs=[ops.one, ops.add_one],
        dependencies={"add_one": {"x": dg.DependencyDefinition("one")}},
        output_mappings=[dg.OutputMapping("result", "add_one", "result")],
    )
    assert made.execute_in_process().output_value() == 2


def test_a_graph_as_data_with_aliases(dg, ops):
    made = dg.GraphDefinition(
        "chain",
        node_defs=[ops.one, ops.add_one],
        dependencies={
            dg.NodeInvocation("add_one", alias="first"): {"x": dg.DependencyDefinition("one")},
            dg.NodeInvocation("add_one", alias="second"): {"x": dg.DependencyDefinition("first")},
        },
    )
    assert made.execute_in_process().output_for_node("second") == 3


def test_a_list_as_data(dg, ops):
    @dg.op
    def total(numbers):
        return sum(numbers)

    made = dg.GraphDefinition(
        "chain",
        node_defs=[ops.one, ops.add_one, total],
        dependencies={
            "add_one": {"x": dg.DependencyDefinition("one")},
            "total": {
                "numbers": dg.MultiDependencyDefinition(
                    [dg.DependencyDefinition("one"), dg.DependencyDefinition("add_one")]
                )
            },
        },
    )
    assert made.execute_in_process().output_for_node("total") == 3


def test_executors_have_names(dg):
    assert dg.in_process_executor.name == "in_process"
    assert dg.multiprocess_executor.configured({"max_concurrent": 2}).name == "multiprocess"
    assert isinstance(dg.in_process_executor, dg.ExecutorDefinition)


def test_an_asset_is_read_by_an_op(dg, ops):
    @dg.op
    def boxed(x):
        return [x]

    @dg.job(executor_def=dg.in_process_executor)
    def chain():
        boxed(ops.one())

    assert chain.execute_in_process().output_for_node("boxed") == [1]


def test_a_resource_that_a_job_lacks_is_found_at_once(dg):
    @dg.op(required_resource_keys={"number"})
    def told(context):
        return context.resources.number

    @dg.job
    def only():
        told()

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(dg.Definitions(jobs=[only]))


def test_two_jobs_of_one_name_are_refused(dg, ops):
    @dg.job(name="same")
    def first():
        ops.one()

    @dg.job(name="same")
    def second():
        ops.add_one(ops.one())

    with pytest.raises((dg.DagsterInvalidDefinitionError, dg.DagsterInvariantViolationError)):
        dg.Definitions.validate_loadable(dg.Definitions(jobs=[first, second]))
