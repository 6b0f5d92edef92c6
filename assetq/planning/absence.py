"""Refuses to read upstream partitions that do not exist, where a mapping says that they must."""

from __future__ import annotations

from assetq.definitions import AssetsDefinition, OpInput
from assetq.errors import UnknownPartitionError
from assetq.partitions import IndexSet, PartitionMapping, PartitionsDefinition


def refuse_absent(
    definition: AssetsDefinition,
    op_input: OpInput,
    mapping: PartitionMapping,
    partitions: IndexSet,
    own: PartitionsDefinition | None,
    upstream: PartitionsDefinition | None,
) -> None:
    """Checks what some partitions of an asset read through one argument.

    Args:
        definition: The asset.
        op_input: The argument.
        mapping: How it is read.
        partitions: Those that are to be made.
        own, upstream: Partitions of the asset and of what it reads.

    Raises:
        UnknownPartitionError: One of them reads a partition that does not exist.
    """
    absence = None if own is None or upstream is None else mapping.absent(partitions, own, upstream)
    if absence is None or upstream is None:
        return
    known = upstream.all_indices()
    span = f"it has '{upstream.key_at(known.first)}' to '{upstream.key_at(known.last)}'" if known else "it has none"
    raise UnknownPartitionError(
        f"Partition '{absence.partition}' of asset '{definition.subject}' reads partition '{absence.upstream}' of "
        f"asset '{op_input.key}', which does not exist: {span}. Leave the partition out, or let the asset be read "
        "through TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True) if it is partitioned by time."
        + (f" ({definition.location})" if definition.location else "")
    )
