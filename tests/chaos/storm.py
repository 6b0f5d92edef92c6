"""Rounds whose faults are drawn from a seed."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from .checker import check
from .fault import FAULTS
from .rig import Rig, Shape, open_rig

LAST = "cancel_and_retry"
FANS = 0.25
"""How many rounds play with a plan that grows."""


@dataclass(frozen=True)
class Blow:
    """A fault, and after how many begun attempts it comes."""

    after: int
    name: str


@dataclass(frozen=True)
class Round:
    """All that a seed decides. Which process does what in which millisecond it cannot decide."""

    seed: int
    shape: Shape
    blows: tuple[Blow, ...]


def draw(seed: int) -> Round:
    """The round of a seed."""
    dice = random.Random(seed)
    shape = Shape(
        fsync=dice.choice(("everysec", "always")),
        splits_broker=dice.random() < 0.5,
        pool_class="threads" if dice.random() < 0.15 else "prefork",
        skew_s=dice.choice((0, 0, -600, 600)),
        step_s=dice.choice((0.03, 0.06)),
        chain_ms=dice.choice((5000, 200, 0)),
        batch_ms=dice.choice((250, 0)),
        module="work_fan" if random.Random(f"work of {seed}").random() < FANS else "work_storm",
    )
    names = dice.choices(sorted(set(FAULTS) - {LAST}), k=dice.randint(2, 4))
    blows = sorted((Blow(dice.randint(5, 280), name) for name in names), key=lambda blow: blow.after)
    if dice.random() < 0.15:
        blows.append(Blow(dice.randint(50, 300), LAST))
    return Round(seed, shape, tuple(blows))


def strike(rig: Rig, name: str) -> None:
    """Do one fault."""
    rig.note(name)
    FAULTS[name](rig)


def play(seed: int, folder: Path, diary: TextIO = sys.stdout) -> dict[str, int]:
    """One round.

    Raises:
        InvariantError: Something was not as it must always be.
    """
    drawn = draw(seed)
    with open_rig(folder, seed, drawn.shape, diary) as rig:
        rig.start_fleet()
        rig.submit()
        for blow in drawn.blows:
            rig.await_begun(blow.after)
            strike(rig, blow.name)
        counts = check(rig)
        rig.note(f"ended well: {counts}")
        return counts
