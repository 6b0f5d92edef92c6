"""How Celery hosts assetq: the task, what a child does after the fork, and the parent's duty.

Celery's signals and its custom request class are the only hooks used.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from typing import Any

import billiard.pool
from billiard import current_process
from celery import Celery, signals

from assetq.broker.app import TASK_NAME
from assetq.broker.lifeline import end_with_parent
from assetq.workers.capture import Capture, Flusher, ProcessCapture, ThreadCapture, install_streams
from assetq.workers.ceiling import Ceiling
from assetq.workers.consumer import Consuming, teach
from assetq.workers.duty import Duty, interrupt_process, kill_process
from assetq.workers.ending import Ending
from assetq.workers.process import ProcessState, WorkerConfig
from assetq.workers.runner import Runner, current_runner, set_current_runner

logger = logging.getLogger("assetq.worker")

REACT_S = 1.0
GOODBYE_S = 3.0
INTERRUPTED = 130
RECORDING = 0.75  # of the grace: for so long a worker that stops waits for a Redis that is away
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# A process that ends waits until its parent has counted its results, for 30 s where one was not counted: the parent
# reads none any more when it stops. Nothing of ours travels in results.
RESULTS_COUNTED_TRIES = 10


@dataclass(slots=True)
class Host:
    """One worker: the configuration it was forked with, and what each side of the fork opened."""

    config: WorkerConfig
    pool_class: str
    state: ProcessState | None = None
    duty: Duty | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)
    slots: dict[int, int] = field(default_factory=dict)
    runners: dict[int, Runner] = field(default_factory=dict)
    flusher: Flusher | None = None
    consuming: Consuming = field(init=False)
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.consuming = Consuming(self.child_lost)

    def process_state(self) -> ProcessState:
        """This process's connections and resources, opened on first use."""
        with self.opening:
            if self.state is None:
                self.state = ProcessState.open(self.config)
            return self.state

    def runner(self) -> Runner:
        """The calling thread's runner."""
        runner = current_runner()
        if runner is None:
            ident = threading.get_ident() if self.pool_class == "threads" else os.getpid()
            interrupt = partial(self.interrupt, ident)
            runner = Runner(self.process_state(), ident, self._slot(), self._capture(), interrupt)
            if self.pool_class == "prefork":
                runner.ceiling = Ceiling.of(self.config.settings)
                runner.ceiling.install()
            set_current_runner(runner)
            self.runners[ident] = runner
        return runner

    def _capture(self) -> Capture:
        if self.pool_class == "prefork":
            return ProcessCapture(self.config.spool_path(os.getpid()))
        with self.opening:
            if self.flusher is None:
                install_streams(LOG_FORMAT)
                self.flusher = Flusher()
            return ThreadCapture(self.flusher)

    def _slot(self) -> int:
        if self.pool_class == "prefork":
            return int(getattr(current_process(), "index", 0) or 0)
        with self.opening:
            return self.slots.setdefault(threading.get_ident(), len(self.slots))

    def child_lost(self, pid: int, ending: Ending) -> None:
        """A child died."""
        if self.duty is not None:
            self.duty.child_lost(pid, ending)

    def interrupt(self, ident: int, fence: str) -> None:
        """Have a process or thread look whether it is to stop what it runs under a fence."""
        if self.pool_class == "threads":
            interrupt_thread(self.runners.get(ident), ident, fence)
        else:
            interrupt_process(ident)

    def stop_now(self) -> None:
        """Interrupt every running step, so that it is handed back; end the process of one that does not react.

        What is left then is to say goodbye, which takes long where Redis or the broker swallows it.
        """
        later(REACT_S, self.end_busy)
        later(REACT_S + GOODBYE_S, self.leave)
        for fence, ident in self.config.board.read().items():
            self.config.board.order(fence)
            self.interrupt(ident, fence)

    def end_busy(self) -> None:
        """End every process whose step did not react; a worker without processes of its own ends itself."""
        busy = set(self.config.board.read().values())
        if self.pool_class == "prefork":
            for pid in busy:
                kill_process(pid)
        elif busy:
            if self.duty is not None:
                self.duty.stop()
            self.leave()

    def leave(self) -> None:
        """End this process, whatever it waits for; its children end with it."""
        shutil.rmtree(self.config.spool, ignore_errors=True)
        os._exit(INTERRUPTED if self.interrupted else 0)


def later(delay_s: float, call: Callable[[], None]) -> None:
    """Call it once, unless the process ends before."""
    timer = threading.Timer(delay_s, call)
    timer.daemon = True
    timer.start()


