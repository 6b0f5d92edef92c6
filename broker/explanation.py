"""Why a step waits: the record that decides is the record that explains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from assetq.broker.lane import Lanes
from assetq.broker.message import text
from assetq.broker.pool_reader import PoolReader
from assetq.broker.run_reader import FINAL
from assetq.definitions.pool_name import slots_of
from assetq.execution.record import StepWait


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains steps of one namespace."""

    pools: PoolReader

    def explain(self, run_id: str, node: int, step: int) -> StepWait:
        """Where a step is, and what it waits for."""
        plan = self.pools.runs.plan(run_id)
        key, bundle, state = plan.nodes[node].key, plan.nodes[node].bundle, self._state(run_id, node, step)
        value = self._key_of(run_id, node, step)
        note = _note(key, value) if key and state in ("waiting", "ready", "queued", "running") else ""
        wait = StepWait(plan.step_key(node, step), state, dict(slots_of(bundle)), note=note)
        if state == "queued":
            return replace(wait, missing=dict(self.pools.missing_worker(bundle)))
        return self._waiting(wait, run_id, bundle, value) if state == "ready" else wait

    def _waiting(self, wait: StepWait, run_id: str, bundle: str, value: str | None) -> StepWait:
        missing = dict(self._missing(run_id, bundle, value))
        rank = self.pools.client.zrank(self.pools.keys("turns", bundle), run_id)
        named = [value] if value and "key" in missing else list(wait.pools)
        holders = tuple(self.pools.holder(pool, grant) for pool in named for grant in self.pools.holders(pool))
        return replace(wait, position=rank, missing=missing, holders=holders)

    def _state(self, run_id: str, node: int, step: int) -> str:
        client, keys = self.pools.client, self.pools.keys
        for state in FINAL:
            if client.getbit(keys("done", run_id, node, state), step):
                return state
        for grant in self.pools.grants([text(f) for f in client.smembers(keys("run_grants", run_id))]):
            if grant.node == node and grant.start <= step < grant.stop:
                return grant.state
        if self.pools.runs.run(run_id).status.is_terminal:
            return "canceled"
        gates = client.hget(keys("nodes", run_id), f"gates:{node}")
        return "ready" if gates == b"0" and self._is_ready(run_id, node, step) else "waiting"

    def _is_ready(self, run_id: str, node: int, step: int) -> bool:
        client, keys = self.pools.client, self.pools.keys
        lane, place = str(node), step
        wire = client.hget(keys("nodes", run_id), f"lanes:{node}")
        if wire is not None:
            lanes = Lanes.parse(text(wire))
            number = lanes.lane_of(step)
            lane, place = f"{node}|{number}", lanes.place_of(step)
        found = client.zrevrangebyscore(keys("ready", run_id, lane), place, "-inf", start=0, num=1)
        return bool(found) and place < int(text(found[0]).partition(":")[2])

    def _key_of(self, run_id: str, node: int, step: int) -> str | None:
        client, keys = self.pools.client, self.pools.keys
        constant, wire = client.hmget(keys("nodes", run_id), f"key:{node}", f"lanes:{node}")
        if wire is None:
            return text(constant) if constant else None
        found = client.hget(keys("lane_keys", run_id, node), str(Lanes.parse(text(wire)).lane_of(step)))
        return text(found) if found else None

    def _missing(self, run_id: str, bundle: str, value: str | None) -> Iterator[tuple[str, str]]:
        client, keys = self.pools.client, self.pools.keys
        waits, cap = client.hmget(keys("run", run_id), "waits", "cap")
        if waits:
            yield "runs", f"as many runs with '{text(waits)}' go on as its limit allows"
        if cap and client.scard(keys("run_grants", run_id)) >= int(cap):
            yield "run", f"the run has {int(cap)} steps under way, as many as it may"
        limits = self.pools.limits()
        if value and (limit := limits.of(value)) is not None and client.zcard(keys("holders", value)) >= limit:
            yield "key", f"all {limit} slots of '{value}' are in use"
        yield from self.pools.missing(bundle, limits)


def _note(key: str, value: str | None) -> str:
    if value is None:
        return f"concurrency key '{key}': neither run nor op has such a tag, so it limits nothing"
    return f"counts under '{value}'"
