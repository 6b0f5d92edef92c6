"""What `materialize` costs for each asset that does nothing; Dagster beside it where it is installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from bench.figure import Figure

ASSETS, ROUNDS = 200, 5


def assets_of(module: ModuleType, count: int) -> list[Any]:
    """Assets without dependencies that return None, which is stored."""

    def make(number: int) -> Any:
        def nothing():  # type: ignore[no-untyped-def]
            return None

        nothing.__name__ = f"asset_{number}"
        return module.asset(nothing)

    return [make(number) for number in range(count)]


def best_us(call: Callable[[], Any], count: int, rounds: int) -> float:
    """The quickest of some rounds, in microseconds for each asset."""
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return min(times) / count * 1e6


def measure() -> Iterator[Figure]:
    """In memory, and with files, as each library stores by default."""
    names = {"assetq": ASSETS, **({"dagster": 20} if find_spec("dagster") else {})}
    for name, count in names.items():
        module = importlib.import_module(name)
        given = assets_of(module, count)
        rounds = ROUNDS if name == "assetq" else 2
        memory = best_us(lambda m=module, g=given: m.materialize_to_memory(g), count, rounds)
        files = best_us(lambda m=module, g=given: m.materialize(g), count, rounds)
        yield Figure("overhead", f"{name}, values in memory, each of {count} assets", memory, "us")
        yield Figure("overhead", f"{name}, values in files, each of {count} assets", files, "us")
