"""Which error is raised: code that catches Dagster's classes catches assetq's."""

import sys

import pytest

SITUATIONS = {}


def raises(*names):
    """Register a situation; each name is a class that must catch what it raises."""

    def register(situation):
        for name in names:
            SITUATIONS[f"{situation.__name__}-{name}"] = (situation, name)
        return situation

    return register


@raises("DagsterInvalidDefinitionError", "DagsterError")
def unknown_upstream(dg):
    @dg.asset
    def two(one): ...

    dg.materialize([two])


@raises("DagsterInvalidDefinitionError", "DagsterError")
def duplicate_key(dg):
    @dg.asset(name="same")
    def one(): ...

    @dg.asset(name="same")
    def two(): ...

    dg.materialize([one, two])


@raises("DagsterInvalidDefinitionError", "DagsterError")
def bad_name(dg):
    @dg.asset(name="a b")
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def bad_group(dg):
    @dg.asset(group_name="a b")
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def bad_owner(dg):
    @dg.asset(owners=["nobody"])
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def bad_tag(dg):
    @dg.asset(tags={"a b": "x"})
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def any_number_of_arguments(dg):
    @dg.asset
    def one(*args): ...


@raises("DagsterInvalidDefinitionError")
def ins_without_argument(dg):
    @dg.asset(ins={"other": dg.AssetIn("x")})
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def key_and_name(dg):
    @dg.asset(key="a", name="b")
    def one(): ...


@raises("DagsterInvalidDefinitionError")
def retry_jitter_without_delay(dg):
    dg.RetryPolicy(max_retries=1, jitter=dg.Jitter.FULL)


@raises("DagsterInvalidDefinitionError")
def partition_key_twice(dg):
    dg.StaticPartitionsDefinition(["a", "a"])


@raises("DagsterInvalidDefinitionError")
def unknown_asset_selected(dg):
    @dg.asset
    def one(): ...

    dg.materialize([one], selection=["other"])


@raises("DagsterInvalidSubsetError", "DagsterError")
def unknown_asset_resolved(dg):
    @dg.asset
    def one(): ...

    defs = dg.Definitions([one])
    graph = defs.resolve_asset_graph() if hasattr(defs, "resolve_asset_graph") else defs.graph
    dg.AssetSelection.assets("other").resolve(graph)


@raises("DagsterInvariantViolationError")
def unknown_asset_asked_for(dg):
    @dg.asset
    def one(): ...

    dg.Definitions([one]).get_assets_def("other")


@raises("DagsterError")
def bad_selection_text(dg):
    @dg.asset
    def one(): ...

    dg.materialize([one], selection="key:((")


@raises("DagsterUnknownPartitionError", "DagsterError")
def unknown_partition(dg):
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]))
    def one(): ...

    dg.materialize([one], partition_key="b")


@raises("DagsterInvariantViolationError")
def partition_key_of_unpartitioned(dg):
    @dg.asset
    def one(context):
        return context.partition_key

    dg.materialize([one])


@raises("DagsterInvalidConfigError", "DagsterError")
def config_of_wrong_type(dg):
    class Settings(dg.Config):
        number: int

    @dg.asset
    def one(config: Settings): ...

    dg.materialize([one], run_config={"ops": {"one": {"config": {"number": "x"}}}})


@raises("DagsterInvalidConfigError")
def config_missing(dg):
    class Settings(dg.Config):
        number: int

    @dg.asset
    def one(config: Settings): ...

    dg.materialize([one])


@raises("DagsterInvalidConfigError")
def config_of_unknown_op(dg):
    @dg.asset
    def one(): ...

    dg.materialize([one], run_config={"ops": {"other": {"config": {}}}})


@raises("DagsterInvalidConfigDefinitionError", "DagsterError")
def schema_that_is_none(dg):
    @dg.asset(config_schema={"x": object()})
    def one(): ...


@raises("DagsterInvalidConfigError")
def resource_config_missing(dg):
    class Server(dg.ConfigurableResource):
        port: int

    @dg.asset
    def one(server: Server): ...

    dg.materialize([one], resources={"server": Server.configure_at_launch()})


@raises("DagsterInvalidDefinitionError", "DagsterError")
def resource_missing(dg):
    @dg.asset(required_resource_keys={"server"})
    def one(): ...

    dg.materialize([one])


@raises("DagsterUnknownResourceError", "DagsterError")
def resource_not_known(dg):
    @dg.asset
    def one(context):
        return context.resources.server

    dg.materialize([one])


@raises("DagsterResourceFunctionError", "DagsterUserCodeExecutionError", "DagsterError")
def resource_setup_raises(dg):
    class Server(dg.ConfigurableResource):
        def setup_for_execution(self, context):
            raise ValueError("boom")

    @dg.asset
    def one(server: Server): ...

    dg.materialize([one], resources={"server": Server()})


