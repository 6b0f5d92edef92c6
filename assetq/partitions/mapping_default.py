"""The mapping that holds when none is given."""

from __future__ import annotations

from assetq.partitions.mapping import AllPartitionMapping, Grid, IdentityPartitionMapping, PartitionMapping
from assetq.partitions.mapping_multi import MultiToSingleDimensionPartitionMapping, matching_dimensions
from assetq.partitions.mapping_time import TimeWindowPartitionMapping
from assetq.partitions.multi import MultiPartitionsDefinition
from assetq.partitions.time_window import TimeWindowPartitionsDefinition


def default_mapping(downstream_def: Grid, upstream_def: Grid) -> PartitionMapping:
    """The mapping between two assets for which none is given, as in Dagster.

    Everything where one has no partitions; overlap for two time grids; one dimension where exactly one of two fits
    the other asset; the same key otherwise.
    """
    if downstream_def is None or upstream_def is None:
        return AllPartitionMapping()
    if downstream_def == upstream_def:
        return IdentityPartitionMapping()
    if isinstance(downstream_def, TimeWindowPartitionsDefinition) and isinstance(
        upstream_def, TimeWindowPartitionsDefinition
    ):
        return TimeWindowPartitionMapping()
    return (
        MultiToSingleDimensionPartitionMapping()
        if _one_fits(downstream_def, upstream_def)
        else IdentityPartitionMapping()
    )


def _one_fits(a: Grid, b: Grid) -> bool:
    for multi, single in ((a, b), (b, a)):
        if (
            isinstance(multi, MultiPartitionsDefinition)
            and single
            and not isinstance(single, MultiPartitionsDefinition)
        ):
            return len(matching_dimensions(multi, single)) == 1
    return False
