"""How a run's plan has grown, as it stands in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from redis import Redis

from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.script import packb, unpackb
from assetq.planning import Growth, Plan

GrowthEntry = tuple[int, int, bytes, tuple[tuple[int, int], ...]]


def growth_entry(fan: int, keys: Sequence[str], nodes: Iterable[tuple[int, int]]) -> GrowthEntry:
    """What a script is told of the keys of a fan; `nodes` are `(node, 1 if it reads no other node of the fan)`."""
    return fan, len(keys), packb(list(keys)), tuple(nodes)


def entries_of(plan: Plan, node: int, keys: Mapping[str, Sequence[str]]) -> Iterable[GrowthEntry]:
    """How the plan grows when a step of a node has given dynamic outputs with these keys."""
    for fan, output in plan.fans_from(node):
        nodes = ((below.index, int(bool(plan.initial_ready(below.index)))) for below in plan.fan_nodes(fan))
        yield growth_entry(fan, keys.get(output, ()), nodes)


def read_growth(client: Redis, keys: Keys, run_id: str) -> Growth:
    """What the run knows of its fans."""
    fields = {text(name): value for name, value in client.hgetall(keys("growth", run_id)).items()}
    parted = ((name.partition(":"), value) for name, value in fields.items())
    found = {int(fan): tuple(unpackb(value)) for (kind, _, fan), value in parted if kind == "keys"}
    return Growth(text(fields.get("version", "")), found)


def growth_version(client: Redis, keys: Keys, run_id: str) -> str:
    """What changes whenever a plan of the run grows."""
    return text(client.hget(keys("growth", run_id), "version") or "")


def read_plan(client: Redis, keys: Keys, run_id: str) -> Plan:
    """The plan of a run as it has grown.

    Raises:
        PlanError: Another version of assetq wrote it.
    """
    plan = Plan.from_bytes(client.get(keys("plan", run_id)))
    return plan.grown(read_growth(client, keys, run_id)) if plan.has_open_fans else plan
