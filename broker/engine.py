"""The state machine's face in Python: one method for each transition.

Every method runs one Lua script (`lua/<name>.lua`), publishes the messages that it returns and
raises what its code means. Nothing here changes state by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from redis import Redis

from assetq.broker.codes import Code, error_of
from assetq.broker.keys import Keys
from assetq.broker.message import Grant, HeldGrant, Message, Poisoned, text
from assetq.broker.script import load_script
from assetq.broker.settings import Settings
from assetq.errors import AssetqError
from assetq.execution.pool_limit import Rate

RECOVERY_LIMIT = 200


class Publishes(Protocol):
    """Where granted messages go."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Send the messages; must not raise for a broker that is away."""


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """What the engine must know of one node of a plan.

    `bundle` is what each step holds of pools, see `bundle_of`; `ready` a flat list of half-open ranges of steps;
    `order` says which node of a run goes first (smallest); `opens` names, comma-separated, the nodes whose gate opens
    when this one succeeds; `key` is the value of the concurrency key that all its steps have, `lanes`
    `offset:stride:size` when a dimension is the key: step `s` is in lane `(s + offset) // stride % size`, whose value
    `lane_keys` holds, as a flat list; `fan` is the number of the fan whose steps it has.
    """

    bundle: str
    order: float
    steps: int
    gates: int
    opens: str
    batch: int
    ready: tuple[int, ...]
    key: str = ""
    lanes: str = ""
    lane_keys: tuple[int | str, ...] = ()
    fan: int | None = None

    def to_wire(self) -> list[Any]:
        """In the order that submit_run.lua documents."""
        known = [self.bundle, self.order, self.steps, self.gates, self.opens, self.batch, list(self.ready)]
        fan = "" if self.fan is None else str(self.fan)
        return [*known, self.key, self.lanes, list(self.lane_keys), fan]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended, with all that must be recorded in the same moment.

    Attributes:
        step: Number of the step in its node.
        state: "succeeded", "failed", "skipped" or "retry".
        attempt: Number of the attempt, from 1.
        started: When the body began, ms since the epoch by the worker's clock.
        delay_ms: Wait before the next attempt, for "retry".
        message: Short reason.
        error: Details of a failure, packed.
        events: Packed events that the step reported.
        index: `[number, asset, kind, check]`: which of `events`, counted from 1, enter an asset's history.
        assets: `[asset, identity, from, to, latest, number]` for each asset touched, absolute partition indices;
            `number` is that of the materialization in `events`, 0 for none.
        versions: `[asset, identity, from, marks, given]`: data versions of consecutive partitions, 24 bytes each.
        made: `[from, to]`: partitions of the step that it has made so far, when it did not succeed as a whole.
        satisfied: `[node, from, to, need]`: steps that have one upstream step more behind them.
        skips: `[node, from, to]`: steps that cannot run any more; to -1 where they are all of a fan.
        cause: Why they are skipped.
        grows: `[fan, count, keys, [[node, is_first], ...]]` of each dynamic output that it gave, keys packed;
            `is_first` of nodes that read no other of the fan.
    """

    step: int
    state: str
    attempt: int
    started: int
    delay_ms: int = 0
    message: str | None = None
    error: bytes | None = None
    events: tuple[bytes, ...] = ()
    index: tuple[tuple[int, str, str, str], ...] = ()
    assets: tuple[tuple[str, str, int, int, bytes, int], ...] = ()
    versions: tuple[tuple[str, str, int, bytes, str], ...] = ()
    made: tuple[tuple[int, int], ...] = ()
    satisfied: tuple[tuple[int, int, int, int], ...] = ()
    skips: tuple[tuple[int, int, int], ...] = ()
    cause: str | None = None
    grows: tuple[tuple[int, int, bytes, tuple[tuple[int, int], ...]], ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """As commit_steps.lua takes it."""
        return {name: getattr(self, name) for name in OUTCOME_FIELDS}


STEP_SCRIPTS = "claim_steps", "commit_steps"
OUTCOME_FIELDS = tuple(each.name for each in fields(Outcome))


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims: the worker's name, the process that runs the steps, and the pools it serves."""

    worker: str
    pid: int
    pools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one turn of recovery found; idle when no run goes on."""

    poisoned: tuple[Poisoned, ...] = ()
    unclaimed: tuple[Message, ...] = ()
    next_due_ms: int | None = None
    was_busy: bool = False
    is_idle: bool = False


@dataclass(slots=True)
class Engine:
    """Runs transitions on one namespace."""

    client: Redis
    keys: Keys
    settings: Settings
    publisher: Publishes
    _loaded: dict[str, Any] = field(default_factory=dict)

    def run_script(self, script_name: str, **arguments: Any) -> list[Any]:
        """Run a transition and return its reply, code first."""
        script = load_script(script_name)
        if script_name not in self._loaded:
            self._loaded[script_name] = self.client.register_script(script.source)
        reply: list[Any] = self._loaded[script_name](keys=[self.keys.root], args=script.pack(arguments))
        reply[0] = Code(text(reply[0]))
        return reply

    def prepare(self) -> None:
        """Have the server know the scripts of every step, so that the first step need not wait for them."""
        for script_name in STEP_SCRIPTS:
            self.client.script_load(load_script(script_name).source)

    def _publish(self, replies: Sequence[Any]) -> None:
        self.publisher.publish([Message.from_reply(reply) for reply in replies])

    def submit(
        self,
        run_id: str,
        plan: bytes,
        details: Mapping[str, Any],
        total: int,
        nodes: Sequence[NodeEntry],
        held_ms: int = 0,
        tags: Sequence[str] = ("*",),
    ) -> None:
        """Accept a run whole. Atomic.

        Args:
            run_id: New and unique.
            plan: The plan, packed.
            details: Fields of the run hash.
            total: Steps of the plan.
            nodes: What the fleet must know; none of it for a run that this process executes itself.
            held_ms: How long this process may be silent while it executes the run; 0 for a run of the fleet.
            tags: What it counts under for limits of runs, see `counted_tags`.
        """
        flat = [item for pair in details.items() for item in pair]
        wire = [node.to_wire() for node in nodes]
        reply = self.run_script(
            "submit_run",
            run_id=run_id,
            plan=plan,
            details=flat,
            total=total,
            nodes=wire,
            held_ms=held_ms,
            tags=list(tags),
        )
        if reply[0] is not Code.OK:
            raise error_of(reply[0], run_id)
        self._publish(reply[1])

    def claim(self, run_id: str, fence: str, claimant: Claimant) -> Grant | None:
        """Take a granted batch; None when it is no longer on offer (stale, duplicate, canceled). Atomic."""
        reply = self.run_script(
            "claim_steps",
            run_id=run_id,
            fence=fence,
            worker=claimant.worker,
            pid=claimant.pid,
            lease_ms=self.settings.lease_ms,
        )
        return Grant.from_reply(reply[1]) if reply[0] is Code.OK else None

    def commit(
        self,
        grant: Grant,
        claimant: Claimant,
        outcomes: Sequence[Outcome],
        *,
        batch: int = 0,
        chain: bool = False,
        begun: bool = False,
    ) -> Grant | None:
        """Record outcomes of the batch's next steps, in order. Atomic.

        Args:
            grant: The batch; its fence is checked.
            claimant: Who holds it.
            outcomes: Consecutive steps from the first uncommitted one.
            batch: Steps of this node that should travel together from now on; 0 leaves it.
            chain: Take the next ready batch of the claimant's pools at once.
            begun: The step behind these does not wait for the answer to begin.

        Returns:
            The chained grant, if one was asked for and ready.

        Raises:
            StaleAttemptError: The lease was lost, and nothing was recorded.
            RunCanceledError: The outcomes are recorded, and the rest of the batch is not to begin; a step that has
                begun is held until it is handed back.
        """
        reply = self.run_script(
            "commit_steps",
            run_id=grant.run_id,
            fence=grant.fence,
            worker=claimant.worker,
            outcomes=[outcome.to_wire() for outcome in outcomes],
            batch=batch,
            chain=list(claimant.pools) if chain else [],
            pid=claimant.pid,
            lease_ms=self.settings.lease_ms,
            begun=begun,
        )
        if reply[0] in (Code.OK, Code.CANCELED):
            self._publish(reply[1])
        if reply[0] is not Code.OK:
            raise error_of(reply[0], f"run {grant.run_id}, grant {grant.fence}")
        return Grant.from_reply(reply[2]) if reply[2] else None

    def is_current(self, fence: str, claimant: Claimant) -> bool:
        """True while the claimant holds the grant with this fence.

        A restart may forget the claim but not the grant: another process then holds it under the same fence.
        """
        return is_holder(self.client.hmget(self.keys("grant", fence), "worker", "pid"), claimant)

    def may_begin(self, grant: Grant, claimant: Claimant) -> bool:
        """True while the claimant holds the grant, and its run is neither canceled nor at its end."""
        with self.client.pipeline(transaction=False) as pipeline:
            pipeline.hget(self.keys("run", grant.run_id), "status")
            pipeline.hmget(self.keys("grant", grant.fence), "worker", "pid")
            status, holder = pipeline.execute()
        return status in (b"QUEUED", b"STARTED") and is_holder(holder, claimant)

    def hand_back(self, fence: str, worker: str, *, crashed: bool, reason: str) -> list[Poisoned]:
        """Return a grant's unfinished steps to the ready queue. Atomic."""
        reply = self.run_script(
            "return_steps",
            fence=fence,
            worker=worker,
            crashed=crashed,
            max_crashes=self.settings.max_crashes,
            reason=reason,
        )
        if reply[0] is not Code.OK:
            return []
        self._publish(reply[1])
        return [Poisoned.from_reply(item) for item in reply[2]]

    def refuse(self, fence: str, worker: str, *, reason: str) -> bool:
        """Return a grant's steps for a worker that has the right definition of their op. Atomic.

        Returns:
            False when no such worker was seen for as long as the settings allow: nothing was changed, the steps fail.
        """
        reply = self.run_script(
            "refuse_steps",
            fence=fence,
            worker=worker,
            patience_ms=self.settings.drift_patience_ms,
            reason=reason,
        )
        if reply[0] is Code.OK:
            self._publish(reply[1])
        return reply[0] is not Code.EXPIRED

    def cancel(self, run_id: str) -> None:
        """Cancel a run: nothing of it is claimed from here on. Atomic.

        Raises:
            UnknownRunError: There is no such run.
            UsageError: The run has ended.
        """
        reply = self.run_script("cancel_run", run_id=run_id)
        if reply[0] is not Code.OK:
            raise error_of(reply[0], run_id)
        self._publish(reply[1])

    def fail_run(self, run_id: str, failure: str) -> None:
        """End a run that cannot go on: as `cancel`, but it ends as a failure that says why. Atomic.

        Nothing happens to a run that has ended, or is about to.
        """
        reply = self.run_script("fail_run", run_id=run_id, failure=failure)
        if reply[0] is Code.OK:
            self._publish(reply[1])

    def heartbeat(self, worker: str, details: Mapping[str, Any], running: Sequence[str]) -> list[HeldGrant]:
        """Say that a worker lives, and renew the leases of the fences it is `running`. Atomic.

        Returns:
            Every grant that the record says the worker holds; one that it is not running was lost on
            the way and comes back when its lease expires.
        """
        reply = self.run_script(
            "heartbeat",
            worker=worker,
            details=[item for pair in details.items() for item in pair],
            lost_ms=self.settings.lease_ms,
            lease_ms=self.settings.lease_ms,
            running=list(running),
        )
        self._publish(reply[1])
        return [HeldGrant.from_reply(item) for item in reply[2]]

    def retire(self, worker: str) -> list[Poisoned]:
        """A worker leaves: hand back what it holds and recount capacity. Atomic."""
        reply = self.run_script("retire_worker", worker=worker, max_crashes=self.settings.max_crashes)
        self._publish(reply[1])
        return [Poisoned.from_reply(item) for item in reply[2]]

    def recover(self) -> Recovery:
        """One turn of recovery, paced over the whole fleet by a lock. Atomic."""
        reply = self.run_script(
            "recover",
            pace_ms=self.settings.recovery_ms,
            max_crashes=self.settings.max_crashes,
            republish_ms=self.settings.republish_ms,
            limit=RECOVERY_LIMIT,
        )
        if reply[0] is Code.BUSY:
            return Recovery(was_busy=True, is_idle=bool(reply[1]))
        self._publish(reply[1])
        due = int(reply[4])
        return Recovery(
            poisoned=tuple(Poisoned.from_reply(item) for item in reply[2]),
            unclaimed=tuple(Message.from_reply(item) for item in reply[3]),
            next_due_ms=due if due >= 0 else None,
            is_idle=bool(reply[5]),
        )

    def set_pool_limit(self, pool: str, limit: int, rate: Rate | None = None) -> None:
        """Change a pool's limit and rate at once; -1 removes both. Atomic."""
        reply = self.run_script("set_pool_limit", pool=pool, limit=limit, rate=rate.to_wire() if rate else "")
        if reply[0] is not Code.OK:
            raise AssetqError(f"pool {pool}: refused with {reply[0]}")
        self._publish(reply[1])

    def set_run_limit(self, tag: str, limit: int, source: str = "hand") -> None:
        """Change how many runs with a tag may start steps at once; -1 removes the limit. Atomic."""
        self._publish(self.run_script("set_run_limit", tag=tag, limit=limit, source=source)[1])

    def set_priority(self, run_id: str, priority: int) -> None:
        """Give a run another place in every queue. Atomic.

        Raises:
            UnknownRunError: There is no such run.
            UsageError: The run has ended.
        """
        reply = self.run_script("set_priority", run_id=run_id, priority=priority)
        if reply[0] is not Code.OK:
            raise error_of(reply[0], run_id)
        self._publish(reply[1])

    def register_pools(self, pools: Sequence[str], limits: Mapping[str, int]) -> None:
        """Make pools known, with the limits that code gives; those set by hand stay. Atomic."""
        flat = [item for pair in limits.items() for item in pair]
        self._publish(self.run_script("register_pools", pools=list(pools), limits=flat)[1])

    def rebuild(
        self,
        run_id: str,
        nodes: Sequence[NodeEntry],
        need: Sequence[tuple[int, int, int]],
        counts: tuple[int, int, int],
        growth: str = "",
        undone: Sequence[tuple[int, int]] = (),
    ) -> bool:
        """Replace what is derived of an active run; steps under way begin again. Atomic.

        Args:
            run_id: The run.
            nodes: What is left of each node.
            need: `(node, step, done)` for partly satisfied steps.
            counts: Steps that succeeded, failed, were skipped.
            growth: Version of the growth that was read.
            undone: `(node, step)` that succeeded and run again, since what they gave is not known.

        Returns:
            False when the run went on since `counts` and `growth` were read: nothing was changed.
        """
        wire = [node.to_wire() for node in nodes]
        reply = self.run_script(
            "rebuild_run",
            run_id=run_id,
            nodes=wire,
            need=list(need),
            counts=list(counts),
            growth=growth,
            undone=list(undone),
        )
        if reply[0] is Code.BUSY:
            return False
        if reply[0] is not Code.OK:
            raise error_of(reply[0], run_id)
        self._publish(reply[1])
        return True


def is_holder(held_by: Sequence[bytes | None], claimant: Claimant) -> bool:
    """Whether worker and process of a grant are those of a claimant."""
    return [text(part or b"") for part in held_by] == [claimant.worker, str(claimant.pid)]
