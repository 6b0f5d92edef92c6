"""What the tests break inside of a worker: its clock, its disk, its Celery. The environment says what."""

import faulthandler
import gc
import os
import random
import signal
import sys
import time
from collections import deque
from typing import Any

import billiard.pool
from celery import signals
from kombu.transport.virtual import QoS

from assetq import FilesystemIOManager, OutputContext
from assetq.broker import app


def skew_clock() -> None:
    """`time.time()` of this process is off; what C code reads is not."""
    skew_s, real = float(os.environ.get("CLOCK_SKEW_S", "0")), time.time
    if skew_s:
        time.time = lambda: real() + skew_s


def shorten_visibility() -> None:
    """Celery's transport redelivers what is not acknowledged so soon."""
    if visibility_s := os.environ.get("VISIBILITY_S"):
        plain = app.transport_options
        extra = {"visibility_timeout": int(visibility_s), "unacked_restore_interval": 1, "unacked_restore_throttle": 1}
        app.transport_options = lambda settings: {**plain(settings), **extra}


def lose_a_result() -> None:
    """Celery's parent process has never counted the last result of a child."""
    if os.environ.get("LOSE_A_RESULT"):
        plain = billiard.pool.Worker._ensure_messages_consumed
        billiard.pool.Worker._ensure_messages_consumed = lambda self, completed: plain(self, completed + 1000)


def deafen_consumer() -> None:
    """Celery's consumer takes no messages on a connection that is older than the file `$DEAF_FILE`."""
    if path := os.environ.get("DEAF_FILE"):
        begin, plain = QoS.__init__, QoS.can_consume

        def __init__(self: QoS, *args: Any, **options: Any) -> None:
            begin(self, *args, **options)
            self.born = time.time()

        QoS.__init__ = __init__
        QoS.can_consume = lambda self: plain(self) and not (os.path.exists(path) and self.born < os.stat(path).st_mtime)


def kill_newborn() -> None:
    """A child is killed in the moment in which its worker is ready."""
    if os.environ.get("KILL_NEWBORN"):

        def kill(sender: Any, **_: Any) -> None:
            os.kill(sender.pool._pool._pool[0].pid, signal.SIGKILL)
            time.sleep(0.1)

        signals.worker_ready.connect(kill, weak=False)


class LeakyIOManager(FilesystemIOManager):
    """Writes half of a file and finds the disk full, every second time, while the file `$DISK_FULL_FILE` exists.

    With `$OUTPUT_BYTES` its files are as long as that, which costs no room.
    """

    def dump_to_path(self, context: OutputContext, obj: Any, path: Any) -> None:
        if os.path.exists(os.environ.get("DISK_FULL_FILE", "")) and random.random() < 0.5:
            path.write_bytes(b"half of it")
            with open("/dev/full", "wb", buffering=0) as full:
                full.write(b"the other half")
        super().dump_to_path(context, obj, path)
        if size := int(os.environ.get("OUTPUT_BYTES", "0")):
            with path.open("r+b") as file:
                file.seek(size - 1)
                file.write(b"\0")


def tell(*_: object) -> None:
    """What Celery believes, for a worker that does nothing: on standard error."""
    from celery.worker import state
    from celery.worker.consumer import Consumer

    for consumer in [thing for thing in gc.get_objects() if isinstance(thing, Consumer)]:
        semaphore, pool = consumer.controller.semaphore, getattr(consumer.pool, "_pool", None)
        qos = consumer.task_consumer.channel.qos if consumer.task_consumer else None
        told = {
            "reserved": [request.id for request in state.reserved_requests],
            "active": [request.id for request in state.active_requests],
            "semaphore": semaphore and (semaphore.value, len(semaphore._waiting)),
            "unacked": qos and list(qos._delivered),
            "can consume": qos and qos.can_consume(),
            "cycle": consumer.connection and vars(consumer.connection.transport.cycle),
            "hub": consumer.hub and (list(consumer.hub.readers), list(consumer.hub.writers)),
            "pool": pool and {k: v for k, v in vars(pool).items() if isinstance(v, set | dict | list | deque)},
        }
        print("CELERY", told, file=sys.stderr, flush=True)


faulthandler.register(signal.SIGRTMIN, all_threads=True)  # for a worker that does not stop: what is it doing?
signal.signal(signal.SIGRTMIN + 1, tell)
skew_clock()
shorten_visibility()
lose_a_result()
deafen_consumer()
kill_newborn()
