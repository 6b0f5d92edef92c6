"""Which partitions of an upstream asset a step reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from assetq.definitions import AssetKey, AssetsDefinition, OpInput
from assetq.execution.data_version import READ_LIMIT, WHOLE, VersionMark, look_up
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition, PartitionsStore
from assetq.planning import mapping_between
from assetq.planning.absence import refuse_absent

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask


@dataclass(frozen=True, slots=True)
class UpstreamRead:
    """Some partitions of an asset; {0} of one without."""

    key: AssetKey
    grid: PartitionsDefinition | None
    partitions: IndexSet

    @property
    def partition_keys(self) -> list[str] | None:
        """Their keys; None for an asset without partitions."""
        return None if self.grid is None else [self.grid.key_at(i) for i in self.partitions]

    @property
    def place(self) -> tuple[str, IndexSet]:
        """The same for the same partitions, however many the asset has by now."""
        if self.grid is None:
            return "", self.partitions
        return self.grid.status_identity, self.grid.to_status(self.partitions)

    def marks(self, session: ExecutionSession, task: StepTask) -> tuple[VersionMark | None, ...]:
        """Their data versions; none where they are too many for that to be asked."""
        if len(self.partitions) > READ_LIMIT:
            return ()
        recorded = session.recorded(task.run_id, task.fence, tuple)
        return tuple(look_up(recorded, [(str(self.key), self.grid, self.partitions)])[0])


def upstream_read(
    session: ExecutionSession, task: StepTask, definition: AssetsDefinition, op_input: OpInput
) -> UpstreamRead:
    """What a step reads of the asset that an argument is loaded from.

    Raises:
        UnknownPartitionError: A partition that must exist does not.
    """
    grid = _upstream_grid(session, task, op_input)
    if grid is None:
        return UpstreamRead(op_input.key, None, WHOLE)
    own = task.partitions
    mapping = _mapping(session, task, definition, op_input)
    refuse_absent(definition, op_input, mapping, own, task.plan_node.partitions_def, grid)
    return UpstreamRead(op_input.key, grid, mapping.upstream(own, task.plan_node.partitions_def, grid))


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
