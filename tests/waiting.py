"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], *, deadline: float = 20.0) -> T:
    """The first true answer of `check`; fails when there is none within `deadline` seconds."""
    until = time.monotonic() + deadline
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"not so within {deadline} s: {check}; last answer {answer!r}")
        time.sleep(0.01)