@raises("DagsterInvalidDefinitionError")
def io_manager_missing(dg):
    @dg.asset(io_manager_key="other")
    def one(): ...

    dg.materialize([one])


@raises("DagsterInvariantViolationError")
def value_that_cannot_be_pickled(dg):
    @dg.asset
    def one():
        return lambda: 1

    dg.materialize([one])


@raises("DagsterStepOutputNotFoundError", "DagsterError")
def output_not_given(dg):
    @dg.asset
    def one():
        if sys is None:
            yield dg.Output(1)

    dg.materialize([one])


@raises("DagsterInvariantViolationError")
def output_that_does_not_exist(dg):
    @dg.asset
    def one():
        yield dg.Output(1, output_name="other")

    dg.materialize([one])


@raises("DagsterInvariantViolationError")
def output_asked_for_does_not_exist(dg):
    @dg.asset
    def one():
        return 1

    dg.materialize([one]).output_for_node("one", "other")


@raises("DagsterInvariantViolationError")
def check_result_without_spec(dg):
    @dg.asset
    def one():
        return dg.AssetCheckResult(passed=True)

    dg.materialize([one])


@raises("DagsterInvariantViolationError")
def check_result_missing(dg):
    @dg.asset(check_specs=[dg.AssetCheckSpec("c", asset="one")])
    def one():
        return 1

    dg.materialize([one])


@raises("DagsterError")
def blocking_check_fails(dg):
    @dg.asset
    def one(): ...

    @dg.asset_check(asset=one, blocking=True)
    def check():
        return dg.AssetCheckResult(passed=False)

    dg.materialize([one, check])


@raises("DagsterInvalidInvocationError", "DagsterError")
def call_without_an_input(dg):
    @dg.asset
    def one(other): ...

    one()


@raises("DagsterInvalidInvocationError")
def call_with_too_many(dg):
    @dg.asset
    def one(): ...

    one(1, 2)


@raises("DagsterInvalidInvocationError")
def call_without_a_context(dg):
    @dg.asset
    def one(context): ...

    one()


@raises("DagsterInvalidInvocationError")
def call_with_an_unknown_name(dg):
    @dg.asset
    def one(): ...

    one(other=1)


@pytest.mark.parametrize("label", SITUATIONS)
def test_the_class_catches_it(dg, label):
    situation, name = SITUATIONS[label]
    with pytest.raises(getattr(dg, name)):
        situation(dg)


def test_what_an_op_raises_is_not_wrapped(dg):
    class OwnError(Exception):
        pass

    @dg.asset
    def one():
        raise OwnError("boom")

    with pytest.raises(OwnError):
        dg.materialize([one])


def test_a_type_error_of_the_function_is_not_an_invocation_error(dg):
    @dg.asset
    def one():
        raise TypeError("own")

    with pytest.raises(TypeError, match="own") as caught:
        one()
    assert not isinstance(caught.value, dg.DagsterInvalidInvocationError)


def test_the_cause_of_a_resource_error_is_at_hand(dg):
    @dg.resource
    def server(_):
        raise ValueError("boom")

    @dg.asset(required_resource_keys={"server"})
    def one(context):
        return context.resources.server

    with pytest.raises(dg.DagsterResourceFunctionError) as caught:
        dg.materialize([one], resources={"server": server})
    assert isinstance(caught.value.user_exception, ValueError)
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_unknown_resource_is_no_attribute(dg):
    seen = []

    @dg.asset
    def one(context):
        seen.append(hasattr(context.resources, "server"))

    assert dg.materialize([one]).success
    assert seen == [False]


@pytest.mark.parametrize("name", ["DagsterError", "DagsterInvalidDefinitionError", "DagsterInvariantViolationError"])
def test_user_code_raises_and_extends_them(dg, name):
    base = getattr(dg, name)

    class OwnError(base):
        pass

    with pytest.raises(dg.DagsterError, match="wrong"):
        raise OwnError("wrong")


def test_an_interrupt_is_no_exception(dg):
    assert not issubclass(dg.DagsterExecutionInterruptedError, Exception)


def test_each_class_derives_from_the_common_one(dg):
    names = [n for n in dir(dg) if n.startswith("Dagster") and n.endswith(("Error", "DidNotPass"))]
    own = {n: getattr(dg, n) for n in names if n != "DagsterExecutionInterruptedError"}
    assert [n for n, error in own.items() if not issubclass(error, dg.DagsterError)] == []


@pytest.mark.parametrize("name", ["BetaWarning", "PreviewWarning", "SupersessionWarning", "ConfigArgumentWarning"])
def test_warnings_can_be_filtered(dg, name):
    assert issubclass(getattr(dg, name), Warning)
