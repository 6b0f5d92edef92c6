"""Compares what Redis holds of an active run with what its plan and completion bitmaps say it should hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from assetq.broker.keys import Keys
from assetq.broker.lane import lanes_in_use, node_key
from assetq.broker.message import text
from assetq.broker.repair import compute_frontier
from assetq.broker.run_reader import FINAL
from assetq.definitions.pool_name import slots_of
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

TRIES = 50
Spans = dict[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a run.

    Attributes:
        counts: Steps that succeeded, failed, were skipped, by the run's counters.
        states: Node -> final state -> steps, by the bitmaps.
        made: Node -> partitions made by steps that did not succeed as a whole, by the bitmaps.
        gates: Node -> gates that are closed.
        ready: Node -> spans of steps in its queue.
        granted: Node -> spans of steps that hold a slot.
        delayed: Node -> spans of steps that wait for a retry.
        need: "node:step" -> upstream steps done.
        queues: Node -> its queues, with ready steps in them: its number, or `number|lane` for values of its key.
        offers: Bundle -> queues on offer.
        parked: Queues that wait for a slot of the value of their key, in order to be found when there is one.
        turns: Bundles in which the run takes turns, or waits for one of its own steps to end.
        is_waiting: It waits for another run to end, and will be found when one does.
        unknown: Pool and bundle that includes it, where the pool does not know.
        unslotted: Fences of grants that are in no list from which they could be recovered.
        growth: Version to which the plan had grown.
    """

    counts: tuple[int, int, int]
    states: Mapping[int, Mapping[str, IndexSet]]
    made: Mapping[int, IndexSet]
    gates: Mapping[int, int]
    ready: Spans
    granted: Spans
    delayed: Spans
    need: Mapping[str, int]
    queues: Mapping[int, tuple[str, ...]]
    offers: Mapping[str, set[str]]
    parked: frozenset[str]
    turns: frozenset[str]
    is_waiting: bool
    unknown: tuple[tuple[str, str], ...]
    unslotted: tuple[str, ...]
    growth: str = ""


def take_snapshot(client: Redis, keys: Keys, run_id: str, plan: Plan) -> Snapshot | None:
    """Read one moment of a run; None when it moves too fast to be caught, which is a sign of health."""
    for _ in range(TRIES):
        fences = sorted(text(fence) for fence in client.smembers(keys("run_grants", run_id)))
        waits = client.hget(keys("run", run_id), "waits")
        values = _values(plan, client.hgetall(keys("nodes", run_id)))
        rows = _read(client, keys, run_id, plan, (fences, values, text(waits or b"")))
        if sorted(text(fence) for fence in rows["grants"]) == fences and rows["waits"] == waits:
            return _snapshot(rows, run_id, plan, fences)
    return None


def _values(plan: Plan, nodes: Mapping[bytes, bytes]) -> dict[str, tuple[str, str]]:
    """Queue of a node with a concurrency key -> bundle and value."""
    found = {}
    for node in plan.nodes:
        if constant := nodes.get(f"key:{node.index}".encode()):
            found[str(node.index)] = node.bundle, text(constant)
        lanes = node_key(node, {}).lane_keys if lanes_in_use(node) else ()
        for lane, value in zip(lanes[::2], lanes[1::2], strict=True):
            found[f"{node.index}|{lane}"] = node.bundle, str(value)
    return found


