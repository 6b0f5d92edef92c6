"""The engine as a small model: what the scripts keep up step by step is derived here from scratch.

The model knows which steps there are and what each of them reads. Whether a step is ready, how many are, which pool has
a slot to give: all of it is computed anew whenever somebody asks. Where the scripts choose (whose turn it is, how large
a batch), the model only checks that the choice was lawful.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from assetq.broker.message import Message
from assetq.planning import Plan

Step = tuple[int, int]
ENDINGS = ("succeeded", "failed", "skipped", "canceled")
TERMINAL = ("SUCCESS", "FAILURE", "CANCELED")
TURNS_WAITED = 2


class Violation(AssertionError):
    """The scripts did what the design forbids."""


def demand(fact: object, *what: object) -> None:
    if not fact:
        raise Violation(" ".join(map(str, what)))


@dataclass
class Tries:
    retries: int = 0
    crashes: int = 0

    @property
    def attempt(self) -> int:
        return self.retries + self.crashes + 1


@dataclass
class Held:
    """A grant: `worker` is None until it is claimed, "recovery" when it is the quarantine of a poison step."""

    fence: int
    run_id: str
    pool: str
    node: int
    start: int
    stop: int
    worker: str | None = None

    @property
    def steps(self) -> list[Step]:
        return [(self.node, step) for step in range(self.start, self.stop)]

    @property
    def state(self) -> str:
        return "queued" if self.worker is None else "running"


@dataclass
class Run:
    """A run of the fleet, or with `turn` not None one that a process executes itself.

    `at` holds where each step is; what is "open" is waiting or ready, which follows from what it reads.
    """

    run_id: str
    plan: Plan
    priority: int
    turn: int | None = None
    status: str = "QUEUED"
    busy: int = 0
    tags: bytes = b""
    at: dict[Step, str] = field(default_factory=dict)
    reads: dict[Step, set[Step]] = field(default_factory=dict)
    reads_one: dict[Step, set[Step]] = field(default_factory=dict)
    tries: dict[Step, Tries] = field(default_factory=dict)
    batch: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.plan.nodes:
            gates = set(self.plan.gate_upstreams(node.index))
            self.batch[node.index] = 1
            for number in node.steps:
                step = node.index, number
                self.at[step], self.tries[step] = "open", Tries()
                self.reads[step] = set(self.plan.upstream_steps(*step))
                self.reads_one[step] = {above for above in self.reads[step] if above[0] not in gates}

    @property
    def is_open(self) -> bool:
        return self.status in ("QUEUED", "STARTED")

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    def pool_of(self, step: Step) -> str:
        return self.plan.nodes[step[0]].pool

    def is_done(self, steps: Iterable[Step]) -> bool:
        return all(self.at[step] == "succeeded" for step in steps)

    def queue(self) -> set[Step]:
        """Steps that wait for no step in particular, though their gates may be closed."""
        return {s for s, state in self.at.items() if state == "open" and self.is_done(self.reads_one[s])}

    def ready(self, pool: str | None = None) -> set[Step]:
        """Steps that may run."""
        if not self.is_open or self.turn is not None:
            return set()
        return {s for s in self.queue() if self.is_done(self.reads[s]) and pool in (None, self.pool_of(s))}

    def counts(self) -> dict[str, int]:
        """As the run's hash has them."""
        count = Counter(self.at.values())
        names = {name: count[name] for name in ("queued", "running", *ENDINGS)}
        return names | {"ready": len(self.ready()), "unfinished": sum(count[n] for n in self.unfinished_states)}

    @property
    def unfinished_states(self) -> tuple[str, ...]:
        return ("open", "delayed", "queued", "running")

    def is_finished(self) -> bool:
        return not any(state in self.unfinished_states for state in self.at.values())

    def skip_below(self) -> None:
        """What reads a failed or skipped step is skipped."""
        while True:
            found = [
                s
                for s, state in self.at.items()
                if state == "open" and any(self.at[above] in ("failed", "skipped") for above in self.reads[s])
            ]
            if not found:
                return
            for step in found:
                self.at[step] = "skipped"

    def end(self, *, canceled: bool = False) -> None:
        """The run ends when its last step has."""
        if canceled or self.status == "CANCELING":
            self.status = "CANCELED"
        else:
            self.status = "FAILURE" if "failed" in self.at.values() else "SUCCESS"

    def cancel_rest(self, *states: str) -> None:
        for step, state in self.at.items():
            if state in states:
                self.at[step] = "canceled"


