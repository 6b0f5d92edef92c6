"""The event log on Redis Streams: packing, reading, following.

Entries hold short fields (see `lua/lib/event.lua`); readers turn node and step numbers back into names
with the run's plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from redis import Redis

from assetq.broker.archive import BEGINNING, Archive
from assetq.broker.archive_file import cursor_place
from assetq.broker.connection import RECONNECT_S, connect, translated, with_retries
from assetq.broker.event_form import pack_fields, unpack_fields
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.execution.event import Event, StepEvent, partition_text
from assetq.planning import Plan

PlanOf = Callable[[], Plan | None]
"""Asked for the plan when events were read, so that it has grown as far as they have."""

PAGE = 1000
BLOCK_MS = 5000


@dataclass(frozen=True, slots=True)
class StepMark:
    """Which attempt an event belongs to."""

    node: int
    step: int
    attempt: int
    worker: str


def pack_step_event(event: StepEvent, mark: StepMark) -> bytes:
    """An event of a step, as it stands in the stream."""
    partition = list(event.partition) if event.partition else None
    return _pack(event, n=mark.node, s=mark.step, a=mark.attempt, w=mark.worker, p=partition)


def pack_runless_event(event: StepEvent) -> bytes:
    """An event that belongs to no step, as it stands in the catalog."""
    return _pack(event)


def pack_event(event: Event) -> bytes:
    """An event that carries the names of its step and partition itself."""
    names = {"sk": event.step_key, "pk": event.partition, "r": event.run_id or None}
    return _pack(event, a=event.attempt, w=event.worker, **names)


def _pack(event: Event | StepEvent, **place: Any) -> bytes:
    return pack_fields(event.type, event.data, ts=event.timestamp_ms, k=event.asset, m=event.message, **place)


def unpack_event(run_id: str, plan: Plan | None, cursor: str, entry: Mapping[bytes, bytes]) -> Event:
    """The event of a stream entry; without a readable plan, steps go by their numbers."""
    fields = unpack_fields(cursor, entry)
    node: Any = fields.get("n")
    step: Any = fields.get("s")
    data = fields["d"]
    return Event(
        type=fields["t"],
        timestamp_ms=fields["ts"],
        run_id=run_id or fields.get("r", ""),
        cursor=cursor,
        step_key=fields.get("sk") if node is None else _step_key(plan, node, int(step), fields.get("e")),
        asset=fields.get("k"),
        partition=fields.get("pk", data.get("partition"))
        if node is None or plan is None
        else _partition(plan, node, fields.get("p") or _span(plan, node, int(step), int(fields.get("e") or step + 1))),
        attempt=fields.get("a"),
        worker=fields.get("w"),
        message=fields.get("m"),
        data=data,
    )


def _step_key(plan: Plan | None, node: int, step: int, stop: int | None) -> str:
    return plan.steps_key(node, step, int(stop or step + 1)) if plan else f"node {node}, step {step}"


def _span(plan: Plan, node: int, step: int, stop: int) -> tuple[int, int]:
    return plan.partitions_of(node, step)[0], plan.partitions_of(node, stop - 1)[1]


def _partition(plan: Plan, node: int, span: Sequence[int]) -> str | None:
    definition = plan.nodes[node].partitions_def
    if definition is None:
        return None
    return partition_text((definition.key_at(span[0]), definition.key_at(span[1] - 1)))


@dataclass(frozen=True, slots=True)
class EventLog:
    """The events of one namespace."""

    client: Redis
    keys: Keys
    url: str
    archive: Archive

    def read(self, run_id: str, plan_of: PlanOf, after: str | None, limit: int) -> list[Event]:
        """At most `limit` events from behind a cursor, from the archive as far as they stand there."""
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.lrange(self.keys("parts", run_id), 0, -1)
            pipeline.xrange(self.keys("events", run_id), min=f"({after}" if after else "-", max="+", count=limit)
            listed, entries = pipeline.execute()
        parts = [text(last) for last in listed]
        found: list[Event] = []
        if parts and cursor_place(after or BEGINNING) < cursor_place(parts[-1]):
            found = self.archive.read(run_id, parts, after, limit)
        left = entries[: limit - len(found)]
        plan = plan_of() if left else None
        return found + [unpack_event(run_id, plan, text(cursor), entry) for cursor, entry in left]

    def follow(self, run_id: str, plan_of: PlanOf, after: str | None, timeout_s: float | None) -> Iterator[Event]:
        """Events as they are written, on a connection of their own that blocks instead of polling."""
        cursor, has_caught_up = after or BEGINNING, False
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with translated(self.url), connect(self.url, socket_timeout_s=BLOCK_MS / 1000 + 10) as client:
            while True:
                left_ms = BLOCK_MS if deadline is None else int((deadline - time.monotonic()) * 1000)
                if left_ms <= 0:
                    return
                block_ms = min(left_ms, BLOCK_MS) if has_caught_up else 0
                wait = partial(self._next, client, run_id, plan_of, cursor, block_ms)
                events = with_retries(wait, deadline_s=RECONNECT_S)
                has_caught_up = has_caught_up or not events
                for event in events:
                    cursor = event.cursor
                    yield event
                    if event.type.ends_run:
                        return
                    deadline = None if timeout_s is None else time.monotonic() + timeout_s

    def news(self, timeout_s: float | None) -> Iterator[None]:
        """At once, whenever a run begins or ends, now and then in between, and a last time after `timeout_s`.

        That is on the feed of all runs: who waits for an end need not read a million events before it.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with translated(self.url), connect(self.url, socket_timeout_s=BLOCK_MS / 1000 + 10) as client:
            last = with_retries(lambda: client.xrevrange(self.keys("feed"), count=1), deadline_s=RECONNECT_S)
            cursor = text(last[0][0]) if last else BEGINNING
            left_ms = BLOCK_MS
            while left_ms > 0:
                yield
                left_ms = BLOCK_MS if deadline is None else min(BLOCK_MS, int((deadline - time.monotonic()) * 1000))
                wait = partial(client.xread, {self.keys("feed"): cursor}, count=PAGE, block=max(left_ms, 1))
                if entries := _entries(with_retries(wait, deadline_s=RECONNECT_S)):
                    cursor = text(entries[-1][0])

    def _next(self, client: Redis, run_id: str, plan_of: PlanOf, cursor: str, block_ms: int) -> Sequence[Event]:
        """The next events behind a cursor. What was moved to the archive in the meantime is read from there."""
        if block_ms == 0:
            return self.read(run_id, plan_of, cursor, PAGE)
        with client.pipeline(transaction=False) as pipeline:
            pipeline.xread({self.keys("events", run_id): cursor}, count=PAGE, block=block_ms)
            pipeline.lindex(self.keys("parts", run_id), -1)
            reply, moved = pipeline.execute()
        if moved is not None and cursor_place(text(moved)) > cursor_place(cursor):
            return self.read(run_id, plan_of, cursor, PAGE)
        entries = _entries(reply)
        plan = plan_of() if entries else None
        return [unpack_event(run_id, plan, text(entry_id), entry) for entry_id, entry in entries]


def _entries(reply: Any) -> Sequence[Any]:
    if isinstance(reply, dict):
        pages = list(reply.values())
        return pages[0][0] if pages else ()
    return reply[0][1] if reply else ()
