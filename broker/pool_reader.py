"""Reads pools, grants and workers from Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis

from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.run_reader import RunReader
from assetq.definitions.pool_name import slots_of
from assetq.errors import UnknownRunError, UsageError, suggest
from assetq.execution.pool_limit import DEFAULT_POOL, PoolLimits, Rate
from assetq.execution.record import PoolDetail, PoolHolder, PoolRecord, PoolWaiter, WorkerRecord


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """A batch that holds a slot."""

    fence: str
    run_id: str
    node: int
    start: int
    stop: int
    state: str
    worker: str | None
    since_ms: int
    bundle: str

    def slots_in(self, pool: str) -> int:
        """Slots of a pool that it holds."""
        return dict(slots_of(self.bundle)).get(pool, 0)


@dataclass(frozen=True, slots=True)
class PoolReader:
    """Pools and workers of one namespace."""

    client: Redis
    keys: Keys
    runs: RunReader

    def grants(self, fences: list[str]) -> list[GrantRecord]:
        """The grants that still exist, of some fences."""
        with self.client.pipeline(transaction=False) as pipeline:
            for fence in fences:
                pipeline.hmget(
                    self.keys("grant", fence), "run", "node", "from", "to", "state", "worker", "since", "bundle", "pool"
                )
            rows = pipeline.execute() if fences else []
        return [
            GrantRecord(
                fence,
                text(r[0]),
                int(r[1]),
                int(r[2]),
                int(r[3]),
                text(r[4]),
                text(r[5]) if r[5] else None,
                int(r[6]),
                text(r[7] or r[8]),
            )
            for fence, r in zip(fences, rows, strict=True)
            if r[0]
        ]

    def names(self) -> list[str]:
        """Every known pool."""
        known = {text(name) for name in self.client.smembers(self.keys("pools"))}
        served = {text(name) for name in self.client.hkeys(self.keys("capacity"))}
        return sorted(known | served | self.limits().names() | {DEFAULT_POOL})

    def pools(self) -> list[PoolRecord]:
        """Every pool."""
        limits = self.limits()
        return [self._record(pool, self.holders(pool), limits) for pool in self.names()]

    def limits(self) -> PoolLimits:
        """Limits and who gave them."""
        limits = self.client.hgetall(self.keys("limits"))
        sources = self.client.hgetall(self.keys("limit_sources"))
        return PoolLimits(
            {text(p): int(n) for p, n in limits.items() if b":" not in p},
            {text(p): text(s) for p, s in sources.items()},
            {text(p)[5:]: Rate.from_wire(text(r)) for p, r in limits.items() if p.startswith(b"rate:")},
        )

    def holders(self, pool: str) -> list[GrantRecord]:
        """Grants that hold slots of a pool, or of a value of a concurrency key."""
        own = self.client.zrange(self.keys("holders", pool), 0, -1)
        shares = self.client.zrange(self.keys("shares", pool), 0, -1)
        fences = dict.fromkeys(text(member).partition("#")[0] for member in (*own, *shares))
        return self.grants(list(fences))

    def _record(self, pool: str, holders: list[GrantRecord], limits: PoolLimits) -> PoolRecord:
        ready = self.client.hget(self.keys("pool_ready"), pool)
        queued = sum(holder.slots_in(pool) for holder in holders if holder.state == "queued")
        in_use = len(holders) if "=" in pool else sum(holder.slots_in(pool) for holder in holders)
        own = [holder for holder in holders if slots_of(holder.bundle)[0][0] == pool]
        return PoolRecord(
            pool=pool,
            limit=limits.of(pool),
            in_use=in_use,
            queued=queued,
            ready=int(ready or 0),
            source=limits.source_of(pool),
            rate=limits.rate_of(pool),
            oldest_wait_ms=self._oldest_wait_ms(pool) if ready and int(ready) > 0 else None,
            workers=int(self.client.hget(self.keys("capacity"), pool) or 0),
            messages=sum(holder.state == "queued" for holder in own),
            batches=len(own),
            largest=self._largest(pool),
        )

    def _largest(self, pool: str) -> int:
        weights = {bundle: dict(slots_of(bundle))[pool] for bundle in self.bundles(pool)} if "=" not in pool else {}
        waiting = [b for b, weight in weights.items() if weight > 1 and self.client.exists(self.keys("turns", b))]
        return max((weights[bundle] for bundle in waiting), default=1)

    def _oldest_wait_ms(self, pool: str) -> int | None:
        since = [
            int(at)
            for bundle in self.bundles(pool)
            if slots_of(bundle)[0][0] == pool
            for run_id in self.client.zrange(self.keys("turns", bundle), 0, -1)
            if (at := self.client.hget(self.keys("nodes", text(run_id)), f"since:{bundle}")) is not None
        ]
        seconds, micros = self.client.time()
        return max(0, int(seconds) * 1000 + int(micros) // 1000 - min(since)) if since else None

    def pool(self, pool: str) -> PoolDetail:
        """A pool with its holders and waiters.

        Raises:
            UsageError: Nothing has named this pool yet.
        """
        names = self.names()
        if pool not in names and "=" not in pool:
            raise UsageError(f"There is no pool '{pool}'.{suggest(pool, names)} `assetq pools set {pool} N` makes one.")
        grants = self.holders(pool)
        record = self._record(pool, grants, self.limits())
        holders = tuple(self.holder(pool, grant) for grant in grants)
        waiters = self._parked(pool) if "=" in pool else self._waiters(record)
        return PoolDetail(record, holders, tuple(waiters))

    def holder(self, pool: str, g: GrantRecord) -> PoolHolder:
        """A grant as people see it."""
        slots = 1 if "=" in pool else g.slots_in(pool)
        return PoolHolder(g.run_id, self._steps(g), g.state, g.worker, g.since_ms, slots)

    def _steps(self, grant: GrantRecord) -> str:
        try:
            return self.runs.plan(grant.run_id).steps_key(grant.node, grant.start, grant.stop)
        except UnknownRunError:
            return f"node {grant.node}, steps {grant.start}-{grant.stop - 1}"

    def _waiters(self, record: PoolRecord) -> list[PoolWaiter]:
        queue = sorted(
            (score, bundle, text(run_id))
            for bundle in self.bundles(record.pool)
            for run_id, score in self.client.zrange(self.keys("turns", bundle), 0, -1, withscores=True)
        )
        limits, why = self.limits(), {}
        for bundle in {bundle for _, bundle, _ in queue}:
            why[bundle] = dict(self.missing(bundle, limits)) or {"worker": "all workers of the pool are busy"}
        return [
            PoolWaiter(run_id, self._ready_in(run_id, b), "; ".join(why[b].values()), place, next(iter(why[b])))
            for place, (_, b, run_id) in enumerate(queue)
        ]

    def _parked(self, key: str) -> list[PoolWaiter]:
        """Runs that wait for a slot of a value of a concurrency key."""
        bundles = [text(bundle) for bundle in self.client.smembers(self.keys("parkings", key))]
        queue = sorted(
            (score, text(member).partition("|")[0])
            for bundle in bundles
            for member, score in self.client.zrange(self.keys("parked", key, bundle), 0, -1, withscores=True)
        )
        reason = f"all slots of '{key}' are in use"
        return [PoolWaiter(run_id, 1, reason, place, "key") for place, (_, run_id) in enumerate(queue)]

    def bundles(self, pool: str) -> list[str]:
        """What steps need that includes a slot of the pool: the pool alone first."""
        return [pool, *sorted(text(name) for name in self.client.smembers(self.keys("bundles", pool)))]

    def _ready_in(self, run_id: str, pool: str) -> int:
        lanes = [text(lane) for lane in self.client.zrange(self.keys("offer", run_id, pool), 0, -1)]
        nodes = sorted({lane.partition("|")[0] for lane in lanes})
        held = self.client.hmget(self.keys("nodes", run_id), [f"held:{node}" for node in nodes]) if nodes else []
        return sum(int(count or 0) for count in held)

    def missing(self, bundle: str, limits: PoolLimits) -> Iterator[tuple[str, str]]:
        """What a bundle lacks, by kind, in sentences; nothing when it fits."""
        yield from self.missing_worker(bundle)
        for pool, weight in slots_of(bundle):
            yield from self._missing_of(pool, weight, limits)
            owner = self.client.hget(self.keys("reserved"), pool)
            if owner is not None and text(owner) != bundle:
                yield "turn", f"pool '{pool}' is kept for steps of '{text(owner)}', which have waited longer"

    def missing_worker(self, bundle: str) -> Iterator[tuple[str, str]]:
        """That nobody takes the messages of a bundle; nothing when somebody does."""
        home = slots_of(bundle)[0][0]
        if not int(self.client.hget(self.keys("capacity"), home) or 0):
            yield "worker", f"no live worker serves pool '{home}'; start one with --pools {home}"

    def _missing_of(self, pool: str, weight: int, limits: PoolLimits) -> Iterator[tuple[str, str]]:
        limit, rate = limits.of(pool), limits.rates.get(pool)
        used = int(self.client.zcard(self.keys("holders", pool))) + int(self.client.zcard(self.keys("shares", pool)))
        if limit == 0:
            yield "limit", f"the pool '{pool}' is paused (limit 0)"
        elif limit is not None and weight > limit:
            mend = f"`assetq pools set {pool} {weight}`"
            yield "limit", f"a step needs {weight} slots of pool '{pool}', whose limit is {limit}: {mend}"
        elif limit is not None and used + weight > limit:
            yield (
                "limit",
                f"all {limit} slots of pool '{pool}' are in use"
                if weight == 1
                else (f"{limit - used} of {limit} slots of pool '{pool}' are free, and a step needs {weight}"),
            )
        if rate is not None and self.client.zcard(self.keys("starts", pool)) >= rate.starts:
            yield "rate", f"pool '{pool}' has had its {rate} starts"

    def workers(self) -> list[WorkerRecord]:
        """Live workers, by name."""
        names = sorted(text(name) for name in self.client.zrange(self.keys("workers"), 0, -1))
        return [record for record in map(self._worker, names) if record is not None]

    def _worker(self, name: str) -> WorkerRecord | None:
        fields = {text(k): text(v) for k, v in self.client.hgetall(self.keys("worker", name)).items()}
        if not fields:
            return None
        fences = [text(fence) for fence in self.client.smembers(self.keys("worker_grants", name))]
        running = tuple(sorted(self._steps(grant) for grant in self.grants(fences)))
        return WorkerRecord(
            name=name,
            host=fields["host"],
            pid=int(fields["pid"]),
            pools=tuple(fields["pools"].split(",")),
            concurrency=int(fields["concurrency"]),
            started_at_ms=int(fields["started"]),
            seen_at_ms=int(fields["seen"]),
            version=fields["version"],
            running=running,
        )
