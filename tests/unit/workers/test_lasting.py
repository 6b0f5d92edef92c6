"""A worker that was not answered asks again while the lease lasts that the lost answer may have brought."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest
from redis.exceptions import ConnectionError

from assetq.broker.settings import Settings
from assetq.workers.process import ProcessState


class Clock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("lease_ms", [2_000, 10_000, 30_000])
def test_several_tries_fit_into_a_lease(monkeypatch, lease_ms):
    clock, tries = Clock(), []
    monkeypatch.setattr("assetq.broker.connection.time", clock)
    config = SimpleNamespace(board=SimpleNamespace(is_over=False), settings=Settings(lease_ms=lease_ms))

    def ask() -> str:
        tries.append(clock.now)
        if clock.now < 4 * lease_ms / 1000:
            raise ConnectionError("Connection reset by peer")
        return "done"

    assert ProcessState.lasting(SimpleNamespace(config=config), ask) == "done"
    latest = [at for at in tries if at >= lease_ms / 1000]
    gaps = [after - before for before, after in pairwise(latest)]
    assert max(gaps) <= lease_ms / 4000
