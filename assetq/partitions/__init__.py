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
from assetq.partitions.multi import MultiPartitionsDefinition
from assetq.partitions.multi_index import PartitionDimensionDefinition
from assetq.partitions.multi_key import MultiPartitionKey
from assetq.partitions.partitioned_config import (
    PartitionedConfig,
    dynamic_partitioned_config,
    partitioned_config,
    static_partitioned_config,
)
from assetq.partitions.schedule_type import ScheduleType
from assetq.partitions.static import StaticPartitionsDefinition
from assetq.partitions.time_config import (
    daily_partitioned_config,
    hourly_partitioned_config,
    monthly_partitioned_config,
    weekly_partitioned_config,
)
from assetq.partitions.time_grid import (
    DailyPartitionsDefinition,
    HourlyPartitionsDefinition,
    MonthlyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)
from assetq.partitions.time_index import TimeWindow
from assetq.partitions.time_window import TimeWindowPartitionsDefinition

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
    "PartitionedConfig",
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
    "daily_partitioned_config",
    "default_mapping",
    "dynamic_partitioned_config",
    "hourly_partitioned_config",
    "mapping_from_dict",
    "monthly_partitioned_config",
    "partition_loading_context",
    "partitioned_config",
    "partitions_from_dict",
    "static_partitioned_config",
    "weekly_partitioned_config",
]
