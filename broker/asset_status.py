"""Partition status of assets: bitmaps in an index space that does not move."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from assetq.broker.keys import Keys
from assetq.partitions import IndexSet, PartitionsDefinition

UNPARTITIONED = "-"
WHOLE = IndexSet.range(0, 1)


def status_identity(definition: PartitionsDefinition | None) -> str:
    """Name of the index space in which the status of an asset's partitions lies."""
    return UNPARTITIONED if definition is None else definition.status_identity


def status_ranges(definition: PartitionsDefinition | None, partitions: IndexSet) -> tuple[tuple[int, int], ...]:
    """Half-open ranges of that space, for some partitions."""
    return WHOLE.ranges if definition is None else definition.to_status(partitions).ranges


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """Reads the bitmaps of one namespace."""

    client: Redis
    keys: Keys

    def states(self, asset: str, definition: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions, as indices of the definition. One round trip."""
        identity = status_identity(definition)
        names = [self.keys("status", asset, identity, state) for state in ("materialized", "failed")]
        places = [IndexSet.from_bitmap(bitmap or b"") for bitmap in self.client.mget(names)]
        materialized, failed = (definition.from_status(found) if definition else found for found in places)
        return materialized, failed
