"""Through which mapping one asset reads another, and the partitions that exist while a plan is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from assetq.definitions import AssetKey, AssetsDefinition
from assetq.errors import DefinitionError
from assetq.partitions import (
    AllPartitionMapping,
    PartitionMapping,
    PartitionsDefinition,
    PartitionsStore,
    TimeWindowPartitionMapping,
    TimeWindowPartitionsDefinition,
    default_mapping,
)

CHOOSING = ("last", "specific")
"""Kinds of mappings by which the downstream partition does not matter."""


class Partitioned(Protocol):
    """What has partitions, or None."""

    @property
    def partitions_def(self) -> Any:
        """How it is partitioned."""


def mapping_between(
    definition: AssetsDefinition,
    upstream_key: AssetKey,
    above: Partitioned,
    given: PartitionMapping | None,
) -> PartitionMapping:
    """The mapping of a dependency: the given one if it fits, else the default.

    An asset without partitions may choose single ones of an upstream asset.

    Raises:
        DefinitionError: A time-window mapping between assets that are not both partitioned by time.
    """
    if definition.partitions_def is None or above.partitions_def is None:
        if given is not None and above.partitions_def is not None and given.kind in CHOOSING:
            return given
        return AllPartitionMapping()
    if given is None:
        return default_mapping(definition.partitions_def, above.partitions_def)
    grids = (definition.partitions_def, above.partitions_def)
    if isinstance(given, TimeWindowPartitionMapping) and not all(
        isinstance(grid, TimeWindowPartitionsDefinition) for grid in grids
    ):
        own = definition.subject
        raise DefinitionError(
            f"Asset '{own}' reads '{upstream_key}' through a TimeWindowPartitionMapping, but both must be "
            "partitioned by time.",
            asset=str(own),
            location=definition.location,
        )
    return given


@dataclass(slots=True)
class Snapshots:
    """Partitions definitions with the partitions of one moment; equal definitions share one snapshot.

    Attributes:
        store: Where dynamic partitions are kept.
    """

    store: PartitionsStore | None = None
    _by_id: dict[int, tuple[PartitionsDefinition, PartitionsDefinition]] = field(default_factory=dict)
    _by_value: dict[PartitionsDefinition, PartitionsDefinition] = field(default_factory=dict)

    def of(self, definition: Partitioned) -> PartitionsDefinition | None:
        """The snapshot of an asset's partitions; None for an asset without."""
        grid = definition.partitions_def
        if grid is None:
            return None
        if id(grid) not in self._by_id:  # the definition is kept with it, so that its id stays its own
            self._by_id[id(grid)] = grid, self._bind(grid)
        return self._by_id[id(grid)][1]

    def _bind(self, grid: PartitionsDefinition) -> PartitionsDefinition:
        if grid not in self._by_value:
            self._by_value[grid] = grid.bound(self.store)
        return self._by_value[grid]
