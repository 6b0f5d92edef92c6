"""Op names that several definitions share: each but the first gets a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from assetq.definitions.assets_definition import AssetsDefinition

Definition = TypeVar("Definition", bound=AssetsDefinition)


def with_own_names(definitions: Sequence[Definition], taken: set[str]) -> list[Definition]:
    """The definitions, each with an op name of its own: in the order of their keys `x`, `x_2`, `x_3`.

    Args:
        definitions: In any order, which is kept.
        taken: Names that are in use; grows by those that are given here.
    """
    names: dict[int, str] = {}
    for definition in sorted(definitions, key=lambda d: d.subject.split("/")):
        names[id(definition)] = _free(definition.op.name, taken)
        taken.add(names[id(definition)])
    return [_renamed(definition, names[id(definition)]) for definition in definitions]


def _free(name: str, taken: set[str]) -> str:
    candidates = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(candidate for candidate in candidates if candidate not in taken)


def _renamed(definition: Definition, name: str) -> Definition:
    return definition if definition.op.name == name else definition.replace(op=replace(definition.op, name=name))
