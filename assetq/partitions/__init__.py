"""Partitions: keys as index ranges, and the mappings between them."""

from assetq.partitions.definition import (
    PartitionKeyRange,
    PartitionsDefinition,
    PartitionsStore,
    StaticPartitionsDefinition,
    partitions_from_dict,
)
from assetq.partitions.index_set import IndexSet
from assetq.partitions.mapping import (
    AllPartitionMapping,
    IdentityPartitionMapping,
    LastPartitionMapping,
    PartitionMapping,
    StaticPartitionMapping,
    TimeWindowPartitionMapping,
    default_mapping,
    mapping_from_dict,
)
from assetq.partitions.time_window import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    TimeWindow,
    TimeWindowPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

__all__ = [
    "AllPartitionMapping",
    "DailyPartitionsDefinition",
    "HourlyPartitionsDefinition",
    "IdentityPartitionMapping",
    "IndexSet",
    "LastPartitionMapping",
    "MonthlyPartitionsDefinition",
    "PartitionKeyRange",
    "PartitionMapping",
    "PartitionsDefinition",
    "PartitionsStore",
    "StaticPartitionMapping",
    "StaticPartitionsDefinition",
    "TimeWindow",
    "TimeWindowPartitionMapping",
    "TimeWindowPartitionsDefinition",
    "WeeklyPartitionsDefinition",
    "default_mapping",
    "mapping_from_dict",
    "partitions_from_dict",
]
