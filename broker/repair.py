"""Repair: what a run's frontier should be, computed from its plan and completion bitmaps alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from assetq.broker.engine import NodeEntry
from assetq.broker.submission import node_entries
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

States = Mapping[int, Mapping[str, IndexSet]]
ENDED = ("succeeded", "failed", "skipped", "canceled")


@dataclass(frozen=True, slots=True)
class Frontier:
    """Where a run stands.

    Attributes:
        nodes: As for a new run, but only with the steps that are left.
        need: `(node, step, done)` for steps with some, but not all, of their upstream steps done.
        counts: Steps that succeeded, failed, were skipped.
        undone: `(node, step)` that succeeded, and must run again: which steps follow them is not known, nor what became
            of those; their nodes with step -1.
    """

    nodes: tuple[NodeEntry, ...]
    need: tuple[tuple[int, int, int], ...]
    counts: tuple[int, int, int]
    undone: tuple[tuple[int, int], ...] = ()


def compute_frontier(
    plan: Plan, states: States, made: Mapping[int, IndexSet], tags: Mapping[str, str] | None = None
) -> Frontier:
    """The frontier of a run from what has ended. Cost grows with the frontier, not with the steps.

    Args:
        plan: The plan of the run.
        states: Node -> final state -> steps.
        made: Node -> partitions that steps made without having succeeded as a whole. A failed step that made some
            lets run what reads those only.
        tags: Of the run; concurrency keys may name them.
    """

    def ended(node: int, *names: str) -> IndexSet:
        found = IndexSet()
        for name in names:
            found = found | states.get(node, {}).get(name, IndexSet())
        return found

    succeeded = {node.index: ended(node.index, "succeeded") for node in plan.nodes}
    undone = dict(_undone(plan, succeeded))
    succeeded |= dict.fromkeys(undone, IndexSet())
    good, blocked = dict(succeeded), dict[int, IndexSet]()
    for node in plan.nodes:
        partly, lost = plan.partly_made(node.index, ended(node.index, "failed"), made.get(node.index, IndexSet()))
        good[node.index] = good[node.index] | partly
        for below, steps in plan.readers_of(node.index, lost).items() if lost else ():
            blocked[below] = blocked.get(below, IndexSet()) | steps
    entries, need = [], []
    for entry, node in zip(node_entries(plan, tags), plan.nodes, strict=True):
        left = node.steps if node.index in undone else node.steps - ended(node.index, *ENDED)
        ready = (plan.ready_after(node.index, good) & left) - blocked.get(node.index, IndexSet())
        closed = [u for u in plan.gate_upstreams(node.index) if not _lets_pass(plan.nodes[u], states, succeeded[u])]
        entries.append(replace(entry, steps=len(left), gates=len(closed), ready=tuple(ready.to_wire())))
        partly = plan.touched_by(node.index, good) & left - ready
        need += [(node.index, step, plan.satisfied_count(node.index, step, good)) for step in partly]
    totals = [sum(len(states.get(n.index, {}).get(s, ())) for n in plan.nodes) for s in ENDED[:3]]
    again = tuple(undone.items())
    return Frontier(tuple(entries), tuple(need), (totals[0], totals[1], totals[2]), again)


def _undone(plan: Plan, succeeded: Mapping[int, IndexSet]) -> Iterator[tuple[int, int]]:
    """Steps that gave dynamic outputs of which the record has lost the keys, and -1 for the nodes of these fans."""
    for node in plan.nodes if plan.has_open_fans else ():
        source = plan.source_of(node) if node.fan is not None and node.fan.keys is None else None
        if source is not None and succeeded[source.index]:
            yield source.index, source.steps.first
            yield node.index, -1


def _lets_pass(node: PlanNode, states: States, succeeded: IndexSet) -> bool:
    """True when its gates are open. Steps of a fan that were left out keep none closed, unless others have failed."""
    by_state = states.get(node.index, {})
    left_out = by_state.get("skipped") if node.fan is not None and not by_state.get("failed") else None
    return not node.steps - (succeeded | (left_out or IndexSet()))
