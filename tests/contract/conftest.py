"""What tests of instances without a fleet share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetq import Instance
from assetq.broker.instance import RedisInstance


@pytest.fixture(params=["memory", "redis"])
def home(request: pytest.FixtureRequest) -> Iterator[Instance]:
    """An instance without a fleet."""
    if request.param == "memory":
        with Instance.ephemeral() as made:
            yield made
        return
    yield request.getfixturevalue("instance")


@pytest.fixture
def seen(home: Instance) -> Iterator[Instance]:
    """What another process sees of the record."""
    if isinstance(home, RedisInstance):
        with RedisInstance(home.settings) as other:
            yield other
        return
    yield home
