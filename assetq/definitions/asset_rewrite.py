"""Copies of definitions: with other keys, or with other specs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from assetq.definitions.asset_key import AssetKey, names_of
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec
from assetq.definitions.check import AssetCheckKey
from assetq.definitions.op import Op
from assetq.errors import DefinitionError

if TYPE_CHECKING:
    from assetq.definitions.assets_definition import AssetsDefinition

Definition = TypeVar("Definition", bound="AssetsDefinition")


def resolved_spec(spec: AssetSpec) -> AssetSpec:
    """The spec of an asset that is made here: it has a group."""
    return spec if spec.group_name is not None else spec.replace_attributes(group_name=DEFAULT_GROUP)


def with_output_specs(op: Op, specs: Iterable[AssetSpec]) -> Op:
    """The op, its outputs with these specs; who stores them was settled when the op was made."""
    by_key = {spec.key: spec for spec in specs}
    outputs = tuple(replace(output, spec=by_key.get(output.key, output.spec)) for output in op.outputs)
    return op if outputs == op.outputs else replace(op, outputs=outputs)


def with_keys(definition: Definition, replacements: Mapping[AssetKey, AssetKey]) -> Definition:
    """The definition with other keys for some assets, whether it makes, reads or checks them."""

    def new(key: AssetKey) -> AssetKey:
        return replacements.get(key, key)

    specs = {
        spec.key: spec.replace_attributes(key=new(spec.key), deps=[dep.rekeyed(replacements) for dep in spec.deps])
        for spec in definition.specs
    }
    op = replace(
        definition.op,
        inputs=tuple(replace(i, key=new(i.key)) for i in definition.op.inputs),
        outputs=tuple(replace(o, key=new(o.key), spec=specs.get(o.key, o.spec)) for o in definition.op.outputs),
    )
    return definition.replace(
        op=op,
        specs=list(specs.values()),
        deps=[dep.rekeyed(replacements) for dep in definition.deps],
        check_specs=[
            check.replace_key(AssetCheckKey(new(check.asset_key), check.name)) for check in definition.check_specs
        ],
    )


def with_specs(definition: Definition, specs: Sequence[AssetSpec]) -> Definition:
    """The definition with other specs for its assets, in the same order.

    Raises:
        DefinitionError: A key changes, or a dependency goes that an argument loads.
    """
    for old, new in zip(definition.specs, specs, strict=True):
        _check_change(definition, old, new)
    before = {dep.asset_key for spec in definition.specs for dep in spec.deps}
    after = {dep.asset_key: dep for spec in specs for dep in spec.deps}
    kept = [
        after.get(dep.asset_key, dep) for dep in definition.deps if dep.asset_key in after.keys() | _others(definition)
    ]
    return definition.replace(
        op=with_output_specs(definition.op, specs),
        specs=specs,
        deps=[*kept, *(dep for key, dep in after.items() if key not in before)],
        partitions_def=_partitions(definition, specs),
    )


def _others(definition: AssetsDefinition) -> set[AssetKey]:
    """What the definition reads that no spec tells."""
    return {dep.asset_key for dep in definition.deps} - {dep.asset_key for s in definition.specs for dep in s.deps}


def _partitions(definition: AssetsDefinition, specs: Sequence[AssetSpec]) -> Any:
    pairs = zip(definition.specs, specs, strict=True)
    changed = [new.partitions_def for old, new in pairs if new.partitions_def is not old.partitions_def]
    return changed[0] if changed else definition.partitions_def


def _check_change(definition: AssetsDefinition, old: AssetSpec, new: AssetSpec) -> None:
    if new.key != old.key:
        raise DefinitionError(
            f"Asset '{old.key}' may not become '{new.key}' while specs are mapped; "
            "use with_attributes(asset_key_replacements=...).",
            asset=str(old.key),
            location=definition.location,
        )
    loaded = {op_input.key for op_input in definition.op.inputs}
    gone = {dep.asset_key for dep in old.deps} & loaded - {dep.asset_key for dep in new.deps}
    if gone:
        raise DefinitionError(
            f"Asset '{old.key}' loads {names_of(sorted(gone))} into arguments; keep these dependencies.",
            asset=str(old.key),
            location=definition.location,
        )


def map_definition(definition: Definition, func: Callable[[AssetSpec], AssetSpec]) -> Definition:
    """The definition with every spec as `func` returns it.

    Raises:
        DefinitionError: As `with_specs`, or what `func` returns is no spec.
    """
    if not definition.specs:
        return definition
    return with_specs(definition, [_mapped(spec, func) for spec in definition.specs])


def _mapped(spec: AssetSpec, func: Callable[[AssetSpec], AssetSpec]) -> AssetSpec:
    made = func(spec)
    if not isinstance(made, AssetSpec):
        raise DefinitionError(f"The function that maps specs returned {made!r} for '{spec.key}'; return an AssetSpec.")
    return made


def map_asset_specs(func: Callable[[AssetSpec], AssetSpec], iterable: Iterable[Any]) -> list[Any]:
    """Assets and specs, each spec as `func` returns it. Mirrors Dagster's function.

    Args:
        func: From a spec to a spec.
        iterable: Assets and `AssetSpec`s.

    Raises:
        DefinitionError: An element is neither, or `func` changes what must stay.
    """
    return [_map_one(func, item) for item in iterable]


def _map_one(func: Callable[[AssetSpec], AssetSpec], item: Any) -> Any:
    if isinstance(item, AssetSpec):
        return _mapped(item, func)
    if not hasattr(item, "map_asset_specs"):
        raise DefinitionError(f"{item!r} has no specs to map. Give assets and AssetSpecs.")
    return item.map_asset_specs(func)


def with_more(
    definition: Definition,
    groups: Mapping[AssetKey, str],
    tags: Mapping[AssetKey, Mapping[str, str]],
    conditions: Mapping[AssetKey, Any],
    metadata: Mapping[AssetKey, Mapping[str, Any]],
) -> Definition:
    """The definition, with attributes for assets that have none yet, and with further metadata.

    Raises:
        DefinitionError: An asset already has a group, tags or an automation condition.
    """
    specs = definition.specs_by_key.items()
    _refuse_override(definition, "a group", groups, [key for key, spec in specs if spec.group_name != DEFAULT_GROUP])
    _refuse_override(definition, "tags", tags, [key for key, spec in specs if spec.tags])
    _refuse_override(
        definition, "an automation condition", conditions, [key for key, spec in specs if spec.automation_condition]
    )
    return map_definition(
        definition,
        lambda spec: spec.replace_attributes(
            group_name=groups.get(spec.key, spec.group_name),
            tags=tags.get(spec.key, spec.tags),
            automation_condition=conditions.get(spec.key, spec.automation_condition),
            metadata={**spec.metadata, **metadata.get(spec.key, {})},
        ),
    )


def _refuse_override(
    definition: AssetsDefinition, what: str, given: Iterable[AssetKey], having: Iterable[AssetKey]
) -> None:
    taken = sorted(set(given) & set(having))
    if taken:
        raise DefinitionError(
            f"Asset {names_of(taken)} already has {what}; give it only once.",
            asset=str(taken[0]),
            location=definition.location,
        )
