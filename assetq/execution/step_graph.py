"""The step graph of a run: as data, and as a tree for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

if TYPE_CHECKING:
    from assetq.execution.instance import Instance

STATES = ("succeeded", "failed", "skipped", "canceled")


def step_graph(instance: Instance, run_id: str) -> dict[str, Any]:
    """What a run is made of: one entry for each op, with what it waits for and how far it is.

    Args:
        instance: Where the run is recorded.
        run_id: The run.

    Returns:
        `{run_id, job, nodes}`; each node has `step`, `kind` ("asset", "op" or "check"), `graph` (what it is an op of),
        `assets`, `outputs` (wanted ones of an op of a graph), `checks`, `pool`, `steps` (by state) and `upstream`.

    Raises:
        UnknownRunError: There is no such run.
    """
    plan, states = instance.get_plan(run_id), instance.step_states(run_id)
    nodes = [_node(plan, node, states.get(node.index, {})) for node in plan.nodes]
    return {"run_id": run_id, "job": plan.job or None, "nodes": nodes}


def _node(plan: Plan, node: PlanNode, states: Mapping[str, IndexSet]) -> dict[str, Any]:
    counts = {state: len(states.get(state, IndexSet())) for state in STATES}
    total = len(node.steps)
    above = sorted({edge.upstream for edge in plan.edges if edge.downstream == node.index and not edge.is_loop})
    return {
        "step": node.name,
        "kind": "op" if node.part is not None else "asset" if node.assets or not node.checks else "check",
        "graph": (node.part.graph or None) if node.part is not None else None,
        "assets": list(node.assets),
        "outputs": list(node.part.outputs) if node.part is not None else [],
        "checks": list(node.checks),
        "pool": node.pool,
        "steps": {"total": total, "left": total - sum(counts.values()), **counts},
        "upstream": [plan.nodes[index].name for index in above],
    }


def tree_lines(graph: Mapping[str, Any]) -> Iterator[str]:
    """The step graph as lines of a tree: graphs with their ops below them, each with what it waits for."""
    nodes = list(graph["nodes"])
    while nodes:
        first = nodes.pop(0)
        if first["graph"] is None:
            yield f"{first['step']}{_told(first)}"
            continue
        inside = [first, *(node for node in nodes if node["graph"] == first["graph"])]
        nodes = [node for node in nodes if node["graph"] != first["graph"]]
        yield str(first["graph"])
        for number, node in enumerate(inside, 1):
            branch = "└─" if number == len(inside) else "├─"
            yield f"{branch} {node['step'].removeprefix(first['graph'] + '.')}{_told(node, first['graph'] + '.')}"


def _told(node: Mapping[str, Any], prefix: str = "") -> str:
    above = ", ".join(name.removeprefix(prefix) if prefix else name for name in node["upstream"])
    steps = node["steps"]
    states = [f"{count} {state}" if steps["total"] > 1 else state for state, count in steps.items()
              if count and state != "total"]  # fmt: skip
    made = f" => {', '.join(node['assets'])}" if node["assets"] and node["assets"] != [node["step"]] else ""
    return f"{made}{f'  <- {above}' if above else ''}  [{', '.join(states)}]"
