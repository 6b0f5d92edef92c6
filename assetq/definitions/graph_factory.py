"""Assets from graphs and ops that are defined apart: `AssetsDefinition.from_graph` and `from_op`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from assetq.definitions.asset_dep import AssetDep, AssetIn
from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.graph_backed import GraphAssetsDefinition, back_with_graph, graph_of_op, own_types
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, OpOutput
from assetq.definitions.op_definition import OpDefinition
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.errors import DefinitionError, suggest

# Argument -> attribute of the asset's spec.
ABOUT = {
    "descriptions_by_output_name": "description",
    "metadata_by_output_name": "metadata",
    "tags_by_output_name": "tags",
    "owners_by_output_name": "owners",
    "code_versions_by_output_name": "code_version",
    "group_names_by_output_name": "group_name",
    "automation_conditions_by_output_name": "automation_condition",
}


def assets_of_graph(
    graph: GraphDefinition,
    *,
    keys_by_input_name: Mapping[str, AssetKey] | None = None,
    keys_by_output_name: Mapping[str, AssetKey] | None = None,
    key_prefix: str | Sequence[str] | None = None,
    internal_asset_deps: Mapping[str, Set[AssetKey]] | None = None,
    partitions_def: Any = None,
    partition_mappings: Mapping[str, Any] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    can_subset: bool = False,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    backfill_policy: Any = None,
    hook_defs: Iterable[Any] | None = None,
    **about: Mapping[str, Any] | None,
) -> GraphAssetsDefinition:
    """The assets that a graph makes; see `AssetsDefinition.from_graph`.

    Raises:
        DefinitionError: A name is none of the graph's, or the graph has no outputs.
    """
    checks = {spec.get_python_identifier() for spec in check_specs or ()}
    names = [name for name in graph.output_names if name not in checks]
    _refuse_unknown(graph, "input", {*(keys_by_input_name or {}), *(partition_mappings or {})}, graph.input_names)
    _refuse_unknown(graph, "output", {*(keys_by_output_name or {}), *(internal_asset_deps or {})}, names)
    if not names:
        raise DefinitionError(f"Graph '{graph.name}' has no output that could become an asset; return one.")
    keys = {name: _key(graph, name, names, keys_by_output_name or {}, key_prefix) for name in names}
    told = {name: _told(graph, name, about, group_name) for name in names}
    specs = [AssetSpec(keys[name], partitions_def=partitions_def, **told[name]) for name in names]
    return back_with_graph(
        graph,
        ins=_asset_ins(graph, keys_by_input_name or {}, partition_mappings or {}),
        outputs=_outputs(graph, names, specs),
        location=None,
        exact_deps={name: [AssetDep(key) for key in sorted(d)] for name, d in (internal_asset_deps or {}).items()},
        partitions_def=partitions_def,
        resource_defs=resource_defs,
        can_subset=can_subset,
        check_specs=tuple(check_specs or ()),
        backfill_policy=backfill_policy,
        hooks=tuple(hook_defs or ()),
    )


def _told(
    graph: GraphDefinition, output: str, about: Mapping[str, Mapping[str, Any] | None], group_name: str | None
) -> dict[str, Any]:
    """What is known of an output's asset, as attributes of its spec."""
    told = {attribute: (about.get(option) or {}).get(output) for option, attribute in ABOUT.items()}
    told["group_name"] = told["group_name"] or group_name
    told["description"] = told["description"] or graph.description
    return {attribute: value for attribute, value in told.items() if value is not None}


def _asset_ins(graph: GraphDefinition, keys: Mapping[str, AssetKey], mappings: Mapping[str, Any]) -> dict[str, AssetIn]:
    return {
        name: AssetIn(key=keys.get(name) or AssetKey(name), partition_mapping=mappings.get(name))
        for name in graph.input_names
    }


def _outputs(graph: GraphDefinition, names: Sequence[str], specs: Sequence[AssetSpec]) -> list[OpOutput]:
    types = own_types(graph, names)
    outputs = []
    for name, spec in zip(names, specs, strict=True):
        declared, manager = types[name]
        outputs.append(OpOutput(name, spec.key, manager or DEFAULT_IO_MANAGER_KEY, True, declared, spec))
    return outputs


def assets_of_op(op_def: OpDefinition, **options: Any) -> GraphAssetsDefinition:
    """The assets that an op makes; see `AssetsDefinition.from_op`."""
    made = assets_of_graph(graph_of_op(op_def), **options)
    made.op_def = op_def
    return made


def _key(
    graph: GraphDefinition,
    name: str,
    names: Sequence[str],
    given: Mapping[str, AssetKey],
    key_prefix: str | Sequence[str] | None,
) -> AssetKey:
    is_only = len(names) == 1 and name == DEFAULT_OUTPUT
    key = given.get(name) or AssetKey(graph.name if is_only else name)
    return AssetKey([*prefix_parts(key_prefix), *key.parts])


def _refuse_unknown(graph: GraphDefinition, what: str, given: Set[str], known: Sequence[str]) -> None:
    for name in sorted(given):
        if name not in known:
            raise DefinitionError(f"Graph '{graph.name}' has no {what} '{name}'.{suggest(name, known)}")
