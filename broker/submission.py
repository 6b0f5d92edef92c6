"""What the engine is told of a plan when a run is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.broker.engine import NodeEntry
from assetq.broker.lane import node_key
from assetq.broker.script import packb
from assetq.definitions.time_limit import run_timeout_s
from assetq.execution.run_tag import check_priority, checked_tags, max_steps
from assetq.planning import Plan, ranks


def node_entries(plan: Plan, tags: Mapping[str, str] | None = None) -> list[NodeEntry]:
    """One entry for each node, with its place in the order of the run."""
    keys = [node_key(node, tags or {}) for node in plan.nodes]
    return [
        NodeEntry(
            bundle=node.bundle,
            order=-rank,
            steps=len(node.steps),
            gates=len(plan.gate_upstreams(node.index)),
            opens=",".join(map(str, plan.gate_downstreams(node.index))),
            batch=1,
            ready=tuple(plan.initial_ready(node.index).to_wire()),
            key=key.key,
            lanes=key.lanes,
            lane_keys=key.lane_keys,
            fan=None if node.fan is None else plan.fans.index(node.fan.name),
        )
        for node, key, rank in zip(plan.nodes, keys, ranks(plan), strict=True)
    ]


def run_details(
    plan: Plan,
    *,
    priority: int,
    tags: Mapping[str, str] | None,
    config: Mapping[str, Any],
    parent_run_id: str | None,
) -> dict[str, Any]:
    """Fields of the run hash.

    Raises:
        UsageError: The priority is out of range, a tag is no string, or a limit of the run or of its steps is none.
    """
    check_priority(priority)
    limit_s, cap = run_timeout_s(tags or {}), max_steps(tags)
    return {
        **({} if limit_s is None else {"max_runtime_ms": max(1, int(limit_s * 1000))}),
        "priority": priority,
        "tags": packb(checked_tags(tags)),
        "config": packb(dict(config)),
        "selection": plan.selection,
        "parent": parent_run_id or "",
        "job": plan.job,
        **({} if cap is None else {"cap": cap}),
    }


def counted_tags(tags: Mapping[str, str] | None) -> list[str]:
    """What a run counts under for limits of runs: all runs, each of its tags, and each with its value."""
    return ["*", *(text for key, value in (tags or {}).items() for text in (key, f"{key}={value}"))]
