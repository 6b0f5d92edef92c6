"""What one process of a worker keeps: definitions, resources, connections, plans of current runs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from redis import Redis

from assetq.broker.connection import PASSING, connect, patience_s, pause_s, with_retries
from assetq.broker.engine import Claimant, Engine
from assetq.broker.growth import read_plan
from assetq.broker.instance import RedisInstance
from assetq.broker.keys import Keys
from assetq.broker.publisher import Publisher
from assetq.broker.run_versions import RunVersions
from assetq.broker.script import unpackb
from assetq.broker.settings import Settings
from assetq.definitions import Definitions
from assetq.errors import UsageError
from assetq.execution.cleanup import has_intermediates
from assetq.execution.input_cache import InputCache
from assetq.execution.session import ExecutionSession
from assetq.planning import Plan
from assetq.workers.board import Board

T = TypeVar("T")

RUN_CACHE_SIZE = 16
RETRY_S = 3600.0


@dataclass(frozen=True, slots=True)
class RunContext:
    """What every step of a run shares; a session of its own when its config is about resources."""

    run_id: str
    plan: Plan
    tags: Mapping[str, str]
    config: Mapping[str, Any]
    session: ExecutionSession | None = None
    has_intermediates: bool = False

    def has_grown_to(self, growth: str) -> bool:
        """True while its plan is the one that a grant names."""
        return self.plan.growth == growth or not self.plan.fans


@dataclass(slots=True)
class WorkerConfig:
    """How a worker was started; made before the fork and shared by its processes. `spool` is a folder of its own."""

    name: str
    settings: Settings
    defs: Definitions
    pools: tuple[str, ...]
    concurrency: int
    board: Board
    spool: str = ""

    def spool_path(self, pid: int) -> str:
        """Where a child keeps what its attempt prints, until it is in shared storage."""
        return f"{self.spool}/{pid}.log"


@dataclass(slots=True)
class ProcessState:
    """Everything that a process opens for itself, after the fork."""

    config: WorkerConfig
    client: Redis
    engine: Engine
    session: ExecutionSession
    versions: RunVersions
    runs: OrderedDict[str, RunContext] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    loading: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, config: WorkerConfig) -> ProcessState:
        """Connect; resources open when the first step needs them."""
        settings = config.settings
        timeout_s = patience_s(settings.lease_ms)
        client = connect(settings.redis_url, socket_timeout_s=timeout_s)
        engine = Engine(client, Keys(settings.namespace), settings, Publisher(settings))
        instance = RedisInstance(settings, socket_timeout_s=timeout_s)
        inputs = InputCache(settings.cached_inputs)
        session = ExecutionSession(config.defs, storage=settings.storage, instance=instance, inputs=inputs)
        versions = RunVersions(instance)
        session.recorded = versions.of
        with suppress(*PASSING):
            engine.prepare()
        return cls(config, client, engine, session, versions)

    def claimant(self, ident: int) -> Claimant:
        """Who claims when the process or thread `ident` does."""
        return Claimant(self.config.name, ident, self.config.pools)

    def lasting(self, call: Callable[[], T]) -> T:
        """Repeat `call` while Redis is away: for an hour, or until the grace of a worker that stops is over."""
        board, longest_s = self.config.board, pause_s(self.config.settings.lease_ms)
        return with_retries(call, deadline_s=RETRY_S, longest_pause_s=longest_s, gives_up=lambda: board.is_over)

    def run_context(self, run_id: str, growth: str = "") -> RunContext:
        """Plan, tags and config of a run; cached, for as long as the plan has the `growth` that a grant names."""
        known = self._known_run(run_id)
        if known is None or not known.has_grown_to(growth):
            with self.loading:  # the threads of a worker begin a run together: one of them loads it
                known = self._known_run(run_id)
                if known is None or not known.has_grown_to(growth):
                    known = self._keep_run(self._load_anew(run_id, known))
        return known

    def _known_run(self, run_id: str) -> RunContext | None:
        with self.lock:
            known = self.runs.get(run_id)
            if known is not None:
                self.runs.move_to_end(run_id)
            return known

    def _keep_run(self, context: RunContext) -> RunContext:
        with self.lock:
            self.runs[context.run_id] = context
            while len(self.runs) > RUN_CACHE_SIZE:
                _, old = self.runs.popitem(last=False)
                self.session.inputs.forget(old.run_id)
                if old.session is not None:
                    old.session.close()
        return context

    def _load_anew(self, run_id: str, known: RunContext | None) -> RunContext:
        if known is None:
            return self.lasting(lambda: self._load_run(run_id))
        return replace(known, plan=self.lasting(lambda: read_plan(self.client, self.engine.keys, run_id)))

    def session_of(self, context: RunContext) -> ExecutionSession:
        """Where the steps of a run find their resources."""
        return context.session or self.session

    def _load_run(self, run_id: str) -> RunContext:
        keys = self.engine.keys
        plan = read_plan(self.client, keys, run_id)
        tags, packed = self.client.hmget(keys("run", run_id), "tags", "config")
        config = unpackb(packed) if packed else {}
        return RunContext(
            run_id=run_id,
            plan=plan,
            tags=unpackb(tags) if tags else {},
            config=config,
            session=self._own_session(run_id, plan, config.get("resources")),
            has_intermediates=has_intermediates(plan),
        )

    def _own_session(self, run_id: str, plan: Plan, config: Mapping[str, Any] | None) -> ExecutionSession | None:
        defs = scope_of(self.config.defs, plan)
        if not config and defs is self.config.defs:
            return None
        session = ExecutionSession(
            defs,
            storage=self.session.storage,
            instance=self.session.instance,
            config=config,
            run_id=run_id,
            inputs=self.session.inputs,
        )
        session.recorded = self.versions.of
        return session

    def close(self) -> None:
        """Tear resources down and close connections."""
        for context in self.runs.values():
            if context.session is not None:
                context.session.close()
        self.session.close()
        self.session.inputs.clear()
        self.client.close()


def scope_of(defs: Definitions, plan: Plan) -> Definitions:
    """The definitions as the plan's job sees them; as they are where this process does not know the job."""
    try:
        return defs.for_job(plan.job) if plan.job else defs
    except UsageError:
        return defs


@lru_cache(maxsize=4096)
def local_fingerprint(defs: Definitions, op_name: str) -> str | None:
    """Fingerprint of an op in this process's code; None when it has no such op. Kept: asked for each batch."""
    try:
        return defs.fingerprint([op_name])
    except KeyError:
        return None
