"""Each value of a dynamic output is a step of its own: named, retried, skipped and configured by itself."""

import itertools
from ast import literal_eval

import pytest

from .test_dynamic import Ops as DynamicOps


class Ops(DynamicOps):
    """Ops that fail, or give nothing."""

    def __init__(self, dg):
        super().__init__(dg)

        @dg.op
        def picky(x):
            if x == 1:
                raise ValueError("not one")
            return x

        @dg.op(out=dg.Out(is_required=False))
        def sieve(x):
            if x != 1:
                yield dg.Output(x)

        self.picky, self.sieve = picky, sieve


@pytest.fixture
def ops(world):
    return Ops(world.dg)


def made(world, body, **options):
    """A run of a graph asset `table`."""
    return world.run([world.dg.graph_asset(name="table")(body)], **options)


def keys(op, *numbers):
    return [f"table.{op}[k{number}]" for number in numbers]


def test_each_key_is_a_step(world, ops):
    found = made(world, lambda: ops.total(ops.many().map(ops.add_one).collect()))
    assert found.success
    assert found.steps == ["table.many", *keys("add_one", 0, 1, 2), "table.total"]
    assert found.value("table") == 6


def test_a_chain_has_a_step_for_each_key_and_op(world, ops):
    def body():
        chain = ops.many().map(lambda x: ops.add_one.alias("second")(ops.add_one.alias("first")(x)))
        return ops.total(chain.map(ops.add_one.alias("third")).collect())

    found = made(world, body)
    assert sorted(found.steps) == sorted(
        ["table.many", *itertools.chain(*(keys(op, 0, 1, 2) for op in ("first", "second", "third"))), "table.total"]
    )
    assert found.value("table") == 12


def test_two_maps_of_one_output(world, ops):
    @world.dg.op
    def both(a, b):
        return sum(a) * sum(b)

    def body():
        numbers = ops.many()
        return both(numbers.map(ops.add_one).collect(), numbers.map(ops.add_one.alias("again")).collect())

    found = made(world, body)
    assert set(found.steps) == {"table.many", *keys("add_one", 0, 1, 2), *keys("again", 0, 1, 2), "table.both"}
    assert found.value("table") == 36


def test_one_that_fails_leaves_the_others(world, ops):
    found = made(world, lambda: ops.total(ops.many().map(ops.picky).map(ops.add_one).collect()))
    assert not found.success
    assert sorted(found.steps) == sorted(["table.many", *keys("picky", 0, 2), *keys("add_one", 0, 2)])
    assert found.materialized == []


def test_one_that_gives_nothing_is_left_out(world, ops):
    found = made(world, lambda: ops.total(ops.many().map(ops.sieve).map(ops.add_one).collect()))
    assert found.success
    assert sorted(found.steps) == sorted(["table.many", *keys("sieve", 0, 1, 2), *keys("add_one", 0, 2), "table.total"])
    assert found.value("table") == 4


@pytest.mark.parametrize("is_chained", [False, True])
def test_nothing_is_collected_where_none_gave_anything(world, ops, is_chained):
    @world.dg.op(out=world.dg.Out(is_required=False))
    def nothing(x):
        yield from ()

    def body():
        given = ops.many().map(nothing)
        return ops.total((given.map(ops.add_one) if is_chained else given).collect())

    found = made(world, body)
    assert found.success
    assert found.steps == ["table.many", *keys("nothing", 0, 1, 2)]
    assert found.materialized == []


def test_no_keys(world, ops):
    @world.dg.op(out=world.dg.DynamicOut())
    def none():
        yield from ()

    found = made(world, lambda: ops.total(none().map(ops.add_one).map(ops.add_one.alias("again")).collect()))
    assert found.success
    assert found.steps == ["table.none", "table.total"]
    assert found.value("table") == 0


def test_a_source_that_fails(world, ops):
    @world.dg.op(out=world.dg.DynamicOut())
    def bad():
        yield world.dg.DynamicOutput(1, mapping_key="a")
        raise ValueError("after the first")

    found = made(world, lambda: ops.total(bad().map(ops.add_one).collect()))
    assert (found.success, found.steps) == (False, [])


