"""Mappings from and to partitions in two dimensions: on products of ranges, never on pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from assetq.errors import DefinitionError
from assetq.partitions.definition import PartitionsDefinition
from assetq.partitions.index_set import IndexSet
from assetq.partitions.mapping import (
    Absence,
    Grid,
    IdentityPartitionMapping,
    PartitionMapping,
    everything,
    mapping_from_dict,
    union,
)
from assetq.partitions.mapping_time import TimeWindowPartitionMapping
from assetq.partitions.multi import MultiPartitionsDefinition
from assetq.partitions.pairing import Block
from assetq.partitions.time_window import TimeWindowPartitionsDefinition


def matching_dimensions(multi: MultiPartitionsDefinition, single: PartitionsDefinition) -> list[str]:
    """Names of the dimensions that a definition in one dimension fits: the same partitions, or both are time."""
    return [name for name, definition in multi.partitions_defs if definition == single or _are_time(definition, single)]


def _are_time(*definitions: Grid) -> bool:
    return all(isinstance(definition, TimeWindowPartitionsDefinition) for definition in definitions)


@dataclass(frozen=True, eq=False)
class MultiToSingleDimensionPartitionMapping(PartitionMapping):
    """Between two dimensions and the one of them that the other asset has too, in either direction.

    Mirrors Dagster's `MultiToSingleDimensionPartitionMapping`.

    Args:
        partition_dimension_name: The dimension; by default the only one that fits.
    """

    partition_dimension_name: str | None = None
    kind: ClassVar[str] = "multi_to_single"

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return self._across(downstream, downstream_def, upstream_def, is_up=True)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return self._across(upstream, upstream_def, downstream_def, is_up=False)

    def absent(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> Absence | None:
        own, source, target = downstream, downstream_def, upstream_def
        if isinstance(downstream_def, MultiPartitionsDefinition):
            position = self._position(downstream_def, upstream_def)
            own = union(block[position] for block in downstream_def.blocks(downstream))
            source = downstream_def.partitions_defs[position].partitions_def
        elif isinstance(upstream_def, MultiPartitionsDefinition):
            target = upstream_def.partitions_defs[self._position(upstream_def, downstream_def)].partitions_def
        return _between(source, target).absent(own, source, target)

    def _across(self, indices: IndexSet, source: Grid, target: Grid, *, is_up: bool) -> IndexSet:
        if isinstance(source, MultiPartitionsDefinition):
            position = self._position(source, target)
            own = union(block[position] for block in source.blocks(indices))
            return _along(own, source.partitions_defs[position].partitions_def, target, is_up)
        if not isinstance(target, MultiPartitionsDefinition):
            raise DefinitionError("MultiToSingleDimensionPartitionMapping needs an asset with two dimensions.")
        position = self._position(target, source)
        parts = [definition.all_indices() for _, definition in target.partitions_defs]
        parts[position] = _along(indices, source, target.partitions_defs[position].partitions_def, is_up)
        return target.join(*parts)

    def _position(self, multi: MultiPartitionsDefinition, single: Grid) -> int:
        if single is None or isinstance(single, MultiPartitionsDefinition):
            raise DefinitionError(f"MultiToSingleDimensionPartitionMapping needs one dimension, not {single!r}.")
        fitting = matching_dimensions(multi, single)
        wanted = self.partition_dimension_name
        if wanted is not None:
            fitting = [name for name in fitting if name == wanted]
        if len(fitting) != 1:
            raise DefinitionError(
                f"{len(fitting)} of the dimensions {multi.partition_dimension_names} fit {single!r}"
                f"{f' by the name {wanted!r}' if wanted else ''}; exactly one must. Give partition_dimension_name."
            )
        return multi.position_of(fitting[0])


def _between(source: Grid, target: Grid) -> PartitionMapping:
    return TimeWindowPartitionMapping() if _are_time(source, target) else IdentityPartitionMapping()


def _along(indices: IndexSet, source: Grid, target: Grid, is_up: bool) -> IndexSet:
    mapping = _between(source, target)
    return mapping.upstream(indices, source, target) if is_up else mapping.downstream(indices, source, target)


@dataclass(frozen=True, slots=True)
class DimensionPartitionMapping:
    """How an upstream dimension is read. Mirrors Dagster's `DimensionPartitionMapping`.

    Args:
        dimension_name: The downstream dimension that decides.
        partition_mapping: Which upstream keys its keys read.
    """

    dimension_name: str
    partition_mapping: PartitionMapping


@dataclass(frozen=True, eq=False)
class MultiPartitionMapping(PartitionMapping):
    """Between two dimensions and two others, dimension by dimension. Mirrors Dagster's `MultiPartitionMapping`.

    Args:
        downstream_mappings_by_upstream_dimension: Upstream dimension -> how it is read. Of an upstream dimension
            without a mapping every key is read; a downstream dimension that is not named makes no difference.

    Raises:
        DefinitionError: A value is no DimensionPartitionMapping, or a dimension does not exist.
    """

    downstream_mappings_by_upstream_dimension: Mapping[str, DimensionPartitionMapping]
    kind: ClassVar[str] = "multi"

    def __post_init__(self) -> None:
        for name, mapping in self.downstream_mappings_by_upstream_dimension.items():
            if not isinstance(mapping, DimensionPartitionMapping):
                raise DefinitionError(f"Dimension '{name}' needs a DimensionPartitionMapping, not {mapping!r}.")

    @property
    def is_gate(self) -> bool:
        mappings = self.downstream_mappings_by_upstream_dimension.values()
        return all(mapping.partition_mapping.is_gate for mapping in mappings)

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        below, above = _multi(downstream_def), _multi(upstream_def)
        self._check(below, above)
        blocks = (piece for block in below.blocks(downstream) for piece in self._independent(block, below, above))
        return union(self._above(block, below, above) for block in blocks)

    def _independent(
        self, block: Block, below: MultiPartitionsDefinition, above: MultiPartitionsDefinition
    ) -> Iterator[Block]:
        """Blocks whose image is a product: where one dimension decides over both, it is taken key by key."""
        deciding = [
            below.position_of(m.dimension_name) for m in self.downstream_mappings_by_upstream_dimension.values()
        ]
        if len(deciding) < 2 or deciding[0] != deciding[1]:
            yield block
            return
        for index in block[deciding[0]]:
            one = IndexSet.range(index, index + 1)
            yield (one, block[1]) if deciding[0] == 0 else (block[0], one)

    def _above(self, block: Block, below: MultiPartitionsDefinition, above: MultiPartitionsDefinition) -> IndexSet:
        parts = []
        for name, definition in above.partitions_defs:
            found = self.downstream_mappings_by_upstream_dimension.get(name)
            if found is None:
                parts.append(everything(definition))
                continue
            position = below.position_of(found.dimension_name)
            own = below.partitions_defs[position].partitions_def
            parts.append(found.partition_mapping.upstream(block[position], own, definition))
        return above.join(*parts)

    def absent(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> Absence | None:
        below, above = _multi(downstream_def), _multi(upstream_def)
        self._check(below, above)
        blocks = below.blocks(downstream)
        for name, found in self.downstream_mappings_by_upstream_dimension.items():
            position = below.position_of(found.dimension_name)
            own = union(block[position] for block in blocks)
            source, target = below.partitions_defs[position], above.partitions_defs[above.position_of(name)]
            absence = found.partition_mapping.absent(own, source.partitions_def, target.partitions_def)
            if absence is not None:
                return absence
        return None

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        above, below = _multi(upstream_def), _multi(downstream_def)
        self._check(below, above)
        return union(self._below(block, above, below) for block in above.blocks(upstream))

    def _below(self, block: Block, above: MultiPartitionsDefinition, below: MultiPartitionsDefinition) -> IndexSet:
        parts = [definition.all_indices() for _, definition in below.partitions_defs]
        for name, found in self.downstream_mappings_by_upstream_dimension.items():
            source, at = above.position_of(name), below.position_of(found.dimension_name)
            own, target = above.partitions_defs[source].partitions_def, below.partitions_defs[at].partitions_def
            parts[at] = parts[at] & found.partition_mapping.downstream(block[source], own, target)
        return below.join(*parts)

    def _check(self, below: MultiPartitionsDefinition, above: MultiPartitionsDefinition) -> None:
        for name, mapping in self.downstream_mappings_by_upstream_dimension.items():
            above.position_of(name)
            below.position_of(mapping.dimension_name)

    def to_dict(self) -> dict[str, Any]:
        pairs = self.downstream_mappings_by_upstream_dimension.items()
        return {
            "kind": self.kind,
            "dimensions": {name: [m.dimension_name, m.partition_mapping.to_dict()] for name, m in sorted(pairs)},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MultiPartitionMapping:
        pairs = data["dimensions"].items()
        return cls({name: DimensionPartitionMapping(below, mapping_from_dict(plain)) for name, (below, plain) in pairs})


def _multi(definition: Grid) -> MultiPartitionsDefinition:
    if not isinstance(definition, MultiPartitionsDefinition):
        raise DefinitionError(f"MultiPartitionMapping needs two dimensions on both sides, not {definition!r}.")
    return definition
