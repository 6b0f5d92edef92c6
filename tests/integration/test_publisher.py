"""Publishing to Celery's queues on Redis, also where the network keeps silent."""

import time

import pytest

from assetq.broker.message import Message
from assetq.broker.publisher import Publisher

from ..chaos.proxy import Proxy


@pytest.fixture
def proxy(server):
    made = Proxy(server.port)
    yield made
    made.close()


@pytest.fixture
def publisher(settings, proxy, instance):
    made = Publisher(settings.model_copy(update={"redis_url": proxy.url()}))
    yield made
    made.close()


MESSAGE = Message("default", "r", 0, 0, 1, "1")


def test_the_length_of_a_queue_is_what_lies_in_it(publisher):
    assert publisher.queue_length("default") == 0
    publisher.publish([MESSAGE, MESSAGE])
    assert publisher.queue_length("default") == 2
    assert publisher.queue_length("another") == 0


def test_publishing_does_not_wait_for_a_connection_that_is_half_open(publisher, proxy):
    publisher.publish([MESSAGE])
    proxy.half_open()
    began = time.monotonic()
    publisher.publish([MESSAGE])
    assert time.monotonic() - began < 20
    assert publisher.queue_length("default") == 2


def test_a_queue_whose_bindings_were_flushed_takes_messages(publisher, settings, instance):
    publisher.publish([MESSAGE])
    keys = list(instance.client.scan_iter(f"{{{settings.namespace}}}:broker:*"))
    assert len(keys) > 1
    instance.client.delete(*keys)
    publisher.publish([MESSAGE])
    assert publisher.queue_length("default") == 1
