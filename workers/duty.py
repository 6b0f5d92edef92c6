"""What a worker's parent process does beside its children: heartbeats, recovery, cancellation.

Any one live worker is enough: recovery is paced over the fleet by a lock in Redis.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from redis import Redis

import assetq
from assetq.broker.connection import PASSING, connect, patience_s, with_retries
from assetq.broker.engine import Engine
from assetq.broker.keys import Keys
from assetq.broker.lifeline import is_alive
from assetq.broker.message import HeldGrant, Message, Poisoned
from assetq.broker.publisher import Publisher
from assetq.broker.script import unpackb
from assetq.definitions.time_limit import step_timeout_s
from assetq.workers.archiving import ArchiveWatch
from assetq.workers.ending import Ending, oom_kills, seen_ending
from assetq.workers.overdue import fail_overdue
from assetq.workers.poison import fail_poisoned
from assetq.workers.process import WorkerConfig
from assetq.workers.salvage import salvage_log
from assetq.workers.stall import StallWatch

logger = logging.getLogger("assetq.duty")

LISTEN_S = 1.0
LIMIT_PACE_S = 0.1
TELL_S = 1.0
GOODBYE_S = 2.0


@dataclass(slots=True)
class Duty:
    """The threads of one worker's parent.

    Args:
        config: How the worker was started.
        interrupt: Delivers an interruption to a process or thread of this worker.
        kill: Ends a process that did not react in time; None where that is impossible (threads).
        restart_consumer: Has Celery's consumer drop its connection and begin again.
    """

    config: WorkerConfig
    interrupt: Callable[[int, str], None]
    kill: Callable[[int], None] | None
    restart_consumer: Callable[[], None]
    started_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    client: Redis = field(init=False)
    engine: Engine = field(init=False)
    publisher: Publisher = field(init=False)
    stall: StallWatch = field(init=False)
    stopping: threading.Event = field(default_factory=threading.Event)
    woken: threading.Event = field(default_factory=threading.Event)
    has_work: threading.Event = field(default_factory=threading.Event)
    is_idle: bool = False
    wake_at: float = 0.0
    lost: list[tuple[int, Ending]] = field(default_factory=list)
    missing: dict[int, float] = field(default_factory=dict)
    oom_kills: int = field(default_factory=oom_kills)
    interrupted_at: dict[str, float] = field(default_factory=dict)
    timeouts: dict[str, float | None] = field(default_factory=dict)
    told: set[tuple[str, int]] = field(default_factory=set)
    overdue: dict[str, int] = field(default_factory=dict)
    writers: list[threading.Thread] = field(default_factory=list)
    archiving: ArchiveWatch = field(init=False)

    def __post_init__(self) -> None:
        settings = self.config.settings
        self.client = connect(settings.redis_url, socket_timeout_s=patience_s(settings.lease_ms))
        self.publisher = Publisher(settings)
        self.engine = Engine(self.client, Keys(settings.namespace), settings, self.publisher)
        self.stall = StallWatch(self.config, self.engine, self.restart_consumer)
        self.archiving = ArchiveWatch(self.client, settings)

    def start(self) -> None:
        """Begin; the worker is registered when this returns, unless Redis is away."""
        self._survive(self.beat)
        self.archiving.start()
        self.writers = [self._spawn("heartbeat", self._beat_forever), self._spawn("recovery", self._recover_forever)]
        self._spawn("control", self._listen_forever)
        self.timeouts = {d.op.name: step_timeout_s(d.op.tags) for d in self.config.defs.op_defs}
        if any(self.timeouts.values()):
            self._spawn("limits", self._watch_limits)

    def _spawn(self, name: str, loop: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=loop, name=f"assetq-{name}", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Leave the fleet: hand back what is still held."""
        self.stopping.set()
        self.woken.set()
        self.has_work.set()
        for thread in self.writers:
            thread.join(LISTEN_S + 1)
        self.archiving.stop()
        self._survive(self._retire)
        self.publisher.close()
        self.client.close()

    def _retire(self) -> None:
        """What this worker holds would come back by itself, but late, and as a crash: so ask more than once."""
        engine, board, name = self.engine, self.config.board, self.config.name
        self._fail(with_retries(lambda: engine.retire(name), deadline_s=GOODBYE_S, gives_up=lambda: board.is_over))

    def child_lost(self, pid: int, ending: Ending) -> None:
        """A child died: its steps go back at once. Called from the parent's event loop; returns at once."""
        self.config.board.clear_process(pid)
        self.lost.append((pid, ending))
        self.woken.set()

    def beat(self) -> None:
        """One heartbeat: renew what runs, return what the dead held, interrupt what was canceled."""
        held = self.engine.heartbeat(self.config.name, self._details(), list(self.config.board.read()))
        self._notice_dead(held)
        self._return_lost(held)
        self._interrupt_canceled(held)
        if not self.config.board.is_draining:
            self.stall.look()

    def _details(self) -> dict[str, str | int]:
        config = self.config
        return {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "pools": ",".join(config.pools),
            "concurrency": config.concurrency,
            "started": self.started_ms,
            "version": assetq.__version__,
            "archives": int(self.archiving.is_on),
        }

    def _notice_dead(self, held: Sequence[HeldGrant]) -> None:
        gone = {grant.pid for grant in held if self.kill is not None and not is_alive(grant.pid)}
        now = time.monotonic()
        self.missing = {pid: self.missing.get(pid, now) for pid in gone}
        for pid, since in self.missing.items():
            ending = seen_ending(pid)
            # Whoever buries a process tells how it ended, a moment later.
            if ending.is_known or now - since >= TELL_S:
                self.child_lost(pid, ending)

    def _return_lost(self, held: Sequence[HeldGrant]) -> None:
        lost, self.lost = dict(self.lost), []
        if not lost:
            return
        struck, self.oom_kills = oom_kills() > self.oom_kills, oom_kills()
        for grant in held:
            if grant.pid in lost:
                salvage_log(self.engine, self.config, grant)
            if grant.pid in lost and self.overdue.pop(grant.fence, None) == grant.pid:
                fail_overdue(self.engine, self.config.name, grant, self.timeouts)
            elif grant.pid in lost:
                reason = replace(lost[grant.pid], struck=struck).text()
                crashed = not self.config.board.is_draining  # a worker that is made to stop at once ends its children
                self._fail(self.engine.hand_back(grant.fence, self.config.name, crashed=crashed, reason=reason))

    def _interrupt_canceled(self, held: Sequence[HeldGrant]) -> None:
        now = time.monotonic()
        canceled = {grant.fence: grant for grant in held if grant.run_status == "CANCELING"}
        self.interrupted_at = {f: at for f, at in self.interrupted_at.items() if f in canceled}
        for fence, grant in canceled.items():
            since = self.interrupted_at.setdefault(fence, now)
            if now - since >= self.config.settings.grace_ms / 1000 and self.kill is not None:
                logger.warning("killing process %d: its step did not stop after a cancel", grant.pid)
                self.kill(grant.pid)
            elif self.config.board.read().get(fence) == grant.pid:
                self.config.board.order(fence)
                self.interrupt(grant.pid, fence)

    def _watch_limits(self) -> None:
        while not self.stopping.wait(LIMIT_PACE_S):
            self._survive(self._interrupt_overdue)

    def _interrupt_overdue(self) -> None:
        """Tell each step once that its time is over; end its process when that does not help."""
        late = {(e.fence, e.deadline_ns): (e, late_s) for e in self.config.board.entries() if (late_s := e.overdue_s())}
        for step, (entry, late_s) in late.items():
            if step not in self.told:
                self.interrupt(entry.ident, entry.fence)
            elif late_s >= self.config.settings.grace_ms / 1000 and self.kill is not None:
                logger.warning("killing process %d: its step did not stop when its time was over", entry.ident)
                self.overdue[entry.fence] = entry.ident
                self.kill(entry.ident)
        self.told = set(late)

    def _fail(self, poisoned: Sequence[Poisoned]) -> None:
        for step in poisoned:
            self._survive(partial(fail_poisoned, self.engine, step))

    def _survive(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except PASSING as error:
            logger.warning("Redis is away (%s); trying again", error)
            return False
        except Exception:
            logger.exception("a duty failed; trying again")
            return False
        return True

    def _beat_forever(self) -> None:
        while not self.stopping.is_set():
            self.woken.wait(self._beat_pause_s())
            self.woken.clear()
            if not self.stopping.is_set() and not self._survive(self.beat):
                self.stopping.wait(0.2)

    def _beat_pause_s(self) -> float:
        """A claim brings a whole lease along: while nothing runs, a third of it is soon enough for the next beat."""
        settings = self.config.settings
        period_s = settings.heartbeat_ms / 1000
        if self.interrupted_at or self.missing:
            return min(0.5, period_s)
        return period_s if self.config.board.read() else max(period_s, settings.lease_ms / 3000)

    def _recover_forever(self) -> None:
        pace_s = self.config.settings.recovery_ms / 1000
        while not self.stopping.is_set():
            self.has_work.wait(self._pause_s(pace_s))
            self.has_work.clear()
            if not self.stopping.is_set() and not self._survive(self.recover):
                self.stopping.wait(pace_s)

    def _pause_s(self, pace_s: float) -> float:
        """A fleet without runs is told when one comes; it looks now and then all the same."""
        if self.is_idle:
            pace_s = max(pace_s, self.config.settings.lease_ms / 3000)
        jittered = pace_s * random.uniform(0.9, 1.1)
        if self.wake_at:
            return max(0.001, min(jittered, self.wake_at - time.monotonic()))
        return jittered

    def recover(self) -> None:
        """One turn of the fleet's recovery, if no other worker has just done it."""
        found = self.engine.recover()
        self.is_idle = found.is_idle
        if found.was_busy:
            if self.wake_at <= time.monotonic():
                self.wake_at = 0.0  # another worker has done what was due
            return
        self.wake_at = time.monotonic() + found.next_due_ms / 1000 if found.next_due_ms is not None else 0.0
        self._fail(found.poisoned)
        self._republish(found.unclaimed)
        self.archiving.look()

    def _republish(self, unclaimed: Sequence[Message]) -> None:
        """Send again what nobody claimed, for queues that hold fewer messages than grants."""
        by_pool: dict[str, list[Message]] = {}
        for message in unclaimed:
            by_pool.setdefault(message.pool, []).append(message)
        for pool, messages in by_pool.items():
            missing = len(messages) - self.publisher.queue_length(pool)
            if missing > 0:
                self.publisher.publish(messages)

    def _listen_forever(self) -> None:
        while not self.stopping.is_set():
            if not self._survive(self._listen):
                self.stopping.wait(0.5)

    def _listen(self) -> None:
        with connect(self.config.settings.redis_url) as client, client.pubsub() as pubsub:
            pubsub.subscribe(self.engine.keys("control"))
            while not self.stopping.is_set():
                message = pubsub.get_message(ignore_subscribe_messages=True, timeout=LISTEN_S)
                if message is not None:
                    self._obey(unpackb(message["data"]))

    def _obey(self, order: dict[str, object]) -> None:
        if "cancel" in order:
            self.woken.set()
        if "work" in order:
            self.has_work.set()
        if "wake_in_ms" in order:
            due = time.monotonic() + float(str(order["wake_in_ms"])) / 1000
            self.wake_at = min(self.wake_at or due, due)


def interrupt_process(pid: int) -> None:
    """Ask a process to interrupt its step."""
    try:
        os.kill(pid, signal.SIGUSR2)
    except ProcessLookupError:
        logger.info("process %d is gone already", pid)


def kill_process(pid: int) -> None:
    """End a process that does not react."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        logger.info("process %d is gone already", pid)
