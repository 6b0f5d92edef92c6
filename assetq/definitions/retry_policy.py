"""When a failed step is tried again."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum

from assetq.errors import DefinitionError


class Backoff(Enum):
    """How the delay grows with the attempt."""

    LINEAR = "LINEAR"
    EXPONENTIAL = "EXPONENTIAL"


class Jitter(Enum):
    """How the delay is scattered: anywhere below it, or around it."""

    FULL = "FULL"
    PLUS_MINUS = "PLUS_MINUS"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when a failed step runs again. Mirrors Dagster's `RetryPolicy`.

    Args:
        max_retries: Further attempts after the first, at least 0.
        delay: Seconds before a retry; None for none.
        backoff: How the delay grows.
        jitter: How the delay is scattered.

    Raises:
        DefinitionError: A value is out of range, or backoff or jitter stand without a delay.
    """

    max_retries: int = 1
    delay: float | None = None
    backoff: Backoff | None = None
    jitter: Jitter | None = None

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise DefinitionError(f"RetryPolicy: max_retries must be a whole number from 0, not {self.max_retries!r}.")
        if self.delay is not None and (isinstance(self.delay, bool) or not isinstance(self.delay, int | float)):
            raise DefinitionError(f"RetryPolicy: delay must be a number of seconds, not {self.delay!r}.")
        if self.delay is not None and not (math.isfinite(self.delay) and self.delay >= 0):
            raise DefinitionError(f"RetryPolicy: delay must be a number of seconds from 0, not {self.delay!r}.")
        if self.delay is None and (self.backoff or self.jitter):
            raise DefinitionError("RetryPolicy: backoff and jitter need a delay; give delay=seconds.")
        for name, value, kind in (("backoff", self.backoff, Backoff), ("jitter", self.jitter, Jitter)):
            if value is not None and not isinstance(value, kind):
                raise DefinitionError(f"RetryPolicy: {name} must be a {kind.__name__}, not {value!r}.")

    def calculate_delay(self, attempt_num: int) -> float:
        """Seconds before the retry that follows an attempt; Dagster's name for `delay_s`."""
        return self.delay_s(attempt_num)

    def delay_s(self, attempt: int, rng: random.Random | None = None) -> float:
        """Seconds before the retry that follows attempt number `attempt` (from 1)."""
        if self.delay is None:
            return 0.0
        base = self.delay * self._factor(attempt)
        chance = (rng or random).random()
        if self.jitter is Jitter.FULL:
            return base * chance
        if self.jitter is Jitter.PLUS_MINUS:
            return max(0.0, base + (2 * chance - 1) * self.delay)
        return base

    def _factor(self, attempt: int) -> int:
        if self.backoff is Backoff.LINEAR:
            return attempt
        return int(2 ** min(attempt, 60)) - 1 if self.backoff is Backoff.EXPONENTIAL else 1


class BackfillPolicyType(Enum):
    """Whether all partitions go together."""

    SINGLE_RUN = "SINGLE_RUN"
    MULTI_RUN = "MULTI_RUN"


@dataclass(frozen=True, slots=True, order=True)
class BackfillPolicy:
    """How many partitions one step takes. Mirrors Dagster's `BackfillPolicy`.

    `max_partitions_per_run` of None means all contiguous partitions in one step.
    """

    max_partitions_per_run: int | None = 1

    def __post_init__(self) -> None:
        limit = self.max_partitions_per_run
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise DefinitionError(f"BackfillPolicy: max_partitions_per_run must be at least 1, not {limit!r}.")

    @classmethod
    def single_run(cls) -> BackfillPolicy:
        """All contiguous partitions of the asset in one step."""
        return cls(None)

    @classmethod
    def multi_run(cls, max_partitions_per_run: int = 1) -> BackfillPolicy:
        """At most so many partitions in one step.

        Raises:
            DefinitionError: It is no whole number from 1.
        """
        if max_partitions_per_run is None:
            raise DefinitionError("BackfillPolicy.multi_run needs a number; for all partitions together, single_run().")
        return cls(max_partitions_per_run)

    @property
    def policy_type(self) -> BackfillPolicyType:
        """Whether all partitions go together."""
        is_single = self.max_partitions_per_run is None
        return BackfillPolicyType.SINGLE_RUN if is_single else BackfillPolicyType.MULTI_RUN

    def __str__(self) -> str:
        if self.max_partitions_per_run is None:
            return "BackfillPolicy.single_run()"
        return f"BackfillPolicy.multi_run(max_partitions_per_run={self.max_partitions_per_run})"

    @property
    def chunk(self) -> int:
        """Partitions a step; 0 for all."""
        return self.max_partitions_per_run or 0
