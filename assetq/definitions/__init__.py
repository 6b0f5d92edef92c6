"""Definitions: what assets, ops and resources exist. Nothing here touches the network."""

from assetq.definitions.asset import asset
from assetq.definitions.asset_check import asset_check, multi_asset_check
from assetq.definitions.asset_dep import AssetDep, AssetIn
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec, SourceAsset
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.check import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
)
from assetq.definitions.config import Config, PermissiveConfig, RunConfig
from assetq.definitions.config_schema import (
    Any,
    Array,
    Bool,
    BoolSource,
    Enum,
    EnumValue,
    Field,
    Float,
    Int,
    IntSource,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    String,
    StringSource,
    check_schema,
    is_config_required,
    process_config,
    schema_default,
)
from assetq.definitions.definitions import Definitions
from assetq.definitions.env_var import EnvVar
from assetq.definitions.graph import AssetGraph, AssetNode
from assetq.definitions.hook import HookDefinition, failure_hook, success_hook
from assetq.definitions.io_manager import ConfigurableIOManager, IOManager, IOManagerDefinition, io_manager
from assetq.definitions.loading import (
    load_assets_from_current_module,
    load_assets_from_modules,
    load_assets_from_package_module,
    load_definitions,
)
from assetq.definitions.metadata import MetadataValue
from assetq.definitions.observation import AssetObservation, ExpectationResult, ObserveResult
from assetq.definitions.op import Op, OpInput, OpOutput
from assetq.definitions.output import (
    AssetMaterialization,
    DataVersion,
    Failure,
    MaterializeResult,
    Nothing,
    Output,
    RetryRequested,
)
from assetq.definitions.resource import ConfigurableResource, ResourceDefinition, ResourceParam, resource
from assetq.definitions.retry_policy import BackfillPolicy, Backoff, Jitter, RetryPolicy
from assetq.definitions.source_location import SourceLocation

__all__ = [
    "Any",
    "Array",
    "AssetCheckEvaluation",
    "AssetCheckKey",
    "AssetCheckResult",
    "AssetCheckSeverity",
    "AssetCheckSpec",
    "AssetChecksDefinition",
    "AssetDep",
    "AssetGraph",
    "AssetIn",
    "AssetKey",
    "AssetMaterialization",
    "AssetNode",
    "AssetObservation",
    "AssetSpec",
    "AssetsDefinition",
    "BackfillPolicy",
    "Backoff",
    "Bool",
    "BoolSource",
    "Config",
    "ConfigurableIOManager",
    "ConfigurableResource",
    "DataVersion",
    "Definitions",
    "Enum",
    "EnumValue",
    "EnvVar",
    "ExpectationResult",
    "Failure",
    "Field",
    "Float",
    "HookDefinition",
    "IOManager",
    "IOManagerDefinition",
    "Int",
    "IntSource",
    "Jitter",
    "Map",
    "MaterializeResult",
    "MetadataValue",
    "Noneable",
    "Nothing",
    "ObserveResult",
    "Op",
    "OpInput",
    "OpOutput",
    "Output",
    "Permissive",
    "PermissiveConfig",
    "ResourceDefinition",
    "ResourceParam",
    "RetryPolicy",
    "RetryRequested",
    "RunConfig",
    "ScalarUnion",
    "Selector",
    "Shape",
    "SourceAsset",
    "SourceLocation",
    "String",
    "StringSource",
    "asset",
    "asset_check",
    "check_schema",
    "failure_hook",
    "io_manager",
    "is_config_required",
    "load_assets_from_current_module",
    "load_assets_from_modules",
    "load_assets_from_package_module",
    "load_definitions",
    "multi_asset_check",
    "process_config",
    "resource",
    "schema_default",
    "success_hook",
]
