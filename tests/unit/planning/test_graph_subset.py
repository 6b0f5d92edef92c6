"""Subsets of graphs of ops: exactly what the selected outputs need, and no more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assetq import AssetOut, Definitions, GraphDefinition, In, Out, graph_multi_asset, op
from assetq.planning import make_plan


def op_of(name: str, inputs: int):
    """An op with two outputs and as many inputs."""
    names = [f"i{number}" for number in range(inputs)]

    def body(**given):
        return 1, 2

    body.__name__ = name
    return op(name=name, ins={n: In() for n in names}, out={"a": Out(), "b": Out()})(body)


@st.composite
def graphs(draw):
    """`[[(op, output), ...], ...]`: what each op reads of those before it."""
    count = draw(st.integers(1, 7))
    return [
        draw(st.lists(st.tuples(st.integers(0, number - 1), st.sampled_from("ab")), max_size=3)) if number else []
        for number in range(count)
    ]


def assets_of(reads):
    ops = [op_of(f"op{number}", len(above)) for number, above in enumerate(reads)]

    @graph_multi_asset(
        outs={f"asset{number}": AssetOut() for number in range(len(reads))}, can_subset=True, name="graph"
    )
    def made():
        given = []
        for node, above in zip(ops, reads, strict=True):
            given.append(node(**{f"i{n}": getattr(given[i], output) for n, (i, output) in enumerate(above)}))
        return {f"asset{number}": outputs.a for number, outputs in enumerate(given)}

    return made


def closure(reads, wanted):
    found, left = set(), list(wanted)
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left += [i for i, _ in reads[number]]
    return found


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_the_ops_that_run_are_the_upstream_closure_of_what_is_selected(reads, data):
    chosen = data.draw(st.sets(st.integers(0, len(reads) - 1), min_size=1))
    defs = Definitions(assets=[assets_of(reads)])
    plan = make_plan(defs, selection=[f"asset{number}" for number in chosen])
    wanted = closure(reads, chosen)
    names = [node.name for node in plan.nodes]
    assert sorted(names) == sorted(f"graph.op{number}" for number in wanted)
    for node in plan.nodes:
        number = int(node.name.removeprefix("graph.op"))
        is_read = {output for reader in wanted for i, output in reads[reader] if i == number}
        expected = is_read | ({"a"} if number in chosen else set())
        if len(chosen) < len(reads):  # a whole graph wants everything
            assert set(node.part.outputs) == expected
        assert node.assets == ((f"asset{number}",) if number in chosen else ())
        assert [plan.nodes[e.upstream].name for e in plan.edges if e.downstream == node.index] == list(
            dict.fromkeys(f"graph.op{i}" for i, _ in reads[number])
        )


@settings(max_examples=20, deadline=None)
@given(graphs())
def test_a_plan_of_a_graph_travels(reads):
    plan = make_plan(Definitions(assets=[assets_of(reads)]))
    assert type(plan).from_bytes(plan.to_bytes()) == plan


def test_graphs_are_nodes_of_graphs():
    assert isinstance(assets_of([[]]).node_def, GraphDefinition)