def _read(
    client: Redis, keys: Keys, run_id: str, plan: Plan, known: tuple[list[str], dict[str, tuple[str, str]], str]
) -> dict[str, Any]:
    names: list[str] = []
    fences, values, waits = known
    with client.pipeline(transaction=True) as pipeline:

        def ask(name: str, command: Any) -> None:
            names.append(name)

        ask("grants", pipeline.smembers(keys("run_grants", run_id)))
        ask("counts", pipeline.hmget(keys("run", run_id), "succeeded", "failed", "skipped"))
        ask("nodes", pipeline.hgetall(keys("nodes", run_id)))
        ask("growth", pipeline.hget(keys("growth", run_id), "version"))
        ask("need", pipeline.hgetall(keys("need", run_id)))
        ask("run_parked", pipeline.zrange(keys("run_parked", run_id), 0, -1))
        ask("waits", pipeline.hget(keys("run", run_id), "waits"))
        ask("waiting", pipeline.zscore(keys("admission", waits), run_id))
        ask("admissions", pipeline.smembers(keys("admissions")))
        ask("parked_keys", pipeline.zrange(keys("parked_keys"), 0, -1))
        for queue, (bundle, value) in values.items():
            ask(f"parked {queue}", pipeline.zscore(keys("parked", value, bundle), f"{run_id}|{queue}"))
            ask(f"parking {queue}", pipeline.sismember(keys("parkings", value), bundle))
        ask("delayed", pipeline.zrange(keys("delayed"), 0, -1))
        for node in plan.nodes:
            ask(f"ready {node.index}", pipeline.zrange(keys("ready", run_id, node.index), 0, -1))
            ask(f"made {node.index}", pipeline.get(keys("made", run_id, node.index)))
            for lane in lanes_in_use(node):
                ask(f"ready {node.index}|{lane}", pipeline.zrange(keys("ready", run_id, f"{node.index}|{lane}"), 0, -1))
            for state in FINAL:
                ask(f"done {node.index} {state}", pipeline.get(keys("done", run_id, node.index, state)))
        for bundle in {node.bundle for node in plan.nodes}:
            ask(f"offer {bundle}", pipeline.zrange(keys("offer", run_id, bundle), 0, -1))
            ask(f"turn {bundle}", pipeline.zscore(keys("turns", bundle), run_id))
            for pool, _ in slots_of(bundle):
                ask(f"bundles {pool}", pipeline.smembers(keys("bundles", pool)))
                ask(f"shared {pool}", pipeline.hexists(keys("limits"), f"shared:{pool}"))
        for fence in fences:
            ask(f"grant {fence}", pipeline.hmget(keys("grant", fence), "node", "from", "to", "state"))
            ask(f"queued {fence}", pipeline.zscore(keys("queued"), fence))
            ask(f"lease {fence}", pipeline.zscore(keys("leases"), fence))
        return {"values": values, **dict(zip(names, pipeline.execute(), strict=True))}


def _snapshot(rows: Mapping[str, Any], run_id: str, plan: Plan, fences: list[str]) -> Snapshot:
    bundles = {node.bundle for node in plan.nodes}
    counts = [int(count or 0) for count in rows["counts"]]
    granted: Spans = {}
    for fence in fences:
        node, start, stop, _ = rows[f"grant {fence}"]
        if node is not None:
            granted.setdefault(int(node), []).append((int(start), int(stop)))
    nodes = {text(name): text(value) for name, value in rows["nodes"].items()}
    return Snapshot(
        counts=(counts[0], counts[1], counts[2]),
        states={
            node.index: {s: IndexSet.from_bitmap(rows[f"done {node.index} {s}"] or b"") for s in FINAL}
            for node in plan.nodes
        },
        made={node.index: IndexSet.from_bitmap(rows[f"made {node.index}"] or b"") for node in plan.nodes},
        gates={node.index: int(nodes.get(f"gates:{node.index}", 0)) for node in plan.nodes},
        ready={node.index: list(_ready_spans(rows, node)) for node in plan.nodes},
        granted=granted,
        delayed=_delayed(rows["delayed"], run_id),
        need={text(name): int(count) for name, count in rows["need"].items()},
        queues={node.index: tuple(_queues(rows, node)) for node in plan.nodes},
        offers={bundle: {text(queue) for queue in rows[f"offer {bundle}"]} for bundle in bundles},
        parked=frozenset(_parked(rows)),
        turns=frozenset(pool for pool in bundles if rows[f"turn {pool}"] is not None)
        | {text(bundle) for bundle in rows["run_parked"]},
        is_waiting=rows["waiting"] is not None and rows["waits"] in rows["admissions"],
        unknown=tuple(_unknown(rows, bundles)),
        unslotted=tuple(
            f
            for f in fences
            if (rows[f"queued {f}"] is None and rows[f"lease {f}"] is None) or not rows[f"grant {f}"][0]
        ),
        growth=text(rows["growth"] or b""),
    )


