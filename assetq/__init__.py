"""assetq: software-defined assets, executed by a Celery fleet.

Names are imported when they are first used, layer by layer, so that `import assetq` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assetq.definitions import (
        AssetDep,
        AssetGraph,
        AssetIn,
        AssetKey,
        AssetMaterialization,
        AssetNode,
        AssetsDefinition,
        AssetSpec,
        BackfillPolicy,
        Backoff,
        Config,
        ConfigurableIOManager,
        ConfigurableResource,
        DataVersion,
        Definitions,
        EnvVar,
        Failure,
        IOManager,
        IOManagerDefinition,
        Jitter,
        MaterializeResult,
        MetadataValue,
        Nothing,
        Op,
        OpInput,
        OpOutput,
        Output,
        PermissiveConfig,
        ResourceDefinition,
        ResourceParam,
        RetryPolicy,
        RetryRequested,
        RunConfig,
        SourceAsset,
        SourceLocation,
        asset,
        io_manager,
        load_assets_from_current_module,
        load_assets_from_modules,
        load_assets_from_package_module,
        load_definitions,
        resource,
    )
    from assetq.errors import AssetqError
    from assetq.execution import (
        AssetExecutionContext,
        ExecuteInProcessResult,
        Instance,
        OpExecutionContext,
        RunHandle,
        build_asset_context,
        build_op_context,
        materialize,
    )
    from assetq.io import (
        FilesystemIOManager,
        InMemoryIOManager,
        InputContext,
        OutputContext,
        ParquetIOManager,
        UPathIOManager,
    )
    from assetq.partitions import (
        AllPartitionMapping,
        DailyPartitionsDefinition,
        HourlyPartitionsDefinition,
        IdentityPartitionMapping,
        LastPartitionMapping,
        MonthlyPartitionsDefinition,
        PartitionKeyRange,
        PartitionMapping,
        PartitionsDefinition,
        StaticPartitionMapping,
        StaticPartitionsDefinition,
        TimeWindow,
        TimeWindowPartitionMapping,
        TimeWindowPartitionsDefinition,
        WeeklyPartitionsDefinition,
    )
    from assetq.planning import PartitionScope
    from assetq.selection import AssetSelection

__version__ = "0.1.0"

__all__ = [
    "AllPartitionMapping",
    "AssetDep",
    "AssetExecutionContext",
    "AssetGraph",
    "AssetIn",
    "AssetKey",
    "AssetMaterialization",
    "AssetNode",
    "AssetSelection",
    "AssetSpec",
    "AssetqError",
    "AssetsDefinition",
    "BackfillPolicy",
    "Backoff",
    "Config",
    "ConfigurableIOManager",
    "ConfigurableResource",
    "DailyPartitionsDefinition",
    "DataVersion",
    "Definitions",
    "EnvVar",
    "ExecuteInProcessResult",
    "Failure",
    "FilesystemIOManager",
    "HourlyPartitionsDefinition",
    "IOManager",
    "IOManagerDefinition",
    "IdentityPartitionMapping",
    "InMemoryIOManager",
    "InputContext",
    "Instance",
    "Jitter",
    "LastPartitionMapping",
    "MaterializeResult",
    "MetadataValue",
    "MonthlyPartitionsDefinition",
    "Nothing",
    "Op",
    "OpExecutionContext",
    "OpInput",
    "OpOutput",
    "Output",
    "OutputContext",
    "ParquetIOManager",
    "PartitionKeyRange",
    "PartitionMapping",
    "PartitionScope",
    "PartitionsDefinition",
    "PermissiveConfig",
    "ResourceDefinition",
    "ResourceParam",
    "RetryPolicy",
    "RetryRequested",
    "RunConfig",
    "RunHandle",
    "SourceAsset",
    "SourceLocation",
    "StaticPartitionMapping",
    "StaticPartitionsDefinition",
    "TimeWindow",
    "TimeWindowPartitionMapping",
    "TimeWindowPartitionsDefinition",
    "UPathIOManager",
    "WeeklyPartitionsDefinition",
    "asset",
    "build_asset_context",
    "build_op_context",
    "io_manager",
    "load_assets_from_current_module",
    "load_assets_from_modules",
    "load_assets_from_package_module",
    "load_definitions",
    "materialize",
    "resource",
]

_LAYERS = ("errors", "definitions", "partitions", "selection", "planning", "io", "execution")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for layer in _LAYERS:
            module = import_module(f"assetq.{layer}")
            if hasattr(module, name):
                value = globals()[name] = getattr(module, name)
                return value
    raise AttributeError(f"module 'assetq' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
