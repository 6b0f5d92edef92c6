"""Partition status of assets: bitmaps in an index space that does not move."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from assetq.broker.keys import Keys
from assetq.partitions import IndexSet, PartitionsDefinition

UNPARTITIONED = "-"
WHOLE = IndexSet.range(0, 1)


def status_location(definition: PartitionsDefinition | None, start: int, stop: int) -> tuple[str, int, int]:
    """`(identity, start, stop)`: where the status of a range of partitions lies."""
    if definition is None:
        return UNPARTITIONED, 0, 1
    offset = definition.status_offset
    return definition.status_identity, start + offset, stop + offset


@dataclass(frozen=True, slots=True)
class AssetStatus:
    """Reads the bitmaps of one namespace."""

    client: Redis
    keys: Keys

    def states(self, asset: str, definition: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions, as indices of the definition. One round trip."""
        identity, offset, _ = status_location(definition, 0, 0)
        names = [self.keys("status", asset, identity, state) for state in ("materialized", "failed")]
        bitmaps = self.client.mget(names)
        materialized, failed = (IndexSet.from_bitmap(bitmap or b"").shift(-offset) for bitmap in bitmaps)
        return materialized, failed
