"""`@asset`: a function that makes an asset."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions.asset_dep import AssetDep, AssetIn, merge_deps
from assetq.definitions.asset_key import AssetKey, key_of_function, op_name_of
from assetq.definitions.asset_options import (
    check_config_roles,
    check_options,
    check_pool,
    op_tag_values,
    refuse_self,
    required_keys,
)
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec, refuse_same_checks
from assetq.definitions.concurrency_key import key_tag
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op, OpOutput
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import OpSignature, by_name, is_nothing, read_signature, value_type
from assetq.definitions.source_location import SourceLocation, location_of
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class _Naming:
    key: AssetKey
    op_name: str


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
    hooks: Iterable[HookDefinition] | None = None,
    io_manager_def: object | None = None,
    io_manager_key: str | None = None,
    dagster_type: Any = None,
    partitions_def: Any = None,
    op_tags: Mapping[str, Any] | None = None,
    group_name: str | None = None,
    output_required: bool = True,
    automation_condition: Any = None,
    freshness_policy: Any = None,
    backfill_policy: BackfillPolicy | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    key: Any = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    owners: Sequence[str] | None = None,
    kinds: Iterable[str] | None = None,
    pool: str | Mapping[str, int] | None = None,
    concurrency_key: str | Mapping[str, int] | None = None,
    is_virtual: bool = False,
    compute_kind: str | None = None,
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
        config_schema: Schema of `context.op_config`; instead of it an argument `config: MyConfig` may be used.
        required_resource_keys: Resources used through `context.resources`.
        resource_defs: Resources that come with the asset.
        hooks: Run when a step has succeeded, or failed for good.
        io_manager_def, io_manager_key: Who stores the output: an object, or the key of a resource ("io_manager").
        dagster_type: Type of the output; by default the return annotation.
        partitions_def: Which partitions the asset has.
        op_tags: Tags of the op; values that are no strings become JSON.
        group_name: Group in the catalog.
        output_required: False if the function may yield nothing; then downstream assets are skipped.
        automation_condition, freshness_policy, is_virtual: Carried along.
        backfill_policy: How many partitions one step takes.
        retry_policy: When a failed step runs again.
        code_version: Version of the code, recorded with each materialization.
        key: The whole key, instead of name and key_prefix.
        check_specs: Checks that the function evaluates itself; it returns or yields an `AssetCheckResult` for each.
        owners: E-mail addresses, or `team:name`.
        kinds: What the asset is made with, for the catalog.
        pool: Concurrency pool whose slots limit the asset's steps; or several, with the slots that a step takes of
            each: all of them or none. Messages go through the queue of the first.
        concurrency_key: Name of a tag of the run or the op, of a dimension of the partitions, or "partition": at most
            one step runs for each of its values, or as many as `{"customer": 2}` says. Not in Dagster.
        compute_kind: Older form of `kinds`, for one kind.

    Returns:
        An `AssetsDefinition`.

    Raises:
        DefinitionError: Something does not fit; names the asset, file and line.
    """
    options = {name: value for name, value in locals().items() if name != "compute_fn"}
    if compute_fn is not None and not callable(compute_fn):
        raise TypeError(f"@asset decorates a function, not {compute_fn!r}; give everything else by name.")
    if compute_fn is None:
        return lambda fn: _make_asset(fn, **options)
    return _make_asset(compute_fn, **options)


