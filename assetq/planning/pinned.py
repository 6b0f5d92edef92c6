"""A mapping that only plans hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition


@dataclass(frozen=True, eq=False)
class PinnedPartitionMapping(PartitionMapping):
    """One upstream partition, by index: the one that was last when the plan was made, though newer ones may follow."""

    index: int
    kind: ClassVar[str] = "pinned"

    def upstream(
        self,
        downstream: IndexSet,
        downstream_def: PartitionsDefinition | None,
        upstream_def: PartitionsDefinition | None,
    ) -> IndexSet:
        return IndexSet.range(self.index, self.index + 1) if downstream else IndexSet()

    def downstream(
        self, upstream: IndexSet, upstream_def: PartitionsDefinition | None, downstream_def: PartitionsDefinition | None
    ) -> IndexSet:
        if self.index not in upstream:
            return IndexSet()
        return IndexSet.range(0, 1) if downstream_def is None else downstream_def.all_indices()
