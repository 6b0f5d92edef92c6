"""The Celery application: one queue per pool, messages that carry ids only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from assetq.broker.settings import Settings

TASK_NAME = "assetq.run_steps"
BROKER_TIMEOUT_S = 3


def queue_name(settings: Settings, pool: str) -> str:
    """Name of the Celery queue of a pool."""
    return f"{settings.namespace}.{pool}"


def make_queue(settings: Settings, pool: str) -> Queue:
    """The Celery queue of a pool."""
    name = queue_name(settings, pool)
    return Queue(name, Exchange(name, type="direct"), routing_key=name)


def make_app(settings: Settings, pools: Iterable[str] = ("default",)) -> Celery:
    """A Celery app for publishing to, or consuming, the queues of `pools`.

    Args:
        settings: Broker and names.
        pools: Pools to consume. No message more is taken than there are processes, or threads, to run it.

    Results, chords, ETA and revokes are not used: Redis scripts decide, Celery only delivers.
    Messages are acknowledged early; the lease brings back what a dead worker had.
    """
    app = Celery("assetq", broker=settings.effective_broker_url, set_as_current=False)
    app.conf.update(
        task_queues=[make_queue(settings, pool) for pool in pools],
        task_default_queue=queue_name(settings, "default"),
        task_serializer="msgpack",
        accept_content=["msgpack"],
        result_backend=None,
        task_ignore_result=True,
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=transport_options(settings),
        enable_utc=True,
    )
    return app


def transport_options(settings: Settings) -> dict[str, Any]:
    """Options of kombu's transport; those of Redis keep assetq's queues apart from others on the server.

    Without a timeout, a worker that publishes on a connection whose far end is gone in silence waits for ever. The
    consumer's own connection is dropped when an answer is late by twice the interval of the health check.
    """
    if not settings.effective_broker_url.startswith(("redis", "rediss", "unix")):
        return {}
    return {
        "global_keyprefix": "{" + settings.namespace + "}:broker:",
        "socket_keepalive": True,
        "socket_connect_timeout": BROKER_TIMEOUT_S,
        "socket_timeout": BROKER_TIMEOUT_S,
        "retry_on_timeout": True,
        "health_check_interval": BROKER_TIMEOUT_S,
    }
