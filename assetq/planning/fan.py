"""Fans: what is mapped over a dynamic output. How many steps that is, a run knows when it has the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from assetq.partitions import AllPartitionMapping, IndexSet, PartitionMapping, PartitionsDefinition

VIRTUAL = IndexSet.range(0, 1)
UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Fan:
    """The values of a dynamic output, for each of which a node has a step.

    Attributes:
        source: Name of the op that gives the output.
        output: The output.
        keys: Mapping keys, in the order of the steps; None while they are not known. Then one virtual step stands for
            all of them.
    """

    source: str
    output: str
    keys: tuple[str, ...] | None = None
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {key: place for place, key in enumerate(self.keys or ())})

    @property
    def name(self) -> tuple[str, str]:
        """Which output of which op."""
        return self.source, self.output

    def key_of(self, step: int) -> str | None:
        """The mapping key of a step; None for one that stands for others."""
        return self.keys[step] if self.keys is not None and step < len(self.keys) else None

    def find(self, key: str) -> int | None:
        """The step of a mapping key; None when there is none."""
        return self._places.get(key) if self.keys is not None or key != UNKNOWN else 0

    def label(self, start: int, stop: int) -> str:
        """A range of steps, as step keys name it in brackets."""
        first, last = self.key_of(start) or UNKNOWN, self.key_of(stop - 1) or UNKNOWN
        return first if first == last else f"{first}...{last}"


@dataclass(frozen=True, slots=True)
class Growth:
    """What a run has found out about its fans.

    Attributes:
        version: Changes whenever anything is found out.
        keys: Fan, by its number in the plan -> mapping keys.
    """

    version: str = ""
    keys: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FanMapping(PartitionMapping):
    """From one op of a chain of maps to the next: the step of the same mapping key."""

    kind: ClassVar[str] = "fan"

    def upstream(
        self,
        downstream: IndexSet,
        downstream_def: PartitionsDefinition | None,
        upstream_def: PartitionsDefinition | None,
    ) -> IndexSet:
        return downstream

    def downstream(
        self, upstream: IndexSet, upstream_def: PartitionsDefinition | None, downstream_def: PartitionsDefinition | None
    ) -> IndexSet:
        return upstream


@dataclass(frozen=True, eq=False)
class CollectMapping(AllPartitionMapping):
    """All steps of a fan together: those that gave nothing, or were left out because of that, are not waited for."""

    kind: ClassVar[str] = "collect"