def _make_asset(fn: Callable[..., Any], **options: Any) -> AssetsDefinition:
    location = location_of(fn)
    naming = _name(fn, options["name"], options["key_prefix"], options["key"], location)
    check_options(naming.key, options, location)
    signature = read_signature(fn, options["ins"] or {})
    if options["io_manager_def"] is not None and options["io_manager_key"] is not None:
        raise DefinitionError(
            f"Asset '{naming.key}' is given io_manager_def and io_manager_key; keep one.",
            asset=str(naming.key),
            location=location,
        )
    resources = dict(options["resource_defs"] or {})
    io_manager_key = options["io_manager_key"] or DEFAULT_IO_MANAGER_KEY
    if options["io_manager_def"] is not None:
        io_manager_key = f"{naming.op_name}__io_manager"
        resources[io_manager_key] = options["io_manager_def"]
    all_deps = _deps(naming.key, signature, options["deps"], location)
    refuse_self(naming.key, all_deps, options["partitions_def"], location)
    spec = _spec(fn, naming.key, all_deps, options, location)
    output = OpOutput(
        DEFAULT_OUTPUT,
        naming.key,
        io_manager_key,
        options["output_required"],
        _annotation(signature, options["dagster_type"]),
        spec,
    )
    op = _op(fn, naming, signature, output, options, location)
    return AssetsDefinition(
        op,
        specs=[spec],
        deps=all_deps,
        partitions_def=options["partitions_def"],
        backfill_policy=options["backfill_policy"],
        resource_defs=resources,
        check_specs=_own_checks(options["check_specs"], naming.key, location),
        hooks=options["hooks"] or (),
    )


def _own_checks(
    specs: Sequence[AssetCheckSpec] | None, key: AssetKey, location: object | None
) -> tuple[AssetCheckSpec, ...]:
    given = tuple(specs or ())
    for spec in given:
        if spec.asset_key != key:
            raise DefinitionError(
                f"Asset '{key}' is given a check spec for '{spec.asset_key}'; its checks must be about itself.",
                asset=str(key),
                location=location,
            )
    refuse_same_checks(given, location)
    return given


def _name(fn: Callable[..., Any], name: str | None, key_prefix: Any, key: Any, location: object | None) -> _Naming:
    own = key_of_function(fn, key, name, key_prefix, location)
    return _Naming(own, op_name_of(own, "asset", location))


def _annotation(signature: OpSignature, dagster_type: Any) -> Any:
    return dagster_type if dagster_type is not None else value_type(signature.result)


def _deps(
    key: AssetKey, signature: OpSignature, deps: Iterable[Any] | None, location: object | None
) -> tuple[AssetDep, ...]:
    loaded = [
        AssetDep(op_input.key, partition_mapping=op_input.asset_in.partition_mapping) for op_input in signature.inputs
    ]
    if isinstance(deps, str):
        raise DefinitionError(
            f"deps of '{key}' must be a list, not a string: deps=['{deps}'].",
            asset=str(key),
            location=location,
        )
    return merge_deps([*loaded, *(deps or ())], key, location)


def _spec(
    fn: Callable[..., Any],
    key: AssetKey,
    deps: Sequence[AssetDep],
    options: Mapping[str, Any],
    location: object | None,
) -> AssetSpec:
    return AssetSpec(
        key,
        deps=deps,
        description=options["description"] or inspect.getdoc(fn),
        metadata=options["metadata"],
        skippable=not options["output_required"],
        group_name=options["group_name"],
        code_version=options["code_version"],
        automation_condition=options["automation_condition"],
        freshness_policy=options["freshness_policy"],
        is_virtual=options["is_virtual"],
        owners=options["owners"],
        tags=options["tags"],
        kinds=options["kinds"] or ([options["compute_kind"]] if options["compute_kind"] else None),
        partitions_def=options["partitions_def"],
        location=location,
    )


def _op(
    fn: Callable[..., Any],
    naming: _Naming,
    signature: OpSignature,
    output: OpOutput,
    options: Mapping[str, Any],
    location: SourceLocation | None,
) -> Op:
    check_config_roles(signature, options["config_schema"], f"Asset '{naming.key}'", location)
    what = f"Asset '{naming.key}'"
    return Op(
        name=naming.op_name,
        fn=by_name(fn),
        inputs=tuple(op_input for op_input in signature.inputs if not is_nothing(op_input.annotation)),
        outputs=(output,),
        context_param=signature.context_param,
        config_param=signature.config_param,
        config_type=signature.config_type,
        config_schema=options["config_schema"] or signature.config_schema,
        resource_params=signature.resource_params,
        required_resource_keys=required_keys(signature, options["required_resource_keys"], what, location),
        retry_policy=options["retry_policy"],
        bundle=check_pool(options["pool"], naming.key, location),
        tags={
            **op_tag_values(options["op_tags"], what, location),
            **key_tag(options["concurrency_key"], what, location),
        },
        location=location,
    )
