"""Partitions: keys as index ranges, and the mappings between them."""

from assetq.partitions.context import PartitionLoadingContext, PartitionsStore, partition_loading_context
from assetq.partitions.definition import (
    PartitionKeyRange,
    PartitionsDefinition,
    partitions_from_dict,
)
from assetq.partitions.dynamic import (
    AddDynamicPartitionsRequest,
    DeleteDynamicPartitionsRequest,
    DynamicPartitionsDefinition,
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
from assetq.partitions.multi import MultiPartitionsDefinition, PartitionDimensionDefinition
from assetq.partitions.multi_key import MultiPartitionKey
from assetq.partitions.schedule_type import ScheduleType
from assetq.partitions.static import StaticPartitionsDefinition
from assetq.partitions.time_grid import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from assetq.partitions.time_window import TimeWindow, TimeWindowPartitionsDefinition

__all__ = [
    "AddDynamicPartitionsRequest",
    "AllPartitionMapping",
    "DailyPartitionsDefinition",
    "DeleteDynamicPartitionsRequest",
    "DynamicPartitionsDefinition",
    "HourlyPartitionsDefinition",
    "IdentityPartitionMapping",
    "IndexSet",
    "LastPartitionMapping",
    "MonthlyPartitionsDefinition",
    "MultiPartitionKey",
    "MultiPartitionsDefinition",
    "PartitionDimensionDefinition",
    "PartitionKeyRange",
    "PartitionLoadingContext",
    "PartitionMapping",
    "PartitionsDefinition",
    "PartitionsStore",
    "ScheduleType",
    "StaticPartitionMapping",
    "StaticPartitionsDefinition",
    "TimeWindow",
    "TimeWindowPartitionMapping",
    "TimeWindowPartitionsDefinition",
    "WeeklyPartitionsDefinition",
    "default_mapping",
    "mapping_from_dict",
    "partition_loading_context",
    "partitions_from_dict",
]
