"""A bare dramatiq actor that does nothing."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_BROKER"]))


@dramatiq.actor
def nothing(number: int) -> None:
    """Nothing."""
