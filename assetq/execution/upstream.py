"""Which partitions of an upstream asset a step reads."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from assetq.definitions import AssetKey, AssetsDefinition, OpInput
from assetq.execution.data_version import WHOLE, VersionedDep, VersionMark, look_up
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition, PartitionsStore
from assetq.planning import mapping_between
from assetq.planning.absence import refuse_absent

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask


@dataclass(frozen=True, slots=True)
class UpstreamRead:
    """Some partitions of an asset, {0} of one without, and through which mapping they are read."""

    key: AssetKey
    grid: PartitionsDefinition | None
    partitions: IndexSet
    mapping: PartitionMapping

    @property
    def partition_keys(self) -> list[str] | None:
        """Their keys; None for an asset without partitions."""
        return None if self.grid is None else [self.grid.key_at(i) for i in self.partitions]

    @property
    def place(self) -> Hashable:
        """The same for the same partitions."""
        if self.grid is None or not self.partitions:
            return str(self.key), self.partitions
        ends = self.grid.key_at(self.partitions.first), self.grid.key_at(self.partitions.last)
        return str(self.key), self.grid.status_identity, self.grid.to_status(self.partitions), ends

    def marks(self, session: ExecutionSession, task: StepTask) -> dict[int, VersionMark | None]:
        """The data versions that the record of the step will name; none where they are too many for that."""
        dep, own_grid = VersionedDep(str(self.key), self.grid, self.mapping), task.plan_node.partitions_def
        wanted = IndexSet.of(*(r for read in dep.reads(task.partitions, own_grid) for r in read.ranges))
        recorded = session.recorded(
            task.run_id,
            task.fence,
            lambda: [(dep.key, self.grid, dep.reads_together(task.partitions_ahead, own_grid))],
        )
        [found] = look_up(recorded, [(dep.key, self.grid, wanted)])
        return dict(zip(wanted, found, strict=True))


def upstream_read(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> UpstreamRead:
    """What a step reads of the asset that an argument is loaded from.

    Raises:
        UnknownPartitionError: A partition that must exist does not.
    """
    grid, mapping = _upstream_grid(session, task, op_input), _mapping(session, task, definition, op_input)
    if grid is None:
        return UpstreamRead(op_input.key, None, WHOLE, mapping)
    own, own_grid = task.partitions, task.plan_node.partitions_def
    refuse_absent(definition, op_input, mapping, own, own_grid, grid)
    return UpstreamRead(op_input.key, grid, mapping.upstream(own, own_grid, grid), mapping)


def _upstream_grid(session: ExecutionSession, task: StepTask, op_input: OpInput) -> PartitionsDefinition | None:
    """The upstream partitions as the plan has them; those of this moment where the upstream asset is not in it."""
    node = task.plan.node_for_asset(str(op_input.key))
    if node is not None:
        return node.partitions_def
    grid: PartitionsDefinition | None = session.defs.graph.get(op_input.key).partitions_def
    return None if grid is None else grid.bound(cast("PartitionsStore | None", session.instance))


def _mapping(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> PartitionMapping:
    upstream = session.defs.graph.get(op_input.key)
    mapping = mapping_between(definition, op_input.key, upstream, op_input.asset_in.partition_mapping)
    node = task.plan.node_for_asset(str(op_input.key))
    return mapping if node is None else task.plan.pinned(node.index, task.node, mapping)
