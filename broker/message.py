"""What travels over Celery: ids, never values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


def text(value: Any) -> str:
    """A reply element as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class Message:
    """A granted batch on its way to a worker: steps `start` to `stop - 1` of one node.

    Attributes:
        fence: Number of the grant; a claim with an old one is refused.
        carrier: Fence that another message names, on its way already, which announces this grant; "" for none.
    """

    pool: str
    run_id: str
    node: int
    start: int
    stop: int
    fence: str
    carrier: str = ""

    @classmethod
    def from_reply(cls, reply: Sequence[Any]) -> Message:
        """Decode what the scripts answer."""
        pool, run_id, node, start, stop, fence, *carrier = reply
        return cls(text(pool), text(run_id), int(node), int(start), int(stop), text(fence), *map(text, carrier))

    def to_kwargs(self) -> dict[str, Any]:
        """Arguments of the Celery task."""
        return {
            "run_id": self.run_id,
            "node": self.node,
            "start": self.start,
            "stop": self.stop,
            "fence": self.fence,
        }


@dataclass(frozen=True, slots=True)
class StepTries:
    """How often a step was tried in vain: by its own failure, and by losing its worker."""

    retries: int = 0
    crashes: int = 0

    @property
    def attempt(self) -> int:
        """Number of the next attempt, from 1."""
        return self.retries + self.crashes + 1


@dataclass(frozen=True, slots=True)
class Grant:
    """A claimed batch, with what its steps have behind them, and the version to which the plan has grown."""

    pool: str
    run_id: str
    node: int
    start: int
    stop: int
    fence: str
    tries: tuple[StepTries, ...] = ()
    growth: str = ""

    @classmethod
    def from_reply(cls, reply: Sequence[Any]) -> Grant:
        """Decode what claim_steps.lua answers."""
        run_id, pool, node, start, stop, fence, tries, growth = reply
        pairs = tuple(StepTries(int(retries), int(crashes)) for retries, crashes in tries)
        return cls(text(pool), text(run_id), int(node), int(start), int(stop), text(fence), pairs, text(growth))

    def tries_of(self, step: int) -> StepTries:
        """Tries of one step of the batch."""
        return self.tries[step - self.start] if self.tries else StepTries()


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A step that lost too many workers, held under `fence` until its failure is recorded; how the last one ended."""

    run_id: str
    node: int
    step: int
    fence: str
    crashes: int
    reason: str = ""

    @classmethod
    def from_reply(cls, reply: Sequence[Any]) -> Poisoned:
        """Decode what the recovery scripts answer."""
        run_id, node, step, fence, crashes, reason = reply
        return cls(text(run_id), int(node), int(step), text(fence), int(crashes), text(reason))


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """What a heartbeat learns about a grant that its worker holds."""

    fence: str
    pid: int
    run_id: str
    run_status: str

    @classmethod
    def from_reply(cls, reply: Sequence[Any]) -> HeldGrant:
        """Decode what heartbeat.lua answers."""
        fence, pid, run_id, status = reply
        return cls(text(fence), int(pid), text(run_id), text(status))