def test_another_input_that_fails(world, ops):
    @world.dg.op
    def other():
        raise ValueError("other")

    @world.dg.op
    def plus(a, b):
        return a + b

    def body():
        beside = other()
        return ops.total(ops.many().map(lambda x: plus(x, beside)).map(ops.add_one).collect())

    found = made(world, body)
    assert (found.success, found.steps) == (False, ["table.many"])


@pytest.mark.parametrize("is_source", [False, True])
def test_another_input_that_is_not_given(world, ops, is_source):
    @world.dg.op(out=world.dg.Out(is_required=False))
    def other():
        yield from ()

    @world.dg.op
    def plus(a, b):
        return a + b

    @world.dg.op(out=world.dg.DynamicOut())
    def some(x):
        yield world.dg.DynamicOutput(1, mapping_key="a")

    def body():
        beside = other()
        numbers = some(beside) if is_source else ops.many()
        mapped = numbers.map(ops.add_one) if is_source else numbers.map(lambda x: plus(x, beside))
        return ops.total(mapped.map(ops.add_one.alias("again")).collect())

    found = made(world, body)
    assert found.success, found.errors
    assert set(found.steps) == ({"table.other"} if is_source else {"table.other", "table.many"})
    assert found.materialized == []


def test_other_inputs_are_read_by_each(world, ops):
    @world.dg.asset
    def ten():
        return 10

    @world.dg.op
    def plus(a, b):
        return a + b

    @world.dg.graph_asset
    def table(ten):
        return ops.total(ops.many().map(lambda x: plus(x, ten)).collect())

    found = world.run([ten, table])
    assert found.success, found.errors
    assert found.value("table") == 33


def test_each_is_tried_again_by_itself(world, ops, tmp_path):
    @world.dg.op(retry_policy=world.dg.RetryPolicy(max_retries=2))
    def shaky(context, x):
        with (tmp_path / f"{x}").open("a") as file:
            file.write("x")
        if x == 1 and context.retry_number < 2:
            raise ValueError("again")
        return x

    found = made(world, lambda: ops.total(ops.many().map(shaky).collect()))
    assert found.success, found.errors
    assert [len((tmp_path / str(number)).read_text()) for number in range(3)] == [1, 3, 1]
    assert found.value("table") == 3


def test_a_source_that_is_tried_again_gives_other_keys(world, ops):
    @world.dg.op(out=world.dg.DynamicOut(), retry_policy=world.dg.RetryPolicy(max_retries=1))
    def moody(context):
        yield world.dg.DynamicOutput(1, mapping_key=f"try{context.retry_number}")
        if context.retry_number == 0:
            raise ValueError("again")

    found = made(world, lambda: ops.total(moody().map(ops.add_one).collect()))
    assert found.success, found.errors
    assert found.steps == ["table.moody", "table.add_one[try1]", "table.total"]


def test_config_of_a_mapped_op(world, ops):
    @world.dg.op(config_schema={"times": int})
    def multiplied(context, x):
        return x * context.op_config["times"]

    config = {"ops": {"table": {"ops": {"multiplied": {"config": {"times": 10}}}}}}
    found = made(world, lambda: ops.total(ops.many().map(multiplied).collect()), run_config=config)
    assert found.success, found.errors
    assert found.value("table") == 30


def test_each_knows_its_key(world, ops, tmp_path):
    @world.dg.op
    def noted(context, x):
        (tmp_path / context.get_mapping_key()).write_text(str(x))
        return x

    assert made(world, lambda: ops.total(ops.many().map(noted).collect())).success
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("k")) == ["k0", "k1", "k2"]


def test_hooks_run_for_each(world, ops):
    @world.dg.success_hook
    def cheer(context):
        pass

    @world.dg.graph
    def inner():
        return ops.total(ops.many().map(lambda x: ops.add_one.with_hooks({cheer})(x)).collect())

    found = world.run([world.dg.AssetsDefinition.from_graph(inner)])
    assert found.success, found.errors
    assert found.hooks == ["cheer"] * 3


