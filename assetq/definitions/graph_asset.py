"""`@graph_asset` and `@graph_multi_asset`: assets by functions that connect ops."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.asset_key import AssetKey, key_of_function, op_name_of
from assetq.definitions.asset_out import AssetOut
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec, refuse_same_checks
from assetq.definitions.config_mapping import ConfigMapping
from assetq.definitions.graph_backed import back_with_graph, own_types
from assetq.definitions.graph_decorator import graph_of
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, OpOutput
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError


def graph_asset(
    compose_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    config: ConfigMapping | Mapping[str, Any] | None = None,
    key_prefix: str | Sequence[str] | None = None,
    group_name: str | None = None,
    partitions_def: Any = None,
    hooks: Iterable[HookDefinition] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    owners: Sequence[str] | None = None,
    automation_condition: Any = None,
    freshness_policy: Any = None,
    backfill_policy: BackfillPolicy | None = None,
    resource_defs: Mapping[str, object] | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    code_version: str | None = None,
    key: Any = None,
    kinds: Iterable[str] | None = None,
) -> Any:
    """Define an asset by a function that connects ops. Mirrors Dagster's `@graph_asset`.

    Each op is a step of its own: it is retried, takes slots of its pool and is seen in the log by itself. What ops
    give each other is stored under the run.

    Args:
        compose_fn: The function, as for `@graph`; its arguments are upstream assets.
        ins: How arguments are loaded; one not named here loads the asset of its own name.
        config: Config of the ops, or a `ConfigMapping` that makes it.
        hooks: Run behind each op.
        check_specs: Checks that ops evaluate; the function returns a mapping with the asset under "result", and each
            check's result under the check's name.
        name, description, key_prefix, group_name, partitions_def, metadata, tags, owners, automation_condition,
            freshness_policy, backfill_policy, resource_defs, code_version, key, kinds: As for `@asset`.

    Raises:
        DefinitionError: Something does not fit; names the asset, file and line.
    """
    about = {
        "metadata": metadata, "tags": tags, "owners": owners, "automation_condition": automation_condition,
        "freshness_policy": freshness_policy, "code_version": code_version, "kinds": kinds, "group_name": group_name,
    }  # fmt: skip

    def make(fn: Callable[..., Any]) -> AssetsDefinition:
        location = location_of(fn)
        own = key_of_function(fn, key, name, key_prefix, location)
        checks = _checks(check_specs, {own}, location)
        names = [DEFAULT_OUTPUT, *(check.get_python_identifier() for check in checks)]
        graph = graph_of(fn, op_name_of(own, "graph", location), names, config=config)
        spec = AssetSpec(own, description=description or inspect.getdoc(fn), partitions_def=partitions_def, **about)
        declared, manager = own_types(graph, [DEFAULT_OUTPUT])[DEFAULT_OUTPUT]
        return back_with_graph(
            graph,
            ins=_asset_ins(ins),
            outputs=[OpOutput(DEFAULT_OUTPUT, own, manager or DEFAULT_IO_MANAGER_KEY, True, declared, spec)],
            location=location,
            partitions_def=partitions_def,
            backfill_policy=backfill_policy,
            resource_defs=resource_defs,
            check_specs=checks,
            hooks=hooks or (),
        )

    return make if compose_fn is None else make(compose_fn)


def graph_multi_asset(
    *,
    outs: Mapping[str, AssetOut],
    name: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    partitions_def: Any = None,
    hooks: Iterable[HookDefinition] | None = None,
    backfill_policy: BackfillPolicy | None = None,
    group_name: str | None = None,
    can_subset: bool = False,
    resource_defs: Mapping[str, object] | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    config: ConfigMapping | Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], AssetsDefinition]:
    """Define several assets by a function that connects ops. Mirrors Dagster's `@graph_multi_asset`.

    Args:
        outs: Output of the graph -> what is known of its asset. The function returns a mapping with these names.
        name: Name of the graph; by default the function's.
        can_subset: Whether some of the assets can be made without the others: then those ops run that they need.
        ins, partitions_def, hooks, backfill_policy, group_name, resource_defs, check_specs, config: As for
            `@graph_asset`.

    Raises:
        DefinitionError: Something does not fit; names the graph, file and line.
    """

    def make(fn: Callable[..., Any]) -> AssetsDefinition:
        location = location_of(fn)
        keys = {out_name: out.key_for(out_name) for out_name, out in outs.items()}
        checks = _checks(check_specs, set(keys.values()), location)
        names = [*outs, *(check.get_python_identifier() for check in checks)]
        graph = graph_of(fn, name or fn.__name__, names, config=config)
        return back_with_graph(
            graph,
            ins=_asset_ins(ins),
            outputs=_outputs(graph, outs, keys, partitions_def, group_name),
            location=location,
            partitions_def=partitions_def,
            backfill_policy=backfill_policy,
            resource_defs=resource_defs,
            check_specs=checks,
            hooks=hooks or (),
            can_subset=can_subset,
        )

    return make


def _outputs(
    graph: GraphDefinition,
    outs: Mapping[str, AssetOut],
    keys: Mapping[str, AssetKey],
    partitions_def: Any,
    group_name: str | None,
) -> list[OpOutput]:
    if group_name is not None and any(out.group_name is not None for out in outs.values()):
        raise DefinitionError(f"'{graph.name}' is given group_name, and some of its outs have a group; keep one.")
    own = own_types(graph, list(outs))
    found = []
    for name, out in outs.items():
        declared, manager = own[name]
        spec = out.to_spec(keys[name], (), partitions_def, group_name=group_name)
        declared = out.dagster_type if out.dagster_type is not None else declared
        stored_by = out.io_manager_key or manager or DEFAULT_IO_MANAGER_KEY
        found.append(OpOutput(name, keys[name], stored_by, out.is_required, declared, spec))
    return found


def _asset_ins(ins: Mapping[str, Any] | None) -> dict[str, AssetIn]:
    return {name: AssetIn.from_coercible(given) for name, given in (ins or {}).items()}


def _checks(
    given: Sequence[AssetCheckSpec] | None, keys: set[AssetKey], location: object | None
) -> tuple[AssetCheckSpec, ...]:
    checks = tuple(given or ())
    for check in checks:
        if check.asset_key not in keys:
            raise DefinitionError(
                f"A check of '{check.asset_key}' is given to a graph that does not make it.",
                asset=str(check.asset_key),
                location=location,
            )
    refuse_same_checks(checks, location)
    return checks
