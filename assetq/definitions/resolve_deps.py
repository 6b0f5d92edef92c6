"""Finds what an asset means by the bare name of an upstream asset whose key has further parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition

# (group, last part of the key) -> keys
ByName = Mapping[tuple[str, str], Sequence[AssetKey]]


def resolve_deps(definitions: Iterable[AssetsDefinition], external: Iterable[AssetSpec]) -> list[AssetsDefinition]:
    """The definitions; a bare name that is no asset's whole key means the only such asset of the same group."""
    ops = list(definitions)
    specs = [spec for definition in ops for spec in definition.specs] + list(external)
    known = {spec.key for spec in specs}
    if all(len(key.parts) == 1 for key in known):
        return ops
    by_name: dict[tuple[str, str], list[AssetKey]] = defaultdict(list)
    for spec in specs:
        by_name[spec.group_name or DEFAULT_GROUP, spec.key.parts[-1]].append(spec.key)
    return [_resolved(definition, known, by_name) for definition in ops]


def _resolved(definition: AssetsDefinition, known: set[AssetKey], by_name: ByName) -> AssetsDefinition:
    if isinstance(definition, AssetChecksDefinition):
        return definition
    groups = {spec.group_name or DEFAULT_GROUP for spec in definition.specs}
    renamed: dict[AssetKey, AssetKey] = {}
    for dep in definition.deps:
        if dep.asset_key not in known and len(dep.asset_key.parts) == 1:
            meant = [key for group in groups for key in by_name.get((group, dep.asset_key.parts[-1]), ())]
            if len(meant) == 1 and meant[0] not in definition.keys:
                renamed[dep.asset_key] = meant[0]
    return _with_names(definition, renamed) if renamed else definition


def _with_names(definition: AssetsDefinition, renamed: Mapping[AssetKey, AssetKey]) -> AssetsDefinition:
    specs = {spec.key: spec.replace_attributes(deps=_moved(spec.deps, renamed)) for spec in definition.specs}
    op = definition.op
    changes: dict[str, Any] = {
        "inputs": tuple(replace(i, key=renamed.get(i.key, i.key)) for i in op.inputs),
        "outputs": tuple(replace(o, spec=specs.get(o.key, o.spec)) for o in op.outputs),
    }
    return definition.replace(
        op=replace(op, **changes), specs=list(specs.values()), deps=_moved(definition.deps, renamed)
    )


def _moved(deps: Iterable[AssetDep], renamed: Mapping[AssetKey, AssetKey]) -> tuple[AssetDep, ...]:
    return tuple(
        AssetDep(
            renamed.get(dep.asset_key, dep.asset_key), partition_mapping=dep.partition_mapping, metadata=dep.metadata
        )
        for dep in deps
    )