@dataclass
class Model:
    """All runs, grants, pools and workers of one namespace."""

    max_crashes: int
    runs: dict[str, Run] = field(default_factory=dict)
    grants: dict[int, Held] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    workers: dict[str, tuple[tuple[str, ...], int]] = field(default_factory=dict)
    expired: set[int] = field(default_factory=set)
    due: set[tuple[str, Step]] = field(default_factory=set)
    last_fence: int = 0
    passed_over: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    partitions: list[str] = field(default_factory=list)
    slots_ever: list[str] = field(default_factory=list)
    status: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def slots(self, pool: str) -> int:
        """What the pool may have in flight now."""
        capacity = sum(count for pools, count in self.workers.values() if pool in pools)
        window = capacity + max(1, capacity // 4)
        return min(self.limits.get(pool, window), window)

    def in_use(self, pool: str) -> int:
        return sum(grant.pool == pool for grant in self.grants.values())

    def waiting(self, pool: str) -> dict[str, set[Step]]:
        """Runs that have ready steps in a pool."""
        found = {run.run_id: run.ready(pool) for run in self.runs.values()}
        return {run_id: steps for run_id, steps in found.items() if steps}

    def granted(self, message: Message) -> None:
        """The scripts gave a slot: was it theirs to give, and was it that run's and that step's turn?"""
        run, fence = self.runs[message.run_id], int(message.fence)
        grant = Held(fence, run.run_id, message.pool, message.node, message.start, message.stop)
        self._demand_newer(fence)
        demand(run.is_open, "granted", grant, "of a run that is", run.status)
        demand(self.in_use(grant.pool) < self.slots(grant.pool), grant, "is above the limit of its pool")
        ready = run.ready(grant.pool)
        demand(set(grant.steps) <= ready, grant, "is not ready; ready are", sorted(ready))
        demand(grant.steps, "empty", grant)
        first = min(ready, key=lambda step: (-step[0], step[1]))
        demand(grant.steps[0] == first, grant, "goes before", first)
        demand(len(grant.steps) <= max(1, run.batch[grant.node]), grant, "is longer than", run.batch)
        self._demand_turn(run, grant.pool)
        self.grants[fence] = grant
        self._move(grant, "queued")

    def _demand_newer(self, fence: int) -> None:
        demand(fence > self.last_fence, "fence", fence, "after", self.last_fence)
        self.last_fence = fence

    def _demand_turn(self, run: Run, pool: str) -> None:
        waiting = self.waiting(pool)
        others = [self.runs[run_id] for run_id in waiting if run_id != run.run_id]
        demand(all(o.priority <= run.priority for o in others), run.run_id, "went before a larger priority")
        for other in others:
            if other.priority == run.priority:
                turn = pool, other.run_id, run.run_id
                self.passed_over[turn] += 1
                demand(self.passed_over[turn] <= TURNS_WAITED, "turn", turn, "was passed over", self.passed_over[turn])
        self.forget_turns(run.run_id, pool)

    def forget_turns(self, run_id: str, pool: str | None = None) -> None:
        for turn in [t for t in self.passed_over if t[1] == run_id and pool in (None, t[0])]:
            del self.passed_over[turn]

    def settle(self) -> None:
        """What holds whenever a script has ended: no slot is free while somebody may use it."""
        for pool in {node.pool for run in self.runs.values() for node in run.plan.nodes}:
            waiting = self.waiting(pool)
            for run_id in {turn[1] for turn in self.passed_over if turn[0] == pool} - set(waiting):
                self.forget_turns(run_id, pool)
            free = self.slots(pool) - self.in_use(pool)
            demand(free <= 0 or not waiting, "pool", pool, "has", free, "free slots, and waiting are", waiting)

    def _move(self, grant: Held, state: str) -> None:
        for step in grant.steps:
            self.runs[grant.run_id].at[step] = state

    def claimed(self, fence: int, worker: str) -> None:
        grant = self.grants[fence]
        grant.worker = worker
        self._move(grant, "running")
        run = self.runs[grant.run_id]
        run.status = "STARTED" if run.status == "QUEUED" else run.status

    def waiting_with(self, run_id: str, node: int, start: int, stop: int) -> int | None:
        """The unclaimed grant of exactly these steps."""
        for grant in self.of_run(run_id):
            if grant.worker is None and (grant.node, grant.start, grant.stop) == (node, start, stop):
                return grant.fence
        return None

    def exchanged(self, fence: int, start: int, stop: int) -> None:
        """A chain took these steps: those of its own grant go to whoever had them."""
        grant = self.grants[fence]
        if (grant.start, grant.stop) == (start, stop):
            return
        other = self.waiting_with(grant.run_id, grant.node, start, stop)
        demand(other is not None and start < grant.start, grant, "was exchanged for", start, stop)
        earlier = self.grants[other or 0]
        earlier.start, earlier.stop, grant.start, grant.stop = grant.start, grant.stop, start, stop

    def committed(self, fence: int, ends: list[tuple[str, int]], batch: int, *, begun: bool = False) -> None:
        """`ends` are pairs of state and delay of the grant's next steps; the one behind them may have begun."""
        grant = self.grants[fence]
        run = self.runs[grant.run_id]
        for (state, delay_ms), step in zip(ends, grant.steps, strict=False):
            if state == "retry":
                run.tries[step].retries += 1
                state = "canceled" if not run.is_open else "delayed" if delay_ms else "open"
            run.at[step] = state
            if run.is_open:
                run.skip_below()
        grant.start += len(ends)
        if batch and run.is_open:
            run.batch[grant.node] = batch
        if not run.is_open:
            cut = min(grant.stop, grant.start + begun)
            for step in range(cut, grant.stop):
                run.at[grant.node, step] = "canceled"
            grant.stop = cut
        if grant.start == grant.stop:
            self.released(fence)
        self._end_if_finished(run)

    def released(self, fence: int) -> Held:
        self.expired.discard(fence)
        return self.grants.pop(fence)

    def _end_if_finished(self, run: Run) -> None:
        if run.is_finished() and not run.is_terminal:
            run.end()

    def returned(self, fence: int, *, crashed: bool) -> Step | None:
        """A grant came back without a commit; the step that is poison, if it is."""
        grant = self.released(fence)
        run = self.runs[grant.run_id]
        if not run.is_open:
            self._move(grant, "canceled")
            self._end_if_finished(run)
            return None
        self._move(grant, "open")
        if not crashed or grant.worker is None:
            return None
        first = grant.steps[0]
        run.batch[grant.node] = 1
        run.tries[first].crashes += grant.worker != "recovery"
        return first if run.tries[first].crashes >= self.max_crashes else None

    def quarantined(self, run_id: str, step: Step, fence: int) -> None:
        self._demand_newer(fence)
        demand(self.runs[run_id].at[step] == "open", step, "is quarantined and", self.runs[run_id].at[step])
        self.grants[fence] = Held(fence, run_id, "", step[0], step[1], step[1] + 1, "recovery")
        self.runs[run_id].at[step] = "running"

    def held_by(self, worker: str) -> list[int]:
        return [fence for fence, grant in self.grants.items() if grant.worker == worker]

    def of_run(self, run_id: str) -> list[Held]:
        return [grant for grant in self.grants.values() if grant.run_id == run_id]

    def canceled(self, run: Run) -> None:
        run.status = "CANCELING"
        for grant in self.of_run(run.run_id):
            if grant.worker is None:
                self.released(grant.fence)
        if run.turn is not None:
            run.busy = 0
        run.cancel_rest("open", "delayed", "queued")
        self.due = {entry for entry in self.due if entry[0] != run.run_id}
        self._end_if_finished(run)

    def lowered(self, pool: str, limit: int) -> None:
        """The newest grants that nobody claimed go back, as many as are too many."""
        if limit < 0:
            self.limits.pop(pool, None)
            return
        self.limits[pool] = limit
        over = self.in_use(pool) - limit
        unclaimed = sorted(g.fence for g in self.grants.values() if g.pool == pool and g.worker is None)
        for fence in list(reversed(unclaimed))[: max(0, over)]:
            self.returned(fence, crashed=False)

    def rebuilt(self, run: Run) -> None:
        for grant in self.of_run(run.run_id):
            self._move(self.released(grant.fence), "open")
        for step, state in run.at.items():
            run.at[step] = "open" if state == "delayed" else state
        self.due = {entry for entry in self.due if entry[0] != run.run_id}
        run.batch = dict.fromkeys(run.batch, 1)
        self.forget_turns(run.run_id)


def spans(steps: Iterable[Step]) -> Iterator[tuple[int, int, int]]:
    """Consecutive steps of a node as `(node, start, stop)`."""
    for (node, _), group in groupby(enumerate(sorted(steps)), lambda item: (item[1][0], item[1][1] - item[0])):
        members = [step for _, (_, step) in group]
        yield node, members[0], members[-1] + 1