def interrupt_thread(runner: Runner | None, ident: int, fence: str) -> None:
    """Raise `StepInterrupted` in a thread while it executes user code."""
    if runner is None:
        return
    with runner.guard:
        reason = runner.interruption() if runner.fence == fence else None
        if reason is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(reason))


def on_interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGUSR2 in a process that runs steps: end the step under way, if any."""
    runner = current_runner()
    reason = runner.interruption() if runner is not None else None
    if reason is not None:
        raise reason("told to stop")


def host(app: Celery, config: WorkerConfig, pool_class: str) -> Host:
    """Register the task on `app` and connect Celery's signals; returns what they share."""
    hosting = Host(config, pool_class)
    teach(app, hosting.consuming)
    register_task(app, hosting)
    Life(hosting).connect()
    return hosting


def register_task(app: Celery, hosting: Host) -> None:
    """The one Celery task: run a granted batch."""

    @app.task(name=TASK_NAME, ignore_result=True)  # type: ignore[untyped-decorator]
    def run_steps(run_id: str, node: int, start: int, stop: int, fence: str) -> None:
        hosting.runner().run(run_id, fence)


@dataclass(frozen=True, slots=True)
class Life:
    """The life of a worker, as Celery's signals tell it: fork, ready, shutting down, gone."""

    hosting: Host

    def connect(self) -> None:
        """Be told by the signals."""
        # Celery keeps weak references to receivers unless told otherwise.
        signals.worker_process_init.connect(self.child_begins, weak=False)
        signals.worker_process_shutdown.connect(self.child_ends, weak=False)
        signals.worker_ready.connect(self.is_ready, weak=False)
        signals.worker_shutting_down.connect(self.stops, weak=False)
        signals.worker_shutdown.connect(self.has_stopped, weak=False)
        # Users' logging configuration is left alone: Celery does not set up its own when this is connected.
        signals.setup_logging.connect(lambda **_: None, weak=False)

    def child_begins(self, **_: Any) -> None:
        """In a child, after the fork."""
        hosting = self.hosting
        hosting.state = None
        hosting.duty = None
        hosting.opening = threading.Lock()
        billiard.pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = RESULTS_COUNTED_TRIES
        end_with_parent(signal.SIGKILL)  # nobody would renew its leases
        signal.signal(signal.SIGUSR2, on_interrupt)
        hosting.runner()  # connections and caches are ready before the first step

    def child_ends(self, exitcode: int = 0, **_: Any) -> None:
        """In a child that ends by itself."""
        hosting = self.hosting
        if hosting.state is not None:
            hosting.state.close()
        if hosting.pool_class == "prefork" and hosting.config.board.is_draining:
            os._exit(exitcode)  # a child would wait a second for its parent, who waits for it

    def is_ready(self, sender: Any = None, **_: Any) -> None:
        """The worker takes messages from now on."""
        hosting, config = self.hosting, self.hosting.config
        if hosting.pool_class == "solo":
            signal.signal(signal.SIGUSR2, on_interrupt)
        if hosting.pool_class != "prefork":
            hosting.process_state()  # as in a child: ready before the first step
        kill = kill_process if hosting.pool_class == "prefork" else None
        hosting.duty = Duty(config, hosting.interrupt, kill, hosting.consuming.restart)
        hosting.duty.start()
        logger.info(
            "worker %s ready: pools %s, %d %s",
            config.name,
            ", ".join(config.pools),
            config.concurrency,
            hosting.pool_class,
        )

    def stops(self, sig: str | None = None, **_: Any) -> None:
        """The first signal to stop came: what runs may end within the grace period."""
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, self._stop_at_once)
        hosting, config = self.hosting, self.hosting.config
        hosting.interrupted = sig == "SIGINT"
        grace_s = config.settings.grace_ms / 1000
        config.board.drain(RECORDING * grace_s)
        later(grace_s, hosting.stop_now)
        logger.info("stopping when what runs has ended; a second signal stops at once")

    def _stop_at_once(self, signum: int, frame: FrameType | None) -> None:
        # Celery would raise an exit in the children, which looks like one of the user's code.
        for again in (signal.SIGINT, signal.SIGTERM):
            signal.signal(again, signal.SIG_IGN)
        logger.warning("stopping at once: what runs is handed back")
        self.hosting.stop_now()

    def has_stopped(self, **_: Any) -> None:
        """The worker is about to be gone."""
        if self.hosting.duty is not None:
            self.hosting.duty.stop()
        if self.hosting.pool_class != "prefork":
            self.child_ends()


__all__ = ["Host", "host"]