def _queues(rows: Mapping[str, Any], node: PlanNode) -> Iterator[str]:
    """The queues of a node that are not empty."""
    names = [f"{node.index}|{lane}" for lane in lanes_in_use(node)] or [str(node.index)]
    yield from (name for name in names if rows[f"ready {name}"])


def _parked(rows: Mapping[str, Any]) -> Iterator[str]:
    looked_at = {text(value) for value in rows["parked_keys"]}
    for queue, (_, value) in rows["values"].items():
        if rows[f"parked {queue}"] is not None and rows[f"parking {queue}"] and value in looked_at:
            yield queue


def _unknown(rows: Mapping[str, Any], bundles: set[str]) -> Iterator[tuple[str, str]]:
    for bundle in sorted(bundles):
        for pool, weight in slots_of(bundle):
            is_plain = bundle == pool and weight == 1
            if not is_plain and (bundle.encode() not in rows[f"bundles {pool}"] or not rows[f"shared {pool}"]):
                yield pool, bundle


def _span(member: str) -> tuple[int, int]:
    start, _, stop = member.partition(":")
    return int(start), int(stop)


def _ready_spans(rows: Mapping[str, Any], node: PlanNode) -> Iterator[tuple[int, int]]:
    yield from (_span(text(member)) for member in rows[f"ready {node.index}"])
    for lane, lanes in lanes_in_use(node).items():
        for start, stop in (_span(text(member)) for member in rows[f"ready {node.index}|{lane}"]):
            yield from ((step, step + 1) for step in (lanes.step_at(lane, place) for place in range(start, stop)))


def _delayed(members: list[bytes], run_id: str) -> Spans:
    spans: Spans = {}
    for member in members:
        run, node, step = text(member).rsplit("|", 2)
        if run == run_id:
            spans.setdefault(int(node), []).append((int(step), int(step) + 1))
    return spans


def problems(plan: Plan, snapshot: Snapshot) -> Iterator[str]:
    """What contradicts the plan and the completion bitmaps, in sentences; nothing for a sound run."""
    frontier = compute_frontier(plan, snapshot.states, snapshot.made)
    if snapshot.counts != frontier.counts:
        yield f"counts say {snapshot.counts} succeeded, failed, skipped; the completion record says {frontier.counts}"
    for node, entry in zip(plan.nodes, frontier.nodes, strict=True):
        due = IndexSet.of(*zip(entry.ready[::2], entry.ready[1::2], strict=True))
        places = [getattr(snapshot, place).get(node.index, []) for place in ("ready", "granted", "delayed")]
        present = IndexSet.of(*(span for place in places for span in place))
        if lost := due - present:
            yield f"{len(lost)} steps of '{node.name}' should be ready or under way, and are nowhere"
        if early := present - due:
            yield f"{len(early)} steps of '{node.name}' are ready or under way, and should not be"
        if sum(stop - start for place in places for start, stop in place) > len(present):
            yield f"steps of '{node.name}' are in two places at once"
        if snapshot.gates[node.index] != entry.gates:
            yield f"'{node.name}' waits for {snapshot.gates[node.index]} upstream assets, and should for {entry.gates}"
        elif entry.gates == 0 and not _is_on_offer(snapshot, node):
            yield f"ready steps of '{node.name}' are not on offer in pool '{node.pool}'"
    if any(snapshot.need.get(f"{node}:{step}") != done for node, step, done in frontier.need):
        yield "the counts of finished upstream steps are wrong"
    for pool, bundle in snapshot.unknown:
        yield f"pool '{pool}' does not know of the steps that need '{bundle}'"
    if snapshot.unslotted:
        yield f"{len(snapshot.unslotted)} batches hold a slot and can neither be claimed nor expire"


def _is_on_offer(snapshot: Snapshot, node: PlanNode) -> bool:
    """Each of its queues is where a free slot finds it: parked at its value, or on offer where the run has a turn."""
    offered = {queue for queue in snapshot.queues[node.index] if queue not in snapshot.parked}
    if not offered <= snapshot.offers[node.bundle]:
        return False
    return not offered or snapshot.is_waiting or node.bundle in snapshot.turns
