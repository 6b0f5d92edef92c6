"""Puts granted batches onto Celery queues. A message that gets lost is published again by recovery."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import Celery
from kombu.exceptions import OperationalError

from assetq.broker.app import TASK_NAME, make_app, queue_name
from assetq.broker.message import Message
from assetq.broker.settings import Settings

logger = logging.getLogger("assetq.publisher")

RETRY_POLICY = {"max_retries": 3, "interval_start": 0.05, "interval_step": 0.2, "interval_max": 0.5}


class Publisher:
    """Publishes messages; safe to share between threads, and usable again after a fork."""

    def __init__(self, settings: Settings, app: Celery | None = None) -> None:
        self.settings = settings
        self._app = app

    @property
    def app(self) -> Celery:
        """The Celery app, made on first use."""
        if self._app is None:
            self._app = make_app(self.settings)
        return self._app

    def publish(self, messages: Sequence[Message]) -> None:
        """Send each message to the queue of its pool, but for those that another one announces.

        A broker that cannot be reached is logged, not raised: the grants stay in Redis and recovery
        publishes them when the broker is back.
        """
        unsent = [message for message in messages if not message.carrier]
        if not unsent:
            return
        try:
            with self.app.producer_pool.acquire(block=True, timeout=10) as producer:
                for message in unsent:
                    self._send(message, producer)
        except (OperationalError, OSError) as error:
            logger.warning("cannot publish %d messages (%s); recovery will", len(unsent), error)

    def _send(self, message: Message, producer: object) -> None:
        self.app.send_task(
            TASK_NAME,
            kwargs=message.to_kwargs(),
            queue=queue_name(self.settings, message.pool),
            producer=producer,
            ignore_result=True,
            retry=True,
            retry_policy=RETRY_POLICY,
            task_id=message.fence,
        )

    def queue_length(self, pool: str) -> int:
        """Messages that lie in the pool's queue; 0 when the broker cannot be asked."""
        name = queue_name(self.settings, pool)
        try:
            with self.app.connection_for_read() as connection:
                # Not passive: kombu looks for a Redis queue without the key prefix, and never finds it.
                reply = connection.default_channel.queue_declare(queue=name, durable=True, auto_delete=False)
        except connection_errors(self.app):
            return 0
        return int(reply.message_count)

    def close(self) -> None:
        """Close the connections to the broker."""
        if self._app is not None:
            self._app.close()


def connection_errors(app: Celery) -> tuple[type[BaseException], ...]:
    """What a broken or unknowing broker raises, for the transport in use."""
    connection = app.connection_for_read()
    return (*connection.connection_errors, *connection.channel_errors, OSError)
