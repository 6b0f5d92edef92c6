"""How long a step may take, as an op's tags say it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from assetq.errors import UsageError

STEP_TIMEOUT_TAG = "assetq/timeout"
RUN_TIMEOUT_TAG = "dagster/max_runtime"


def seconds_of(text: str, what: str) -> float:
    """A time limit in seconds.

    Raises:
        UsageError: It is no number above 0.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds > 0):
        raise UsageError(f"{what} is {text!r}; give a number of seconds above 0, for example '30'.")
    return seconds


def step_timeout_s(tags: Mapping[str, str]) -> float | None:
    """Seconds that each attempt at a step of an op may take; None without a limit."""
    text = tags.get(STEP_TIMEOUT_TAG)
    return None if text is None else seconds_of(text, f"Op tag '{STEP_TIMEOUT_TAG}'")


def run_timeout_s(tags: Mapping[str, str]) -> float | None:
    """Seconds that a run may take from its start; None without a limit."""
    text = tags.get(RUN_TIMEOUT_TAG)
    return None if text is None else seconds_of(text, f"Run tag '{RUN_TIMEOUT_TAG}'")
