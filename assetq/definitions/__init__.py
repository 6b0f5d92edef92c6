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
from assetq.definitions.config import Config, EnvVar, PermissiveConfig, RunConfig
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
from assetq.definitions.dagster_type import DagsterType, PythonObjectDagsterType
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
from assetq.definitions.type_check import TypeCheck, TypeCheckContext
from assetq.definitions.type_loader import DagsterTypeLoader, DagsterTypeLoaderContext, dagster_type_loader
from assetq.definitions.type_resolution import (
    Dict,
    List,
    Optional,
    Set,
    Tuple,
    check_dagster_type,
    make_python_type_usable_as_dagster_type,
    usable_as_dagster_type,
)

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
    "DagsterType",
    "DagsterTypeLoader",
    "DagsterTypeLoaderContext",
    "DataVersion",
    "Definitions",
    "Dict",
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
    "List",
    "Map",
    "MaterializeResult",
    "MetadataValue",
    "Noneable",
    "Nothing",
    "ObserveResult",
    "Op",
    "OpInput",
    "OpOutput",
    "Optional",
    "Output",
    "Permissive",
    "PermissiveConfig",
    "PythonObjectDagsterType",
    "ResourceDefinition",
    "ResourceParam",
    "RetryPolicy",
    "RetryRequested",
    "RunConfig",
    "ScalarUnion",
    "Selector",
    "Set",
    "Shape",
    "SourceAsset",
    "SourceLocation",
    "String",
    "StringSource",
    "Tuple",
    "TypeCheck",
    "TypeCheckContext",
    "asset",
    "asset_check",
    "check_dagster_type",
    "check_schema",
    "dagster_type_loader",
    "failure_hook",
    "io_manager",
    "is_config_required",
    "load_assets_from_current_module",
    "load_assets_from_modules",
    "load_assets_from_package_module",
    "load_definitions",
    "make_python_type_usable_as_dagster_type",
    "multi_asset_check",
    "process_config",
    "resource",
    "schema_default",
    "success_hook",
    "usable_as_dagster_type",
]
