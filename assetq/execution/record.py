"""What an instance answers: runs, pools, assets, workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from assetq.execution.event import Event, iso


class RunStatus(StrEnum):
    """Where a run is."""

    QUEUED = "QUEUED"
    STARTED = "STARTED"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"

    @property
    def is_terminal(self) -> bool:
        """True when the run will not change any more."""
        return self in (RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELED)


NO_JOB = "__ephemeral_asset_job__"
"""Name of the job of runs that belong to none, as in Dagster."""


@dataclass(frozen=True, slots=True)
class StepCounts:
    """Steps of a run by state."""

    total: int = 0
    waiting: int = 0
    ready: int = 0
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    canceled: int = 0

    @property
    def done(self) -> int:
        """Steps that have ended, however."""
        return self.succeeded + self.failed + self.skipped + self.canceled

    def to_json(self) -> dict[str, int]:
        """As in the run document."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run; times are ms since the epoch."""

    run_id: str
    status: RunStatus
    steps: StepCounts
    submitted_at_ms: int
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0
    selection: str = ""
    parent_run_id: str | None = None
    job: str = ""

    @property
    def job_name(self) -> str:
        """Name of its job; the same for all runs that belong to none."""
        return self.job or NO_JOB

    @property
    def dagster_run(self) -> RunRecord:
        """Itself: what Dagster's run records wrap."""
        return self

    @property
    def is_success(self) -> bool:
        """True for a run that succeeded."""
        return self.status is RunStatus.SUCCESS

    @property
    def is_failure(self) -> bool:
        """True for a run that failed."""
        return self.status is RunStatus.FAILURE

    @property
    def is_failure_or_canceled(self) -> bool:
        """True for a run that failed or was canceled."""
        return self.is_failure or self.status is RunStatus.CANCELED

    @property
    def is_finished(self) -> bool:
        """True for a run that has ended, however."""
        return self.status.is_terminal

    @property
    def create_timestamp(self) -> datetime:
        """When it was submitted."""
        return datetime.fromtimestamp(self.submitted_at_ms / 1000, UTC)

    @property
    def start_time(self) -> float | None:
        """Seconds since the epoch."""
        return None if self.started_at_ms is None else self.started_at_ms / 1000

    @property
    def end_time(self) -> float | None:
        """Seconds since the epoch."""
        return None if self.ended_at_ms is None else self.ended_at_ms / 1000

    def to_json(self) -> dict[str, Any]:
        """The run document."""
        return {
            "run_id": self.run_id,
            "status": str(self.status),
            "steps": self.steps.to_json(),
            "submitted_at": iso(self.submitted_at_ms),
            "started_at": iso(self.started_at_ms),
            "ended_at": iso(self.ended_at_ms),
            "tags": dict(self.tags),
            "priority": self.priority,
            "selection": self.selection,
            "parent_run_id": self.parent_run_id,
            **({"job": self.job} if self.job else {}),
        }


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """A pool: its limit (None for none) and how many slots and steps there are.

    Attributes:
        source: Who gave the limit: "hand", "code", or "default" for the one of pools without their own.
        rate: Steps that may begin in a period, for example "5/s"; None for no rate.
        oldest_wait_ms: How long steps have waited for a slot without a break, at most; None when none wait.
        workers: Processes of live workers that consume its queue.
        messages: Batches that were published to its queue and that nobody has claimed.
        batches: Batches that came by its queue and hold slots, of whatever pools; `messages` are among them.
        largest: The most slots of it that a waiting step needs at once.
    """

    pool: str
    limit: int | None
    in_use: int
    queued: int
    ready: int
    source: str | None = None
    rate: str | None = None
    oldest_wait_ms: int | None = None
    workers: int = 0
    messages: int = 0
    batches: int = 0
    largest: int = 1

    @property
    def running(self) -> int:
        """Slots whose steps are under way."""
        return self.in_use - self.queued

    @property
    def wanted_workers(self) -> int:
        """Processes that would be busy now, had the pool as many: what an autoscaler aims at."""
        demand = self.batches + self.ready
        return demand if self.limit is None else max(self.batches - self.messages, min(demand, self.limit))

    @property
    def problem(self) -> str | None:
        """What keeps steps of the pool from starting that nobody but a person can change; None for nothing."""
        if (self.ready or self.messages) and not self.workers:
            return f"no live worker consumes its queue; start one with --pools {self.pool}"
        if self.limit and self.largest > self.limit:
            return (
                f"a step that waits needs {self.largest} slots at once; `assetq pools set {self.pool} {self.largest}`"
            )
        return None

    def to_json(self) -> dict[str, Any]:
        """As `assetq pools list --json` prints it."""
        derived = {"running": self.running, "wanted_workers": self.wanted_workers, "problem": self.problem}
        return {**asdict(self), **derived}


