"""Reads everything that the scripts keep in one moment, and compares it with the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from redis import Redis

from assetq.broker.audit import problems, take_snapshot
from assetq.broker.keys import Keys
from assetq.partitions import IndexSet

from .model import ENDINGS, Held, Model, Run, Step, demand, spans

POOLS = ("p", "q", "default")
PER_RUN = ("nodes", "need", "tries", "run_grants")


class Reader:
    """Asks for many keys in one round trip; each question comes with what is done with its answer."""

    def __init__(self, client: Redis) -> None:
        self.pipeline = client.pipeline(transaction=False)
        self.uses: list[Callable[[Any], None]] = []

    def ask(self, _command: object, use: Callable[[Any], None]) -> None:
        self.uses.append(use)

    def read(self) -> None:
        for use, answer in zip(self.uses, self.pipeline.execute(), strict=True):
            use(answer)


def check(client: Redis, keys: Keys, model: Model, settled: Set[str]) -> None:
    """Fails where Redis and the model differ; the runs in `settled` are left out."""
    reader = Reader(client)
    for run in model.runs.values():
        if run.run_id not in settled:
            _check_run(reader, keys, model, run)
    _check_grants(reader, keys, model)
    _check_pools(reader, keys, model)
    reader.read()
    _check_messages(client, keys, model)


def audit(client: Redis, keys: Keys, model: Model) -> None:
    """What `assetq doctor` compares is sound all the time."""
    for run in model.runs.values():
        if run.is_open and run.turn is None:
            snapshot = take_snapshot(client, keys, run.run_id, run.plan)
            found = list(problems(run.plan, snapshot)) if snapshot else ["moves without being moved"]
            demand(not found, run.run_id, found)


def same(what: str, told: object, known: object) -> None:
    demand(told == known, what, "in Redis:", told, "in the model:", known)


def _check_run(reader: Reader, keys: Keys, model: Model, run: Run) -> None:
    ask, pipeline, run_id = reader.ask, reader.pipeline, run.run_id
    ask(pipeline.hgetall(keys("run", run_id)), lambda fields: _compare_counts(run, fields))
    for node in run.plan.nodes:
        for state in ENDINGS:
            ask(pipeline.get(keys("done", run_id, node.index, state)), _compares_bitmap(run, node.index, state))
        ask(pipeline.zrange(keys("ready", run_id, node.index), 0, -1), _compares_queue(run, node.index))
        if run.is_terminal:
            ask(pipeline.exists(keys("offer", run_id, node.pool)), _demands_none(f"offer of {run_id}"))
    if run.is_terminal:
        ask(pipeline.exists(*(keys(name, run_id) for name in PER_RUN)), _demands_none(f"keys of {run_id}"))
    fences = {str(grant.fence).encode() for grant in model.of_run(run_id)}
    ask(pipeline.smembers(keys("run_grants", run_id)), lambda told: same(f"grants of {run_id}", set(told), fences))
    ask(
        pipeline.sismember(keys("active"), run_id),
        lambda told: same(f"{run_id} active", bool(told), not run.is_terminal),
    )
    is_held = run.turn is not None and not run.is_terminal
    ask(pipeline.zscore(keys("held"), run_id), lambda score: same(f"{run_id} held", score is not None, is_held))


def _demands_none(what: str) -> Callable[[int], None]:
    return lambda count: same(what, count, 0)


def _compare_counts(run: Run, fields: Mapping[bytes, bytes]) -> None:
    same(f"status of {run.run_id}", fields[b"status"].decode(), run.status)
    same(f"tags of {run.run_id}", fields[b"tags"], run.tags)
    same(f"{run.run_id} has an end", b"ended" in fields, run.is_terminal)
    known = run.counts() | ({"running": run.busy} if run.turn is not None else {})
    same(f"counts of {run.run_id}", {name: int(fields.get(name.encode(), 0)) for name in known}, known)


def _compares_bitmap(run: Run, node: int, state: str) -> Callable[[bytes | None], None]:
    known = {step for (at, step), where in run.at.items() if at == node and where == state}

    def compare(bitmap: bytes | None) -> None:
        told = set(IndexSet.from_bitmap(bitmap or b""))
        # What a cancel stops before it starts is counted, not listed.
        demand(told == known or (state == "canceled" and told <= known), run.run_id, node, state, told, "not", known)

    return compare


def _compares_queue(run: Run, node: int) -> Callable[[list[bytes]], None]:
    known = {f"{start}:{stop}".encode() for n, start, stop in spans(s for s in run.queue() if s[0] == node)}
    if run.turn is not None or run.is_terminal:
        known = set()
    if run.status == "CANCELING":
        return lambda told: None
    return lambda told: same(f"queue of {run.run_id} node {node}", set(told), known)


def _check_grants(reader: Reader, keys: Keys, model: Model) -> None:
    ask, pipeline = reader.ask, reader.pipeline
    for grant in model.grants.values():
        names = ("run", "pool", "node", "from", "to", "state", "worker")
        ask(pipeline.hmget(keys("grant", str(grant.fence)), names), _compares_grant(grant))
    groups = {
        "queued": {g.fence for g in model.grants.values() if g.worker is None},
        "leases": {g.fence for g in model.grants.values() if g.worker is not None},
    }
    for name, known in groups.items():
        ask(pipeline.zrange(keys(name), 0, -1), _compares_fences(name, known))
    for worker in model.workers:
        known = set(model.held_by(worker))
        ask(pipeline.smembers(keys("worker_grants", worker)), _compares_fences(f"grants of {worker}", known))
    ask(pipeline.zrange(keys("delayed"), 0, -1), lambda told: _compare_delayed(model, {m.decode() for m in told}))


def _compares_grant(grant: Held) -> Callable[[list[bytes | None]], None]:
    known = [grant.run_id, grant.pool, grant.node, grant.start, grant.stop, grant.state, grant.worker]
    packed = [str(value).encode() if value is not None else None for value in known]
    return lambda told: same(f"grant {grant.fence}", told, packed)


def _compares_fences(what: str, known: set[int]) -> Callable[[list[bytes]], None]:
    return lambda told: same(what, {int(fence) for fence in told}, known)


def delayed_steps(model: Model) -> set[tuple[str, Step]]:
    return {(r.run_id, step) for r in model.runs.values() for step, where in r.at.items() if where == "delayed"}


def _compare_delayed(model: Model, told: set[str]) -> None:
    """Entries of runs that were canceled, and even deleted since, may stand until they are due."""
    known = {f"{run_id}|{node}|{step}" for run_id, (node, step) in delayed_steps(model)}
    extra = told - known
    demand(known <= told, "retries in Redis:", told, "in the model:", known)
    alive = {run.run_id for run in model.runs.values() if run.status not in ("CANCELING", "CANCELED")}
    demand(all(entry.split("|")[0] not in alive for entry in extra), "stray retries", extra)


def _check_messages(client: Redis, keys: Keys, model: Model) -> None:
    """A message that announces another grant is known to that grant; one that announces none, to its pool."""
    carried = {int(name): int(fence or 0) for name, fence in client.hgetall(keys("carried")).items()}
    spare = {int(name) for pool in POOLS for name in client.zrange(keys("spare", pool), 0, -1)}
    demand({name for name, fence in carried.items() if not fence} <= spare, carried, "but spare are", spare)
    for name, fence in carried.items():
        told = client.hget(keys("grant", str(fence)), "message") if fence else str(name).encode()
        demand(not fence or fence in model.grants, "a message announces the lost grant", fence)
        demand(told == str(name).encode(), "grant", fence, "is announced by", name, "and says", told)


def _check_pools(reader: Reader, keys: Keys, model: Model) -> None:
    ask, pipeline = reader.ask, reader.pipeline
    for pool in POOLS:
        known = {grant.fence for grant in model.grants.values() if grant.pool == pool}
        ask(pipeline.zrange(keys("holders", pool), 0, -1), _compares_fences(f"holders of {pool}", known))
        waiting = model.waiting(pool)
        ask(pipeline.zrange(keys("turns", pool), 0, -1), _compares_names(f"turns of {pool}", set(waiting)))
        ready = sum(map(len, waiting.values()))
        ask(pipeline.hget(keys("pool_ready"), pool), _compares_number(f"ready in {pool}", ready))
    limits = {pool.encode(): str(limit).encode() for pool, limit in model.limits.items()}
    ask(pipeline.hgetall(keys("limits")), lambda told: same("limits", told, limits))
    ask(
        pipeline.zrange(keys("dynamic", "d"), 0, -1),
        lambda told: same("keys", [k.decode() for k in told], model.partitions),
    )
    slots = {key: slot for slot, key in enumerate(model.slots_ever)}
    ask(
        pipeline.hgetall(keys("slots", "d")),
        lambda told: same("slots", {k.decode(): int(v) for k, v in told.items()}, slots),
    )
    for (asset, state), indices in model.status.items():
        ask(pipeline.get(keys("status", asset, "-", state)), _compares_indices(f"{asset} {state}", indices))


def _compares_names(what: str, known: set[str]) -> Callable[[list[bytes]], None]:
    return lambda told: same(what, {name.decode() for name in told}, known)


def _compares_number(what: str, known: int) -> Callable[[bytes | None], None]:
    return lambda told: same(what, int(told or 0), known)


def _compares_indices(what: str, known: set[int]) -> Callable[[bytes | None], None]:
    return lambda told: same(what, set(IndexSet.from_bitmap(told or b"")), known)
