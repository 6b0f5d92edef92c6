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
    SpecificPartitionsPartitionMapping,
    mapping_from_dict,
)
from assetq.partitions.mapping_default import default_mapping
from assetq.partitions.mapping_multi import (
    DimensionPartitionMapping,
    MultiPartitionMapping,
    MultiToSingleDimensionPartitionMapping,
)
from assetq.partitions.mapping_static import StaticPartitionMapping
from assetq.partitions.mapping_time import TimeWindowPartitionMapping
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
    "DimensionPartitionMapping",
    "DynamicPartitionsDefinition",
    "HourlyPartitionsDefinition",
    "IdentityPartitionMapping",
    "IndexSet",
    "LastPartitionMapping",
    "MonthlyPartitionsDefinition",
    "MultiPartitionKey",
    "MultiPartitionMapping",
    "MultiPartitionsDefinition",
    "MultiToSingleDimensionPartitionMapping",
    "PartitionDimensionDefinition",
    "PartitionKeyRange",
    "PartitionLoadingContext",
    "PartitionMapping",
    "PartitionsDefinition",
    "PartitionsStore",
    "ScheduleType",
    "SpecificPartitionsPartitionMapping",
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