@dataclass(frozen=True, slots=True)
class PoolHolder:
    """Who holds a slot: a batch of steps, queued or running."""

    run_id: str
    steps: str
    state: str
    worker: str | None
    since_ms: int
    slots: int = 1

    def to_json(self) -> dict[str, Any]:
        """With the time as text."""
        return {
            "run_id": self.run_id,
            "steps": self.steps,
            "state": self.state,
            "worker": self.worker,
            "since": iso(self.since_ms),
            "slots": self.slots,
        }


@dataclass(frozen=True, slots=True)
class PoolWaiter:
    """A run with ready steps that have no slot, and why."""

    run_id: str
    ready: int
    reason: str
    position: int = 0
    missing: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class StepWait:
    """Where a step is, and what it waits for.

    Attributes:
        pools: Pool -> slots that it needs.
        position: Runs that are before its own in turn; None when it is in no queue.
        missing: What is missing, in sentences by kind: "run", "runs", "key", "limit", "rate", "turn", "worker".
        holders: Who holds what is missing.
        note: The value of its concurrency key, or why it has none; "" for a step without such a key.
    """

    step: str
    state: str
    pools: Mapping[str, int] = field(default_factory=dict)
    position: int | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    holders: tuple[PoolHolder, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `assetq runs show --step --json` prints it."""
        return {**asdict(self), "holders": [holder.to_json() for holder in self.holders]}


@dataclass(frozen=True, slots=True)
class PoolDetail:
    """A pool with its holders and waiters, first in turn first."""

    record: PoolRecord
    holders: tuple[PoolHolder, ...]
    waiters: tuple[PoolWaiter, ...]

    def to_json(self) -> dict[str, Any]:
        """As `assetq pools show --json` prints it."""
        return {
            **self.record.to_json(),
            "holders": [holder.to_json() for holder in self.holders],
            "waiters": [waiter.to_json() for waiter in self.waiters],
        }


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """A live worker; `running` are the steps under way."""

    name: str
    host: str
    pid: int
    pools: tuple[str, ...]
    concurrency: int
    started_at_ms: int
    seen_at_ms: int
    version: str
    running: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """With times as text."""
        return {
            "name": self.name,
            "host": self.host,
            "pid": self.pid,
            "pools": list(self.pools),
            "concurrency": self.concurrency,
            "started_at": iso(self.started_at_ms),
            "seen_at": iso(self.seen_at_ms),
            "version": self.version,
            "running": list(self.running),
        }


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """What the catalog knows of an asset; `partitions` and `mappings` (by upstream key) are plain forms."""

    key: str
    description: str | None = None
    group: str = "default"
    kinds: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    deps: tuple[str, ...] = ()
    code_version: str | None = None
    pool: str | None = None
    partitions: Mapping[str, Any] | None = None
    mappings: Mapping[str, Any] = field(default_factory=dict)
    is_external: bool = False
    latest: Event | None = None

    def to_json(self) -> dict[str, Any]:
        """As `assetq assets show --json` prints it."""
        return {
            "asset": self.key,
            "description": self.description,
            "group": self.group,
            "kinds": list(self.kinds),
            "owners": list(self.owners),
            "tags": dict(self.tags),
            "deps": list(self.deps),
            "code_version": self.code_version,
            "pool": self.pool,
            "partitioned_by": self.partitions["kind"] if self.partitions else None,
            "is_external": self.is_external,
            "latest_materialization": self.latest.to_json() if self.latest else None,
        }


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """Partitions of an asset by status; each counts once, an asset without partitions as one."""

    asset: str
    total: int
    materialized: int
    failed: int
    in_progress: int
    missing: int

    def to_json(self) -> dict[str, Any]:
        """As `assetq assets status --json` prints it."""
        counts = asdict(self)
        return {"asset": counts.pop("asset"), "partitions": counts}
