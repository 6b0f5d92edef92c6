"""How many steps travel together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from assetq.definitions.batching import may_batch

SMOOTHING = 0.3


@dataclass(slots=True)
class BatchSize:
    """How many steps of a node should travel together, from the times of earlier ones."""

    limit: int
    budget_s: float
    seconds: dict[str, float] = field(default_factory=dict)

    def observe(self, name: str, seconds: float) -> None:
        """Take one step's time into the running mean of its node."""
        mean = self.seconds.get(name)
        self.seconds[name] = seconds if mean is None else mean + SMOOTHING * (seconds - mean)

    def of(self, name: str, tags: Mapping[str, str]) -> int:
        """Steps whose expected time together stays within the budget; 1 where the op's tags say so."""
        mean = self.seconds.get(name)
        if mean is None or self.limit == 1 or not may_batch(tags):
            return 1
        return max(1, min(self.limit, math.floor(self.budget_s / max(mean, 1e-4))))
