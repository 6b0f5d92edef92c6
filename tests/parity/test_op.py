"""Ops by themselves: what they declare, and what calling one gives."""

import pytest


def test_an_op_is_called_as_its_function(dg):
    @dg.op
    def add_one(x):
        return x + 1

    assert add_one(4) == 5
    assert add_one(x=4) == 5


def test_names_and_descriptions(dg):
    @dg.op
    def first():
        """What it does."""

    @dg.op(name="other", description="said")
    def second():
        pass

    assert (first.name, first.description) == ("first", "What it does.")
    assert (second.name, second.description) == ("other", "said")


def test_several_outputs(dg):
    @dg.op(out={"a": dg.Out(int), "b": dg.Out(str)})
    def both():
        return 1, "x"

    assert both() == (1, "x")
    assert list(both.outs) == ["a", "b"]


def test_a_default_of_an_argument(dg):
    @dg.op
    def counted(context, x: int = 3):
        return x

    assert counted(dg.build_op_context()) == 3
    assert counted(None, 5) == 5


def test_a_generator_is_given_back(dg):
    @dg.op
    def given(context, x):
        yield dg.Output(x)

    assert [each.value for each in given(dg.build_op_context(), x=1)] == [1]


def test_config_in_a_direct_call(dg):
    class Size(dg.Config):
        rows: int

    @dg.op
    def sized(config: Size):
        return config.rows

    assert sized(Size(rows=3)) == 3


def test_config_schema_in_a_direct_call(dg):
    @dg.op(config_schema={"rows": int})
    def sized(context):
        return context.op_config["rows"]

    assert sized(dg.build_op_context(op_config={"rows": 3})) == 3


def test_resources_in_a_direct_call(dg):
    @dg.op(required_resource_keys={"box"})
    def boxed(context):
        return context.resources.box

    assert boxed(dg.build_op_context(resources={"box": 7})) == 7


def test_a_missing_argument_is_refused(dg):
    @dg.op
    def add_one(x):
        return x + 1

    with pytest.raises(dg.DagsterInvalidInvocationError):
        add_one()


def test_a_wrong_type_is_refused(dg):
    @dg.op
    def add_one(x: int):
        return x + 1

    with pytest.raises(dg.DagsterTypeCheckDidNotPass):
        add_one("text")


def test_what_is_declared(dg):
    policy = dg.RetryPolicy(max_retries=2)

    @dg.op(
        ins={"x": dg.In(int, description="a number"), "after": dg.In(dg.Nothing)},
        out=dg.Out(int, io_manager_key="own", metadata={"m": 1}),
        retry_policy=policy,
        tags={"a": "b"},
        pool="gpu",
        code_version="7",
        required_resource_keys={"r"},
    )
    def told(context, x):
        return x

    assert told.ins["x"].description == "a number"
    assert set(told.ins) == {"x", "after"}
    assert told.outs["result"].io_manager_key == "own"
    assert told.retry_policy == policy
    assert (told.tags["a"], told.pool, told.version) == ("b", "gpu", "7")
    assert told.required_resource_keys == {"r"}


def test_a_dynamic_out_says_so(dg):
    assert dg.DynamicOut().is_dynamic
    assert not dg.Out().is_dynamic


@pytest.mark.parametrize("name", ["a b", "a-b", "context"])
def test_bad_names_are_refused(dg, name):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.op(name=name)(lambda: 1)


def test_an_input_that_is_no_argument_is_refused(dg):
    def told(x):
        return x

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.op(ins={"y": dg.In()})(told)


def test_aliases_tags_and_the_rest_are_of_the_call(dg):
    @dg.op
    def one():
        return 1

    called = one.alias("x").tag({"a": "b"}).with_retry_policy(dg.RetryPolicy(max_retries=1))
    assert called() == 1
    assert one.name == "one"
    assert isinstance(called, dg.PendingNodeInvocation)
