"""What `materialize` costs for each asset that does nothing; Dagster beside it where it is installed."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from bench.figure import Figure

ASSETS, ROUNDS = 200, 5
# In memory, and with an instance that lasts: what an asset that does nothing may cost.
GOALS_US = 500.0, 2000.0


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


def best_kept_us(module: ModuleType, given: list[Any], count: int, rounds: int) -> float:
    """With an instance in a folder, which keeps records and values."""
    with tempfile.TemporaryDirectory() as folder, dagster_names(module).DagsterInstance.local_temp(folder) as instance:
        return best_us(lambda: module.materialize(given, instance=instance), count, rounds)


def dagster_names(module: ModuleType) -> ModuleType:
    """The module that has a library's names under Dagster's."""
    return importlib.import_module("assetq.dagster") if module.__name__ == "assetq" else module


def measure() -> Iterator[Figure]:
    """In memory; with files, as each library stores by default; and with records that last, too."""
    names = {"assetq": ASSETS, **({"dagster": 20} if find_spec("dagster") else {})}
    for name, count in names.items():
        module = importlib.import_module(name)
        given = assets_of(module, count)
        rounds = ROUNDS if name == "assetq" else 2
        memory = best_us(lambda m=module, g=given: m.materialize_to_memory(g), count, rounds)
        files = best_us(lambda m=module, g=given: m.materialize(g), count, rounds)
        kept = best_kept_us(module, given, count, rounds)
        goals = GOALS_US if name == "assetq" else (None, None)
        yield Figure("overhead", f"{name}, all in memory, each of {count} assets", memory, "us", goals[0])
        yield Figure("overhead", f"{name}, values in files, each of {count} assets", files, "us")
        yield Figure("overhead", f"{name}, files and an instance that lasts, {count} assets", kept, "us", goals[1])