def test_hooks_see_the_values(world, ops, tmp_path):
    @world.dg.success_hook
    def noted(context):
        (tmp_path / f"hook.{context.step_key}").write_text(repr(context.op_output_values))

    @world.dg.graph
    def table():
        many, add_one = (op.with_hooks({noted}) for op in (ops.many, ops.add_one))
        return ops.total(many().map(add_one).collect())

    found = world.run([world.dg.AssetsDefinition.from_graph(table)])
    assert found.success, found.errors
    told = {path.name: path.read_text() for path in tmp_path.iterdir() if path.name.startswith("hook.")}
    assert told == {
        "hook.table.many": "{'result': {'k0': 0, 'k1': 1, 'k2': 2}}",
        **{f"hook.table.add_one[k{n}]": f"{{'result': {n + 1}}}" for n in range(3)},
    }


def test_one_partition_of_a_graph(world, ops):
    days = world.dg.StaticPartitionsDefinition(["mon", "tue"])

    @world.dg.op
    def named(context, x):
        return f"{context.partition_key}{x}"

    @world.dg.op
    def joined(texts):
        return ",".join(sorted(texts))

    @world.dg.graph_asset(partitions_def=days)
    def table():
        return joined(ops.many().map(named).collect())

    found = world.run([table], partition_key="tue")
    assert found.success, found.errors
    assert keys("named", 0, 1, 2) == [key for key in found.steps if "named" in key]
    assert found.value("table") == "tue0,tue1,tue2"


def test_values_lie_under_the_keys_of_their_steps(world, ops, tmp_path):
    noted = tmp_path / "places"  # the fleet stores values in another process

    class Noting(world.dg.IOManager):
        held = {}

        def handle_output(self, context, obj):
            if not context.has_asset_key:
                with noted.open("a") as file:
                    file.write(f"{(*context.get_identifier()[1:], context.mapping_key)}\n")
            self.held[tuple(context.get_identifier())] = obj

        def load_input(self, context):
            return self.held[tuple(context.upstream_output.get_identifier())]

    found = made(world, lambda: ops.total(ops.many().map(ops.add_one).collect()), resources={"io_manager": Noting()})
    assert found.success, found.errors
    assert [literal_eval(line) for line in noted.read_text().splitlines()] == [
        *(("table.many", "result", f"k{n}", f"k{n}") for n in range(3)),
        *((f"table.add_one[k{n}]", "result", None) for n in range(3)),
    ]


def nested(ops, numbers, others):
    numbers.map(lambda x: ops.inside(x).map(ops.add_one))


def crossed(ops, numbers, others):
    numbers.map(lambda x: others.map(lambda y: ops.plus(x, y)))


def both(ops, numbers, others):
    numbers.map(lambda x: ops.plus(x, others.collect()))


def own(ops, numbers, others):
    numbers.map(lambda x: ops.plus(x, numbers.map(ops.add_one).collect()))


@pytest.mark.parametrize("body", [nested, crossed, both, own])
def test_no_more_than_one_dynamic_output_at_once(dg, body):
    ops = Ops(dg)

    @dg.op
    def plus(a, b):
        return a

    @dg.op(out=dg.DynamicOut())
    def inside(x):
        yield dg.DynamicOutput(x, mapping_key="a")

    ops.plus, ops.inside = plus, inside

    def chain():
        body(ops, ops.many(), ops.many.alias("others")())

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.job(chain)


def test_keys_of_steps_in_the_events_of_a_job(dg):
    ops = Ops(dg)

    @dg.job
    def chain():
        ops.total(ops.many().map(ops.picky).collect())

    result = chain.execute_in_process(raise_on_error=False)
    failed = [event.step_key for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    assert failed == ["picky[k1]"]
    assert [e.step_key for e in result.get_step_success_events()] == ["many", "picky[k0]", "picky[k2]"]
    assert result.is_node_success("picky")
    assert result.output_for_node("picky") == {"k0": 0, "k2": 2}
    assert len(result.events_for_node("picky")) > 3
