"""Drives the engine's scripts on a real server, without Celery: messages are kept in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assetq.broker.connection import connect
from assetq.broker.engine import Claimant, Engine, NodeEntry, Outcome
from assetq.broker.keys import Keys
from assetq.broker.message import Grant, Message, Poisoned
from assetq.broker.settings import Settings
from assetq.broker.submission import counted_tags


@dataclass
class Outbox:
    """Takes the place of Celery: what would be published."""

    messages: list[Message] = field(default_factory=list)

    def publish(self, messages: Sequence[Message]) -> None:
        self.messages += messages

    def take(self) -> Message:
        return self.messages.pop(0)


class Driver:
    """An engine with an outbox and one worker."""

    def __init__(self, settings: Settings, capacity: int = 4, pools: str = "default") -> None:
        self.outbox = Outbox()
        self.settings = settings
        self.keys = Keys(settings.namespace)
        self.client = connect(settings.redis_url)
        self.engine = Engine(self.client, self.keys, settings, self.outbox)
        self.worker = Claimant("w", 1, tuple(pools.split(",")))
        self.engine.heartbeat("w", {"pools": pools, "concurrency": capacity}, [])

    def submit(
        self,
        run_id: str,
        *nodes: NodeEntry,
        priority: int = 0,
        cap: int | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        total = sum(node.steps for node in nodes)
        details = {"priority": priority, **({} if cap is None else {"cap": cap})}
        self.engine.submit(run_id, b"plan", details, total, nodes, tags=counted_tags(tags))

    def claim(self, message: Message | None = None) -> Grant:
        message = message or self.outbox.take()
        grant = self.engine.claim(message.run_id, message.fence, self.worker)
        assert grant is not None
        return grant

    def commit(self, grant: Grant, state: str = "succeeded", *, chain: bool = False, **details: object) -> Grant | None:
        outcomes = [Outcome(step, state, 1, 0, **details) for step in range(grant.start, grant.stop)]  # type: ignore[arg-type]
        return self.engine.commit(grant, self.worker, outcomes, chain=chain)

    def fail_poisoned(self, step: Poisoned) -> None:
        held = Grant("", step.run_id, step.node, step.step, step.step + 1, step.fence)
        self.engine.commit(held, Claimant("recovery", 0), [Outcome(step.step, "failed", step.crashes, 0)])

    def run(self, run_id: str) -> dict[str, str]:
        return {k.decode(): v.decode() for k, v in self.client.hgetall(self.keys("run", run_id)).items()}

    def in_use(self, pool: str = "default") -> int:
        return int(self.client.zcard(self.keys("holders", pool)))

    def drain(self, run_id: str) -> None:
        """Claim and commit as successful whatever is published."""
        while self.outbox.messages:
            self.commit(self.claim())


def node(
    steps: int, *, pool: str = "default", order: float = 0, gates: int = 0, opens: str = "", ready: bool = True
) -> NodeEntry:
    return NodeEntry(pool, order, steps, gates, opens, 1, (0, steps) if ready and steps else ())
