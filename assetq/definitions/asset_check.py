"""`@asset_check` and `@multi_asset_check`: functions that check assets made elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assetq.definitions.asset_dep import AssetDep, AssetIn, merge_deps
from assetq.definitions.asset_key import AssetKey, check_name
from assetq.definitions.asset_options import check_config_roles, check_pool, op_tag_values, required_keys
from assetq.definitions.assets_definition import AssetChecksDefinition
from assetq.definitions.check import AssetCheckSpec, refuse_same_checks
from assetq.definitions.op import Op
from assetq.definitions.retry_policy import RetryPolicy
from assetq.definitions.signature import OpSignature, by_name, is_nothing, read_signature
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError


def asset_check(
    *,
    asset: Any,
    name: str | None = None,
    description: str | None = None,
    blocking: bool = False,
    additional_ins: Mapping[str, AssetIn] | None = None,
    additional_deps: Iterable[Any] | None = None,
    required_resource_keys: Iterable[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    config_schema: Any = None,
    compute_kind: str | None = None,
    op_tags: Mapping[str, Any] | None = None,
    retry_policy: RetryPolicy | None = None,
    metadata: Mapping[str, Any] | None = None,
    automation_condition: Any = None,
    pool: str | Mapping[str, int] | None = None,
    partitions_def: Any = None,
) -> Callable[[Callable[..., Any]], AssetChecksDefinition]:
    """Define a check of an asset. Mirrors Dagster's `@asset_check`.

    The function returns an `AssetCheckResult`. An argument that is no context, config or resource and is not in
    `additional_ins` is given the asset's value.

    Args:
        asset: Anything that names the asset.
        name: By default the function's name.
        description: By default the docstring.
        blocking: Whether a failure of severity `ERROR` keeps what reads the asset from running.
        additional_ins: How further arguments are loaded.
        additional_deps: Assets that must be there before the check runs.
        required_resource_keys, resource_defs, config_schema, op_tags, retry_policy, pool: As for `@asset`.
        compute_kind: Carried along.
        metadata: Recorded with the definition.
        automation_condition: Carried along.
        partitions_def: The asset's own, for a check of each partition; without it the asset is checked as a whole.

    Raises:
        DefinitionError: Something does not fit; names the check, file and line.
    """

    def make(fn: Callable[..., Any]) -> AssetChecksDefinition:
        key = AssetKey.from_coercible(asset)
        spec = AssetCheckSpec(
            name or fn.__name__,
            asset=key,
            description=description or inspect.getdoc(fn),
            blocking=blocking,
            additional_deps=[*(additional_deps or ()), *_read_too(additional_ins or {}, additional_deps or ())],
            metadata=metadata,
            automation_condition=automation_condition,
            partitions_def=partitions_def,
        )
        _refuse_own_among(fn, key, additional_ins or {})
        ins = {**_own_input(fn, key, additional_ins or {}), **(additional_ins or {})}
        return _make_checks(
            fn,
            check_name(f"{key.to_python_identifier()}_{spec.name}".replace(".", "_"), "check", location_of(fn)),
            [spec],
            ins=ins,
            required_resource_keys=required_resource_keys,
            resource_defs=resource_defs,
            config_schema=config_schema,
            op_tags=op_tags,
            retry_policy=retry_policy,
            pool=pool,
            partitions_def=partitions_def,
        )

    return make


def multi_asset_check(
    *,
    name: str | None = None,
    specs: Sequence[AssetCheckSpec],
    description: str | None = None,
    can_subset: bool = False,
    compute_kind: str | None = None,
    op_tags: Mapping[str, Any] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    required_resource_keys: Iterable[str] | None = None,
    retry_policy: RetryPolicy | None = None,
    config_schema: Any = None,
    ins: Mapping[str, Any] | None = None,
    pool: str | Mapping[str, int] | None = None,
) -> Callable[[Callable[..., Any]], AssetChecksDefinition]:
    """Define several checks that one function evaluates; it yields a result for each. Mirrors `@multi_asset_check`.

    Args:
        name: Name of the op; by default the function's name.
        specs: The checks.
        description, compute_kind: Carried along.
        can_subset: Whether the function may leave out results.
        ins: How arguments are loaded.
        op_tags, resource_defs, required_resource_keys, retry_policy, config_schema, pool: As for `@asset`.
    """

    def make(fn: Callable[..., Any]) -> AssetChecksDefinition:
        given = {n: i if isinstance(i, AssetIn) else AssetIn(key=i) for n, i in (ins or {}).items()}
        return _make_checks(
            fn,
            check_name(name or fn.__name__, "op", location_of(fn)),
            specs,
            ins=given,
            required_resource_keys=required_resource_keys,
            resource_defs=resource_defs,
            config_schema=config_schema,
            op_tags=op_tags,
            retry_policy=retry_policy,
            pool=pool,
            can_subset=can_subset,
        )

    return make


def _read_too(ins: Mapping[str, AssetIn], deps: Iterable[Any]) -> list[AssetDep]:
    """Assets that the check reads besides its own, and that are not among its dependencies yet."""
    given = {AssetDep.from_coercible(dep).asset_key for dep in deps}
    read = ((asset_in.key_for(name), asset_in.partition_mapping) for name, asset_in in ins.items())
    return [AssetDep(key, partition_mapping=mapping) for key, mapping in read if key not in given]


def _refuse_own_among(fn: Callable[..., Any], key: AssetKey, additional: Mapping[str, AssetIn]) -> None:
    for name, asset_in in additional.items():
        if asset_in.key_for(name) == key:
            raise DefinitionError(
                f"Check '{fn.__name__}' of '{key}' names its own asset in additional_ins; take it as an argument.",
                asset=str(key),
                location=location_of(fn),
            )


def _own_input(fn: Callable[..., Any], key: AssetKey, additional: Mapping[str, AssetIn]) -> dict[str, AssetIn]:
    """The argument that takes the checked asset's value, if the function has one."""
    signature = read_signature(fn, {})
    names = [i.name for i in signature.inputs if i.name not in additional]
    if len(names) > 1:
        raise DefinitionError(
            f"Check '{fn.__name__}' of '{key}' takes {', '.join(names)}: one argument is the asset's value; name the "
            "others in additional_ins.",
            asset=str(key),
            location=location_of(fn),
        )
    return {name: AssetIn(key=key) for name in names}


