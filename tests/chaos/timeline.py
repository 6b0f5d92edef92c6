"""What the op bodies themselves wrote: when each attempt ran, and what may be concluded from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assetq.execution import Event, EventType

LATE_S = 0.05
# A step is claimed some time before its body begins: earlier steps of its batch, and what it reads from Redis first.
CLAIMED_BEFORE_S = 1.0


@dataclass(frozen=True)
class Body:
    """One attempt of a step: which process ran it, under which parent, and from when to when."""

    asset: str
    partition: str
    pid: int
    thread: int
    parent: int
    began: float
    ended: float

    @property
    def step(self) -> str:
        """As the log names it."""
        return self.asset if self.partition == "-" else f"{self.asset}[{self.partition}]"


@dataclass(frozen=True)
class Loss:
    """A lease that was lost: of which worker's parent, at which asset, and when by the server's clock."""

    asset: str
    parent: int
    at: float


def bodies(rows: Sequence[Sequence[str]], killed: Mapping[int, float]) -> list[Body]:
    """Every attempt. That of a killed process ends with it; one whose end is nowhere is still running."""
    found, open_ = [], {}
    for word, asset, partition, pid, thread, parent, at in rows:
        who = (int(pid), int(thread))
        if word == "begin":
            open_[who] = (asset, partition, int(pid), int(thread), int(parent), float(at))
        else:
            found.append(Body(*open_.pop(who), float(at)))
    return found + [Body(*begun, killed.get(begun[2], float("inf"))) for begun in open_.values()]


def losses(events: Iterable[Event]) -> list[Loss]:
    """Leases lost, by the log."""
    return [
        Loss((event.step_key or "").partition("[")[0], int((event.worker or "-0-").split("-")[-2]), event.at)
        for event in (Stamped.of(event) for event in events if event.type is EventType.STEP_WORKER_LOST)
    ]


@dataclass(frozen=True)
class Stamped:
    """An event's step and worker, with its time in seconds."""

    step_key: str | None
    worker: str | None
    at: float

    @classmethod
    def of(cls, event: Event) -> Stamped:
        """Of an event of the log."""
        return cls(event.step_key, event.worker, event.timestamp_ms / 1000)


@dataclass(frozen=True)
class Timeline:
    """All attempts of a round, with the leases that were lost and the times that Redis forgot."""

    bodies: Sequence[Body]
    losses: Sequence[Loss]
    forgotten: Sequence[tuple[float, float]]

    def lost_lease(self, body: Body, until: float) -> bool:
        """True when the attempt's lease was lost before `until`: by the log, or with what Redis forgot."""
        claimed = body.began - CLAIMED_BEFORE_S
        if any(start <= until and stop >= claimed for start, stop in self.forgotten):
            return True
        parents = (body.parent, body.pid)
        return any(
            loss.asset == body.asset and loss.parent in parents and claimed <= loss.at <= until + LATE_S
            for loss in self.losses
        )

    def overlaps(self) -> list[str]:
        """Attempts at one step that ran at the same time although the first one's lease was never lost."""
        by_step: dict[str, list[Body]] = {}
        for body in sorted(self.bodies, key=lambda body: body.began):
            by_step.setdefault(body.step, []).append(body)
        return [
            f"{step}: {first} was not lost, and {second} began"
            for step, tries in by_step.items()
            for position, first in enumerate(tries)
            for second in tries[position + 1 :]
            if second.began < first.ended and not self.lost_lease(first, second.began)
        ]

    def overfull(self, asset: str, limits: Sequence[tuple[float, int]], slack_s: float) -> tuple[list[str], int]:
        """Moments at which more bodies of a pool ran than its limit, and how many were excepted for a lost lease.

        A limit that was lowered holds back what has not begun; a batch that was claimed before may go on for `slack_s`.
        """
        found, excepted = [], 0
        pooled = sorted((body for body in self.bodies if body.asset == asset), key=lambda body: body.began)
        for body in pooled:
            at = body.began
            running = [other for other in pooled if other.began <= at < other.ended]
            counted = [other for other in running if not self.lost_lease(other, at)]
            limit = most_allowed(limits, at, slack_s)
            if len(running) > limit >= len(counted):
                excepted += 1
            if len(counted) > limit:
                found.append(f"{len(counted)} bodies of '{asset}' at {at:.3f}, and the limit is {limit}: {counted}")
        return found, excepted


def most_allowed(limits: Sequence[tuple[float, int]], at: float, slack_s: float) -> int:
    """The largest limit that held at some moment of the `slack_s` seconds before `at`."""
    before = [limit for since, limit in limits if since <= at - slack_s][-1:]
    return max([*before, *(limit for since, limit in limits if at - slack_s < since <= at)], default=limits[0][1])
