"""`@asset`: a function that makes an asset."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions.asset_dep import AssetDep, AssetIn
from assetq.definitions.asset_key import AssetKey, check_name, prefix_parts
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, OpOutput
from assetq.definitions.op_option import OpOptions, all_deps, function_given, make_op, signature_of
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import value_type
from assetq.definitions.source_location import located, location_of
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class _AssetOptions:
    name: str | None
    key_prefix: str | Sequence[str] | None
    key: Any
    io_manager_def: object | None
    io_manager_key: str | None
    dagster_type: Any
    output_required: bool
    attributes: Mapping[str, Any]


def asset(
    compute_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    key_prefix: str | Sequence[str] | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    deps: Iterable[Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    hooks: Iterable[Any] | None = None,
    io_manager_def: object | None = None,
    io_manager_key: str | None = None,
    dagster_type: Any = None,
    partitions_def: Any = None,
    op_tags: Mapping[str, Any] | None = None,
    group_name: str | None = None,
    output_required: bool = True,
    automation_condition: Any = None,
    backfill_policy: BackfillPolicy | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    key: Any = None,
    check_specs: Sequence[Any] | None = None,
    owners: Sequence[str] | None = None,
    kinds: Iterable[str] | None = None,
    pool: str | None = None,
) -> Any:
    """Define an asset by the function that makes it. Mirrors Dagster's `@asset`.

    Args:
        compute_fn: The function; given when the decorator stands bare.
        name: Last part of the key; by default the function's name.
        key_prefix: Parts before the name; "/" separates parts.
        ins: How arguments are loaded; an argument not named here loads the asset of its own name.
        deps: Upstream assets that are not loaded.
        metadata: Recorded with the definition.
        tags: For selection.
        description: By default the docstring.
        config_schema: Field name -> Python type, when there is no `config` argument.
        required_resource_keys: Resources used through `context.resources`.
        resource_defs: Resources that come with the asset.
        io_manager_def, io_manager_key: Who stores the output: an object, or the key of a resource ("io_manager").
        dagster_type: Type of the output; by default the return annotation.
        partitions_def: Which partitions the asset has.
        op_tags: Tags of the op; values that are no strings become JSON.
        group_name: Group in the catalog.
        output_required: False if the function may yield nothing; then downstream assets are skipped.
        automation_condition: Carried along.
        backfill_policy: How many partitions one step takes.
        retry_policy: When a failed step runs again.
        code_version: Version of the code, recorded with each materialization.
        key: The whole key, instead of name and key_prefix.
        owners: E-mail addresses, or `team:name`.
        kinds: What the asset is made with, for the catalog.
        pool: Concurrency pool whose slots limit the asset's steps.
        hooks, check_specs: Refused; assetq has none.

    Returns:
        An `AssetsDefinition`.

    Raises:
        DefinitionError: Something does not fit; names the asset, file and line.
    """
    attributes = {
        "description": description,
        "metadata": metadata,
        "skippable": not output_required,
        "group_name": group_name,
        "code_version": code_version,
        "automation_condition": automation_condition,
        "owners": owners,
        "tags": tags,
        "kinds": kinds,
        "partitions_def": partitions_def,
    }
    own = _AssetOptions(
        name, key_prefix, key, io_manager_def, io_manager_key, dagster_type, output_required, attributes
    )
    options = OpOptions(
        ins=ins,
        deps=deps,
        required_resource_keys=required_resource_keys,
        resource_defs=resource_defs,
        config_schema=config_schema,
        partitions_def=partitions_def,
        backfill_policy=backfill_policy,
        retry_policy=retry_policy,
        op_tags=op_tags,
        pool=pool,
        unsupported={"hooks": hooks, "check_specs": check_specs},
    )
    return (lambda fn: _make_asset(fn, own, options)) if compute_fn is None else _make_asset(compute_fn, own, options)


def _make_asset(fn: Any, own: _AssetOptions, options: OpOptions) -> AssetsDefinition:
    with located():
        function = function_given(fn)
    location = location_of(function)
    with located(function.__name__, location):
        key = _key(function, own)
    with located(key, location):
        options.check(key)
        signature = signature_of(function, options)
        deps = all_deps(key, signature, options)
        spec = _spec(function, key, deps, own)
        io_manager_key, resources = _storage(key, own, options)
        annotation = own.dagster_type if own.dagster_type is not None else value_type(signature.result)
        output = OpOutput(DEFAULT_OUTPUT, key, io_manager_key, own.output_required, annotation, spec)
        return AssetsDefinition(
            make_op(function, key.to_python_identifier(), signature, [output], options),
            specs=[spec],
            deps=deps,
            partitions_def=options.partitions_def,
            backfill_policy=options.backfill_policy,
            resource_defs=resources,
        )


def _key(fn: Callable[..., Any], own: _AssetOptions) -> AssetKey:
    if own.key is None:
        name = check_name(own.name if own.name is not None else fn.__name__, "asset")
        return AssetKey([*prefix_parts(own.key_prefix), name])
    if own.name is not None or own.key_prefix is not None:
        raise DefinitionError(
            f"Asset '{fn.__name__}' is given key together with name or key_prefix; put everything into key."
        )
    return AssetKey.from_coercible(own.key)


def _spec(fn: Callable[..., Any], key: AssetKey, deps: Sequence[AssetDep], own: _AssetOptions) -> AssetSpec:
    described = {**own.attributes, "description": own.attributes["description"] or inspect.getdoc(fn)}
    return AssetSpec(key, deps=deps, location=location_of(fn), **described)


def _storage(key: AssetKey, own: _AssetOptions, options: OpOptions) -> tuple[str, dict[str, object]]:
    """Key of the resource that stores the output, and the resources that come with the asset."""
    resources = dict(options.resource_defs or {})
    if own.io_manager_def is None:
        return own.io_manager_key or DEFAULT_IO_MANAGER_KEY, resources
    if own.io_manager_key is not None:
        raise DefinitionError(f"Asset '{key}' is given io_manager_def and io_manager_key; keep one.")
    io_manager_key = f"{key.to_python_identifier()}__io_manager"
    return io_manager_key, {**resources, io_manager_key: own.io_manager_def}
