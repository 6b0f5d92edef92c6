"""The key of a partition in two dimensions."""

from __future__ import annotations

from collections.abc import Mapping

from assetq.errors import DefinitionError

SEPARATOR = "|"


class MultiPartitionKey(str):
    """Keys of all dimensions, as one text: `a|b` in the order of the dimensions' names.

    Mirrors Dagster's `MultiPartitionKey`.

    Args:
        keys_by_dimension: Dimension -> key, in any order.

    Raises:
        DefinitionError: It is no mapping of texts.
    """

    __slots__ = ("keys_by_dimension",)
    keys_by_dimension: Mapping[str, str]

    def __new__(cls, keys_by_dimension: Mapping[str, str]) -> MultiPartitionKey:
        if not isinstance(keys_by_dimension, Mapping):
            raise DefinitionError(f"A MultiPartitionKey takes keys by dimension, not {keys_by_dimension!r}.")
        for name, key in keys_by_dimension.items():
            if not isinstance(name, str) or not isinstance(key, str):
                raise DefinitionError(f"Dimensions and their keys are texts, not {name!r}: {key!r}.")
        ordered = dict(sorted(keys_by_dimension.items()))
        key = super().__new__(cls, SEPARATOR.join(ordered.values()))
        key.keys_by_dimension = ordered
        return key

    def __getnewargs__(self) -> tuple[Mapping[str, str]]:  # type: ignore[override]  # what __new__ takes
        return (self.keys_by_dimension,)