def _make_checks(
    fn: Callable[..., Any],
    op_name: str,
    specs: Sequence[AssetCheckSpec],
    *,
    ins: Mapping[str, AssetIn],
    required_resource_keys: Iterable[str] | None,
    resource_defs: Mapping[str, object] | None,
    config_schema: Any,
    op_tags: Mapping[str, Any] | None,
    retry_policy: RetryPolicy | None,
    pool: str | Mapping[str, int] | None,
    partitions_def: Any = None,
    can_subset: bool = False,
) -> AssetChecksDefinition:
    location = location_of(fn)
    if not specs:
        raise DefinitionError(f"'{fn.__name__}' is given no check specs.", asset=fn.__name__, location=location)
    refuse_same_checks(specs, location)
    signature, what = read_signature(fn, ins), f"Check '{specs[0].key}'"
    check_config_roles(signature, config_schema, what, location)
    op = Op(
        name=op_name,
        fn=by_name(fn),
        inputs=tuple(i for i in signature.inputs if not is_nothing(i.annotation)),
        outputs=(),
        context_param=signature.context_param,
        config_param=signature.config_param,
        config_type=signature.config_type,
        config_schema=config_schema or signature.config_schema,
        resource_params=signature.resource_params,
        required_resource_keys=required_keys(signature, required_resource_keys, what, location),
        retry_policy=retry_policy,
        bundle=check_pool(pool, specs[0].asset_key, location),
        tags=op_tag_values(op_tags, what, location),
        location=location,
    )
    return AssetChecksDefinition(
        op,
        specs=(),
        deps=_deps_of(specs, signature, location),
        partitions_def=partitions_def,
        resource_defs=resource_defs,
        check_specs=specs,
        can_subset=can_subset,
    )


def _deps_of(specs: Sequence[AssetCheckSpec], signature: OpSignature, location: object | None) -> tuple[AssetDep, ...]:
    loaded = [AssetDep(i.key, partition_mapping=i.asset_in.partition_mapping) for i in signature.inputs]
    given = {dep.asset_key for dep in loaded}
    others = [AssetDep(spec.asset_key) for spec in specs] + [dep for spec in specs for dep in spec.additional_deps]
    return merge_deps([*loaded, *(d for d in others if d.asset_key not in given)], specs[0].asset_key, location)
