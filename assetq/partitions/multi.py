"""Partitions in two dimensions: what may be asked of their keys and dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assetq.errors import InvariantError, UnknownPartitionError
from assetq.partitions.definition import PARTITION_TAG, PartitionsDefinition, partitions_from_dict
from assetq.partitions.multi_index import MultiIndex, PartitionDimensionDefinition, listed
from assetq.partitions.multi_key import SEPARATOR, MultiPartitionKey
from assetq.partitions.time_index import TimeWindow
from assetq.partitions.time_window import TimeWindowPartitionsDefinition


class MultiPartitionsDefinition(MultiIndex):
    """Every pair of partitions of two dimensions. Mirrors Dagster's `MultiPartitionsDefinition`.

    Args:
        partitions_defs: Name of the dimension -> its partitions.

    Raises:
        DefinitionError: There are not two dimensions, one is itself of two, or a key holds one of `| [ ] ,`.
    """

    kind = "multi"

    def get_partitions_def_for_dimension(self, dimension_name: str) -> PartitionsDefinition:
        """Partitions of one dimension.

        Raises:
            InvariantError: There is no such dimension.
        """
        return self._dimensions[self.position_of(dimension_name)].partitions_def

    def get_partition_key_from_str(self, partition_key_str: str) -> MultiPartitionKey:
        """The key of which a text `a|b` is the text form.

        Raises:
            UnknownPartitionError: The text has not two parts.
        """
        parts = self._parts(partition_key_str)
        if parts is None:
            raise UnknownPartitionError(
                f"'{partition_key_str}' is no key of the dimensions {listed(self.partition_dimension_names)}; "
                f"write {SEPARATOR.join(self.partition_dimension_names)}."
            )
        return self._key(*parts)

    def key_from_dimensions(self, dimensions: str | Mapping[str, str]) -> MultiPartitionKey:
        """The key with these parts.

        Args:
            dimensions: Key by dimension, or the same as text: `day=2024-01-01,region=eu`, in any order.

        Raises:
            UnknownPartitionError: The dimensions are not those of the definition.
        """
        named = dict(_pairs(dimensions)) if isinstance(dimensions, str) else dict(dimensions)
        names = self.partition_dimension_names
        if sorted(named) != names:
            example = ",".join(f"{name}=..." for name in names)
            raise UnknownPartitionError(
                f"The dimensions are {listed(names)}, not {listed(sorted(named)) or 'none'}; write {example}."
            )
        return MultiPartitionKey(named)

    def get_multipartition_keys_with_dimension_value(
        self, dimension_name: str, dimension_partition_key: str
    ) -> Sequence[MultiPartitionKey]:
        """Every key that has this part in a dimension, as they are listed."""
        if self.position_of(dimension_name) == 0:
            return [self._key(dimension_partition_key, key) for key in self.second.ordered_keys()]
        return [self._key(key, dimension_partition_key) for key in self.first.ordered_keys()]

    @property
    def has_time_window_dimension(self) -> bool:
        """True when a dimension is time."""
        return any(isinstance(d.partitions_def, TimeWindowPartitionsDefinition) for d in self._dimensions)

    @property
    def primary_dimension(self) -> PartitionDimensionDefinition:
        """The time dimension, else the first."""
        timed = (d for d in self._dimensions if isinstance(d.partitions_def, TimeWindowPartitionsDefinition))
        return next(timed, self._dimensions[0])

    @property
    def secondary_dimension(self) -> PartitionDimensionDefinition:
        """The other one."""
        return next(d for d in self._dimensions if d is not self.primary_dimension)

    @property
    def time_window_dimension(self) -> PartitionDimensionDefinition:
        """The one dimension that is time.

        Raises:
            InvariantError: None is, or both are.
        """
        timed = [d for d in self._dimensions if isinstance(d.partitions_def, TimeWindowPartitionsDefinition)]
        if len(timed) != 1:
            raise InvariantError(f"{len(timed)} of the dimensions are time; exactly one is needed.")
        return timed[0]

    @property
    def time_window_partitions_def(self) -> TimeWindowPartitionsDefinition:
        """Partitions of the time dimension."""
        definition = self.time_window_dimension.partitions_def
        assert isinstance(definition, TimeWindowPartitionsDefinition)
        return definition

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """Window of a key in the time dimension.

        Raises:
            InvariantError: Not exactly one dimension is time.
        """
        key = self.get_partition_key_from_str(partition_key).keys_by_dimension[self.time_window_dimension.name]
        return self.time_window_partitions_def.time_window_for_partition_key(key)

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        parts = self.get_partition_key_from_str(partition_key).keys_by_dimension
        return {PARTITION_TAG: str(partition_key), **{f"{PARTITION_TAG}/{name}": key for name, key in parts.items()}}

    def to_dict(self) -> dict[str, Any]:
        dimensions = {name: definition.to_dict() for name, definition in self._dimensions}
        return {"kind": self.kind, "dimensions": dimensions, **({"width": self._width} if self._width else {})}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MultiPartitionsDefinition:
        dimensions = {name: partitions_from_dict(plain) for name, plain in data["dimensions"].items()}
        known = {name: definition for name, definition in dimensions.items() if definition is not None}
        return cls(known, width=data.get("width"))

    def __eq__(self, other: object) -> bool:
        """Equal by dimensions: a snapshot equals its definition."""
        return isinstance(other, MultiPartitionsDefinition) and self._dimensions == other._dimensions

    def __hash__(self) -> int:
        return hash(self.identity)

    def __str__(self) -> str:
        lines = (f"{name.capitalize()}: {definition}" for name, definition in self._dimensions)
        return "Multi-partitioned, with dimensions: \n" + " \n".join(lines)

    def __repr__(self) -> str:
        return f"MultiPartitionsDefinition({ {d.name: d.partitions_def for d in self._dimensions}!r})"


def _pairs(text: str) -> list[tuple[str, str]]:
    pieces = (piece.partition("=") for piece in text.split(","))
    return [(name.strip(), key.strip()) for name, _, key in pieces if name.strip()]
