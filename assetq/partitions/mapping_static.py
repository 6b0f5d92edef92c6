"""Mapping by a table of keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from assetq.errors import DefinitionError
from assetq.partitions.index_set import IndexSet
from assetq.partitions.mapping import Grid, PartitionMapping


@dataclass(frozen=True, eq=False)
class StaticPartitionMapping(PartitionMapping):
    """Downstream keys by upstream key, given as a table. Mirrors Dagster's `StaticPartitionMapping`.

    Args:
        downstream_partition_keys_by_upstream_partition_key: Upstream key -> downstream key or keys.
    """

    downstream_partition_keys_by_upstream_partition_key: Mapping[str, str | Collection[str]]
    kind: ClassVar[str] = "static"

    def _pairs(self, upstream_def: Grid, downstream_def: Grid) -> list[tuple[int, int]]:
        if upstream_def is None or downstream_def is None:
            raise DefinitionError("StaticPartitionMapping needs partitioned assets on both sides.")
        pairs = []
        for above, below in self.downstream_partition_keys_by_upstream_partition_key.items():
            for key in [below] if isinstance(below, str) else below:
                pairs.append((upstream_def.index_of(above), downstream_def.index_of(key)))
        return pairs

    def upstream(self, downstream: IndexSet, downstream_def: Grid, upstream_def: Grid) -> IndexSet:
        return IndexSet.from_indices(a for a, b in self._pairs(upstream_def, downstream_def) if b in downstream)

    def downstream(self, upstream: IndexSet, upstream_def: Grid, downstream_def: Grid) -> IndexSet:
        return IndexSet.from_indices(b for a, b in self._pairs(upstream_def, downstream_def) if a in upstream)

    def to_dict(self) -> dict[str, Any]:
        name = "downstream_partition_keys_by_upstream_partition_key"
        table = {
            above: below if isinstance(below, str) else sorted(below) for above, below in getattr(self, name).items()
        }
        return {"kind": self.kind, name: table}
