"""Reads runs and plans from Redis."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from assetq.broker.archive import MADE, Archive
from assetq.broker.growth import growth_version, read_growth
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.script import unpackb
from assetq.errors import PlanError, UnknownRunError
from assetq.execution.record import RunRecord, RunStatus, StepCounts
from assetq.partitions import IndexSet
from assetq.planning import Plan

ArchivedStates = dict[int, dict[str, IndexSet]]
CACHED_PLANS = 32
COUNTED = ("ready", "queued", "running", "succeeded", "failed", "skipped", "canceled")
FINAL = ("succeeded", "failed", "skipped", "canceled")


def run_record(run_id: str, fields: Mapping[bytes, bytes]) -> RunRecord:
    """The record of a run hash."""

    def number(name: str) -> int:
        return int(fields.get(name.encode(), 0))

    def moment(name: str) -> int | None:
        value = fields.get(name.encode())
        return None if value is None else int(value)

    counts = {name: number(name) for name in COUNTED}
    total = number("total")
    return RunRecord(
        run_id=run_id,
        status=RunStatus(text(fields[b"status"])),
        steps=StepCounts(total=total, waiting=total - sum(counts.values()), **counts),
        submitted_at_ms=number("submitted"),
        started_at_ms=moment("started"),
        ended_at_ms=moment("ended"),
        tags=unpackb(fields[b"tags"]) if b"tags" in fields else {},
        priority=number("priority"),
        selection=text(fields.get(b"selection", b"")),
        parent_run_id=text(fields.get(b"parent", b"")) or None,
        job=text(fields.get(b"job", b"")),
    )


@dataclass(slots=True)
class RunReader:
    """Runs of one namespace; plans are cached: what changes is only how far they have grown, which has a version."""

    client: Redis
    keys: Keys
    archive: Archive | None = None
    _plans: OrderedDict[str, Plan] = field(default_factory=OrderedDict)
    _grown: dict[str, Plan] = field(default_factory=dict)

    def run(self, run_id: str) -> RunRecord:
        """A run."""
        fields = self.client.hgetall(self.keys("run", run_id))
        if not fields:
            raise UnknownRunError(f"There is no run '{run_id}'. `assetq runs list` shows the runs.")
        return run_record(run_id, fields)

    def plan(self, run_id: str) -> Plan:
        """The plan of a run, as it has grown."""
        if run_id not in self._plans:
            self._plans[run_id] = self._read_plan(run_id)
            while len(self._plans) > CACHED_PLANS:
                self._grown.pop(self._plans.popitem(last=False)[0], None)
        plan = self._plans[run_id]
        return self._as_grown(run_id, plan) if plan.has_open_fans else plan

    def _as_grown(self, run_id: str, plan: Plan) -> Plan:
        version = growth_version(self.client, self.keys, run_id)
        if not version and self.archive is not None and self.archive.has(run_id):  # with all that was known
            self._plans[run_id] = self.archive.plan(run_id)
            return self._plans[run_id]
        known = self._grown.get(run_id)
        if known is None or known.growth != version:
            known = self._grown[run_id] = plan.grown(read_growth(self.client, self.keys, run_id))
        return known

    def _read_plan(self, run_id: str) -> Plan:
        packed = self.client.get(self.keys("plan", run_id))
        if packed is not None:
            return Plan.from_bytes(packed)
        if self.archive is not None and self.archive.has(run_id):
            return self.archive.plan(run_id)
        raise UnknownRunError(f"There is no run '{run_id}'. `assetq runs list` shows the runs.")

    def readable_plan(self, run_id: str) -> Plan | None:
        """The plan of a run; None when another version of assetq wrote it."""
        try:
            return self.plan(run_id)
        except PlanError:
            return None

    def forget(self, run_id: str) -> None:
        """A run was deleted."""
        self._plans.pop(run_id, None)
        self._grown.pop(run_id, None)

    def ids(self, prefix: str = "") -> list[str]:
        """Ids, newest first."""
        ids = [text(run_id) for run_id in self.client.zrevrange(self.keys("runs"), 0, -1)]
        return [run_id for run_id in ids if run_id.startswith(prefix)]

    def list(self, limit: int, statuses: Sequence[str], tags: Mapping[str, str]) -> list[RunRecord]:
        """Runs that match, newest first."""
        found: list[RunRecord] = []
        ids = self.ids()
        for start in range(0, len(ids), 100):
            page = ids[start : start + 100]
            with self.client.pipeline(transaction=False) as pipeline:
                for run_id in page:
                    pipeline.hgetall(self.keys("run", run_id))
                rows = pipeline.execute()
            records = [run_record(run_id, fields) for run_id, fields in zip(page, rows, strict=True) if fields]
            found += [r for r in records if _matches(r, statuses, tags)]
            if len(found) >= limit:
                break
        return found[:limit]

    def states(self, run_id: str) -> dict[int, dict[str, IndexSet]]:
        """Final states of steps, by node."""
        nodes = self.plan(run_id).nodes
        names = [self.keys("done", run_id, node.index, state) for node in nodes for state in FINAL]
        bitmaps, archived = self._bitmaps(run_id, names)
        if archived is not None:
            return {n: found for n, by in archived.items() if (found := {s: by[s] for s in by if s != MADE})}
        states: dict[int, dict[str, IndexSet]] = {}
        for position, bitmap in enumerate(bitmaps):
            if bitmap:
                node, state = divmod(position, len(FINAL))
                states.setdefault(node, {})[FINAL[state]] = IndexSet.from_bitmap(bitmap)
        return states

    def _bitmaps(self, run_id: str, names: Sequence[str]) -> tuple[Sequence[Any], ArchivedStates | None]:
        """Bitmaps of a run, or what its archive says, in one moment."""
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.hexists(self.keys("run", run_id), "archived")
            for name in names:
                pipeline.get(name)
            is_archived, *bitmaps = pipeline.execute()
        return bitmaps, self.archive.states(run_id) if is_archived and self.archive is not None else None

    def made(self, run_id: str) -> dict[int, IndexSet]:
        """Partitions made by steps that did not succeed as a whole, by node."""
        nodes = [node for node in self.plan(run_id).nodes if node.chunk != 1]
        bitmaps, archived = self._bitmaps(run_id, [self.keys("made", run_id, node.index) for node in nodes])
        if archived is not None:
            return {node: by[MADE] for node, by in archived.items() if MADE in by}
        return {node.index: IndexSet.from_bitmap(bits) for node, bits in zip(nodes, bitmaps, strict=True) if bits}


def made_in_step(client: Redis, keys: Keys, run_id: str, plan: Plan, step: tuple[int, int]) -> IndexSet:
    """Partitions of one step that its earlier attempts made. Cost follows the step, not the node."""
    node = plan.nodes[step[0]]
    if node.chunk == 1 or node.fan is not None or node.partitions_def is None:
        return IndexSet()
    start, stop = node.partitions_of(step[1])
    first = start // 8
    bits = client.getrange(keys("made", run_id, node.index), first, (stop - 1) // 8)
    return IndexSet.from_bitmap(bits).shift(8 * first) & IndexSet.range(start, stop)


def _matches(record: RunRecord, statuses: Sequence[str], tags: Mapping[str, str]) -> bool:
    return (not statuses or record.status in statuses) and all(record.tags.get(k) == v for k, v in tags.items())
