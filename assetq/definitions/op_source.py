"""Where an argument of an op comes from, inside a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assetq.definitions.asset_key import AssetKey


@dataclass(frozen=True, slots=True)
class StepOutput:
    """An output of another op.

    Attributes:
        step: Name of the op in its graph; in a step, the whole path.
        output: Name of the output.
        is_mapped: True when the reader runs once for each value of a dynamic output.
        is_collected: True when the reader is given the values of all of them, as a list.
    """

    step: str
    output: str
    is_mapped: bool = False
    is_collected: bool = False


@dataclass(frozen=True, slots=True)
class GraphInput:
    """An argument of the graph itself."""

    name: str


@dataclass(frozen=True, slots=True)
class AssetValue:
    """The stored value of an asset."""

    key: AssetKey


@dataclass(frozen=True, slots=True)
class Several:
    """A list of values, one of each source."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GivenValue:
    """A value that was given beforehand."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class ConfiguredInput:
    """What run config says under `inputs`, else the default if there is one."""

    has_default: bool = False
    default: Any = None


Source = StepOutput | GraphInput | AssetValue | Several | GivenValue | ConfiguredInput


def outputs_in(source: Source | None) -> Iterator[StepOutput]:
    """The outputs of other ops in a source."""
    if isinstance(source, StepOutput):
        yield source
    elif isinstance(source, Several):
        for one in source.sources:
            yield from outputs_in(one)


def assets_in(source: Source | None) -> Iterator[AssetKey]:
    """The assets in a source."""
    if isinstance(source, AssetValue):
        yield source.key
    elif isinstance(source, Several):
        for one in source.sources:
            yield from assets_in(one)
