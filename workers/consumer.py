"""What Celery's consumer is told anew at each connection, and how it is made to begin again.

A bootstep of its own runs whenever the consumer has connected: what the pool and the channel are taught lasts for one
connection only.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from celery import Celery, bootsteps
from celery.worker.consumer import Tasks
from kombu.transport.virtual import QoS

from assetq.workers.ending import Ending, told_ending

logger = logging.getLogger("assetq.consumer")

CHECK_S = 0.25

ChildLost = Callable[[int, Ending], None]


class Waker:
    """Ends the wait of the event loop when a thread has done its part.

    A child process answers through a pipe that the loop listens to, and then the loop takes the next message. A thread
    answers in silence, so that the loop would look at its next event only, which may take seconds.
    """

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)

    def watch(self, executor: ThreadPoolExecutor) -> None:
        """Wake the loop whenever the executor has done something."""
        submit = executor.submit

        def watched(*args: Any, **options: Any) -> Future[Any]:
            future = submit(*args, **options)
            future.add_done_callback(self._wake)
            return future

        executor.submit = watched  # type: ignore[method-assign]

    def register(self, hub: Any) -> None:
        """Have a loop listen; it forgets that with each connection."""
        hub.add_reader(self._reading, self._drain)

    def _wake(self, _future: Future[Any]) -> None:
        with suppress(BlockingIOError):  # full: it is about to wake
            os.write(self._writing, b".")

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._reading, 65536)


@dataclass(slots=True)
class Consuming:
    """The consumer of this worker, once there is one."""

    child_lost: ChildLost
    consumer: Any = None
    waker: Waker | None = None

    def restart(self) -> None:
        """Have the consumer drop its connection and begin again, unless it does so already. From any thread."""
        consumer = self.consumer
        connection = consumer.connection if consumer is not None else None
        if connection is None or consumer.hub is None:
            return

        def drop() -> None:
            if consumer.connection is connection:
                raise ConnectionResetError("the consumer took no messages")

        consumer.hub.call_soon(drop)


def teach(app: Celery, consuming: Consuming) -> None:
    """Add the bootstep to a worker's app."""

    class Connected(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = (Tasks,)

        def start(self, consumer: Any) -> None:
            consuming.consumer = consumer
            forgive_acknowledgements(consumer.task_consumer.channel)

        def register_with_event_loop(self, consumer: Any, hub: Any) -> None:
            pool: Any = getattr(consumer.pool, "_pool", None)
            if hasattr(pool, "on_process_down"):
                watch_children(pool, consuming.child_lost)
                hub.call_repeatedly(CHECK_S, pool.maintain_pool)  # by itself it looks every 5 s
                consumer.pool.did_start_ok = lambda: replace_dead(pool)
            if isinstance(executor := getattr(consumer.pool, "executor", None), ThreadPoolExecutor):
                if consuming.waker is None:
                    consuming.waker = Waker()
                    consuming.waker.watch(executor)
                consuming.waker.register(hub)

    app.steps["consumer"].add(Connected)


def forgive_acknowledgements(channel: Any) -> None:
    """Let a message that cannot be acknowledged give its place back.

    Kombu would count it as unacknowledged for as long as the connection lasts, and a consumer that holds as many of
    them as it may prefetch takes no further message. Its claim is what counts, not its acknowledgement.
    """
    qos = getattr(channel, "qos", None)
    if not isinstance(qos, QoS):
        return
    plain, errors = qos.ack, (*channel.connection.client.connection_errors, OSError)

    def ack(delivery_tag: str) -> None:
        try:
            plain(delivery_tag)
        except errors as error:
            logger.warning("cannot acknowledge a message (%s); nothing depends on it", error)
            QoS.ack(qos, delivery_tag)

    qos.ack = ack


def replace_dead(pool: Any) -> bool:
    """Whether the pool has started: also when a child was killed meanwhile, which by itself ends the worker."""
    pool.maintain_pool()
    return True


def watch_children(pool: Any, child_lost: ChildLost) -> None:
    """Have the pool tell of a dead child at once, so that its steps go back and its place takes the next message.

    Left alone, billiard waits some seconds for a result that the child may still have sent. Here the record decides.
    """
    bury = pool.on_process_down

    def on_process_down(process: Any) -> None:
        child_lost(process.pid, told_ending(process.exitcode))
        bury(process)
        for job in list(pool._cache.values()):
            if job._worker_lost and not job.ready():
                pool.mark_as_worker_lost(job, job._worker_lost[1])

    pool.on_process_down = on_process_down
