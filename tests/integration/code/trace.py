"""Op bodies write when they run, one line each, so that tests need not believe the event log."""

import os
import time
from contextlib import contextmanager


def write(text: str) -> None:
    with open(os.environ["TRACE_FILE"], "a", encoding="utf-8") as file:
        file.write(text + "\n")


@contextmanager
def interval(name: str):
    began = time.time()
    yield
    write(f"{name} {began:.6f} {time.time():.6f}")


def read() -> list[list[str]]:
    path = os.environ["TRACE_FILE"]
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line.split() for line in file.read().splitlines()]


def most_at_once(rows: list[list[str]]) -> int:
    edges = sorted([(float(r[1]), 1) for r in rows] + [(float(r[2]), -1) for r in rows])
    most = level = 0
    for _, change in edges:
        level += change
        most = max(most, level)
    return most
