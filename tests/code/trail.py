"""Op bodies write when they run, one line each, so that tests need not believe the event log."""

import os
import threading
import time
from contextlib import contextmanager


def write(text: str) -> None:
    with open(os.environ["TRAIL_FILE"], "a", encoding="utf-8") as file:
        file.write(text + "\n")


@contextmanager
def interval(name: str):
    began = time.time()
    yield
    write(f"{name} {began:.6f} {time.time():.6f}")


def read() -> list[list[str]]:
    path = os.environ["TRAIL_FILE"]
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


@contextmanager
def attempt(asset: str, partition: str):
    """Two lines for one attempt, so that one that was killed still shows when it began."""
    write(f"begin {asset} {partition} {_who()} {_now():.6f}")
    try:
        yield
    finally:
        write(f"end {asset} {partition} {_who()} {_now():.6f}")


def _who() -> str:
    """Process, thread and parent process: the last two tell threads and workers apart."""
    return f"{os.getpid()} {threading.get_native_id()} {os.getppid()}"


def _now() -> float:
    """The true time, also where a test has set the process's clock off."""
    return time.clock_gettime(time.CLOCK_REALTIME)


def attempts(asset: str, killed: dict[int, float]) -> list[list[str]]:
    """`[partition, began, ended]` of each attempt of an asset; a killed process's last one ends with it."""
    rows, open_ = [], {}
    for word, name, partition, pid, _, _, at in read():
        if name != asset:
            continue
        if word == "begin":
            open_[pid] = [partition, at]
        else:
            rows.append([*open_.pop(pid), at])
    rows += [[*begun, f"{killed.get(int(pid), float('inf')):.6f}"] for pid, begun in open_.items()]
    return rows
