"""Dynamic outputs: ops that are mapped over them, and those that collect them."""

import pytest


class Ops:
    """Ops that the tests share."""

    def __init__(self, dg):
        @dg.op(out=dg.DynamicOut())
        def many():
            for number in range(3):
                yield dg.DynamicOutput(number, mapping_key=f"k{number}")

        @dg.op
        def add_one(x):
            return x + 1

        @dg.op
        def plus(a, b):
            return a + b

        @dg.op
        def total(numbers):
            return sum(numbers)

        self.many, self.add_one, self.plus, self.total = many, add_one, plus, total


@pytest.fixture
def ops(dg):
    return Ops(dg)


def test_map_and_collect(dg, ops):
    @dg.job
    def chain():
        ops.total(ops.many().map(ops.add_one).collect())

    result = chain.execute_in_process()
    assert result.output_for_node("total") == 6
    assert result.output_for_node("many") == {"k0": 0, "k1": 1, "k2": 2}
    assert result.output_for_node("add_one") == {"k0": 1, "k1": 2, "k2": 3}


def test_a_chain_inside_of_map(dg, ops):
    @dg.job
    def chain():
        mapped = ops.many().map(lambda x: ops.add_one.alias("second")(ops.add_one.alias("first")(x)))
        ops.total(mapped.collect())

    assert chain.execute_in_process().output_for_node("total") == 9


def test_what_is_mapped_is_mapped_on(dg, ops):
    @dg.job
    def chain():
        ops.total(ops.many().map(ops.add_one).map(ops.add_one.alias("again")).collect())

    assert chain.execute_in_process().output_for_node("total") == 9


def test_none_at_all(dg, ops):
    @dg.op(out=dg.DynamicOut())
    def nothing():
        yield from ()

    @dg.job
    def chain():
        ops.total(nothing().map(ops.add_one).collect())

    assert chain.execute_in_process().output_for_node("total") == 0


def test_mapped_ops_read_others_too(dg, ops):
    @dg.op
    def ten():
        return 10

    @dg.job
    def chain():
        other = ten()
        ops.total(ops.many().map(lambda x: ops.plus(x, other)).collect())

    assert chain.execute_in_process().output_for_node("total") == 33


def test_a_list_of_dynamic_outputs(dg, ops):
    @dg.op(out=dg.DynamicOut())
    def listed():
        return [dg.DynamicOutput(1, "a"), dg.DynamicOutput(2, "b")]

    @dg.job
    def chain():
        ops.total(listed().collect())

    result = chain.execute_in_process()
    assert result.output_for_node("total") == 3
    assert result.output_for_node("listed") == {"a": 1, "b": 2}


def test_the_key_is_known_to_the_op(dg, ops):
    @dg.op
    def key(context, x):
        return context.get_mapping_key()

    @dg.job
    def chain():
        ops.many().map(key)

    assert chain.execute_in_process().output_for_node("key") == {"k0": "k0", "k1": "k1", "k2": "k2"}


def test_one_failure_fails_the_run(dg, ops):
    @dg.op
    def picky(x):
        if x == 1:
            raise ValueError("no")
        return x

    @dg.job
    def chain():
        ops.total(ops.many().map(picky).collect())

    result = chain.execute_in_process(raise_on_error=False)
    assert not result.success
    assert not result.is_node_success("total")


def test_a_key_twice_fails(dg):
    @dg.op(out=dg.DynamicOut())
    def twice():
        yield dg.DynamicOutput(1, "a")
        yield dg.DynamicOutput(2, "a")

    @dg.job
    def only():
        twice()

    assert not only.execute_in_process(raise_on_error=False).success


@pytest.mark.parametrize("key", ["a b", "a-b", "", "a.b"])
def test_bad_keys(dg, key):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.DynamicOutput(1, key)


def test_a_dynamic_output_is_mapped_or_collected(dg, ops):
    def chain():
        ops.add_one(ops.many())

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.job(chain)


def test_an_asset_of_a_dynamic_graph(world):
    ops = Ops(world.dg)

    @world.dg.graph_asset
    def table():
        return ops.total(ops.many().map(ops.add_one).collect())

    found = world.run([table])
    assert (found.success, found.materialized) == (True, ["table"])
    assert found.value("table") == 6
