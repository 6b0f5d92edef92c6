"""Assets that are made elsewhere and looked at here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions.asset_key import AssetKey, check_name, key_of_function
from assetq.definitions.asset_options import check_pool, op_tag_values
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op
from assetq.definitions.output import DataVersion
from assetq.definitions.signature import read_signature
from assetq.definitions.source_asset import SourceAsset
from assetq.definitions.source_location import SourceLocation, location_of
from assetq.definitions.spec_check import check_class
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class DataVersionsByPartition:
    """Versions of the contents of partitions, as an observation function returns them."""

    data_versions_by_partition: Mapping[str, DataVersion | str]


class ObservableSourceAsset(AssetsDefinition):
    """External assets with an op that observes them."""

    noun = "Observation"
    io_manager_key: str = DEFAULT_IO_MANAGER_KEY

    @property
    def is_observable(self) -> bool:
        """Always true."""
        return True

    @property
    def is_materializable(self) -> bool:
        """Always false: the assets are made elsewhere."""
        return False

    @property
    def is_external(self) -> bool:
        """Always true: the assets are made elsewhere."""
        return True

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """Resources that must be there to observe or load the assets."""
        return self.op.required_resource_keys | {self.io_manager_key}

    @property
    def description(self) -> str | None:
        """What the one asset is."""
        return self.get_asset_spec().description

    @property
    def group_name(self) -> str:
        """Group of the one asset."""
        return self.group_names_by_key[self.key]

    @property
    def raw_metadata(self) -> Mapping[str, Any]:
        """Metadata of the one asset, as they were given."""
        return self.get_asset_spec().metadata

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """Metadata of the one asset, typed."""
        return normalize_metadata(self.raw_metadata)

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of the one asset."""
        return self.get_asset_spec().tags

    @property
    def automation_condition(self) -> Any:
        """Automation condition of the one asset."""
        return self.get_asset_spec().automation_condition

    def get_io_manager_key(self) -> str:
        """Resource that loads the assets."""
        return self.io_manager_key


def observable_source_asset(
    observe_fn: Callable[..., Any] | None = None,
    *,
    key: Any = None,
    name: str | None = None,
    key_prefix: str | Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    io_manager_key: str | None = None,
    io_manager_def: object | None = None,
    description: str | None = None,
    group_name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    partitions_def: Any = None,
    automation_condition: Any = None,
    op_tags: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    pool: str | Mapping[str, int] | None = None,
    freshness_policy: Any = None,
) -> Any:
    """Define an external asset and how it is observed. Mirrors Dagster's `@observable_source_asset`.

    The function returns a `DataVersion`, a `DataVersionsByPartition` or an `ObserveResult`.

    Args:
        observe_fn: The function; given when the decorator stands bare.
        key: The whole key, instead of name and key_prefix.
        name: Last part of the key; by default the function's name.
        key_prefix: Parts before the name.
        io_manager_key, io_manager_def: Who loads the asset for those that read it.
        required_resource_keys, resource_defs, partitions_def, op_tags, pool: As for `@asset`.
        metadata, description, group_name, automation_condition, tags, freshness_policy: As for `AssetSpec`.

    Raises:
        DefinitionError: Something does not fit; names the asset, file and line.
    """

    def make(fn: Callable[..., Any]) -> ObservableSourceAsset:
        location = location_of(fn)
        check_name(name or fn.__name__, "asset", location)
        own = key_of_function(fn, key, name, key_prefix, location)
        spec = AssetSpec(
            own,
            description=description or inspect.getdoc(fn),
            metadata=metadata,
            group_name=group_name,
            automation_condition=automation_condition,
            tags=tags,
            partitions_def=partitions_def,
            freshness_policy=freshness_policy,
        )
        resources = dict(resource_defs or {})
        loader = io_manager_key or DEFAULT_IO_MANAGER_KEY
        if io_manager_def is not None:
            loader = io_manager_key or f"{own.to_python_identifier()}__io_manager"
            resources[loader] = io_manager_def
        op = _observing_op(fn, own.to_python_identifier(), required_resource_keys, op_tags, pool)
        return _observation(op, [spec], partitions_def, resources, (), loader)

    return make if observe_fn is None else make(observe_fn)


def observed_source(source: SourceAsset) -> ObservableSourceAsset:
    """What a `SourceAsset` with a function that observes it stands for."""
    if source.observe_fn is None:
        raise DefinitionError(f"SourceAsset '{source.key}' has no observe_fn.", asset=str(source.key))
    required = source.required_resource_keys - {source.get_io_manager_key()}
    op = _observing_op(source.observe_fn, source.key.to_python_identifier(), required, source.op_tags, None)
    loader = source.get_io_manager_key()
    return _observation(op, [source.spec], source.partitions_def, source.resource_defs, (), loader)


def multi_observable_source_asset(
    *,
    specs: Sequence[AssetSpec],
    name: str | None = None,
    description: str | None = None,
    partitions_def: Any = None,
    can_subset: bool = False,
    required_resource_keys: Iterable[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
) -> Callable[[Callable[..., Any]], ObservableSourceAsset]:
    """Define several external assets that one function observes; it yields an `ObserveResult` for each.

    Mirrors Dagster's `@multi_observable_source_asset`.

    Args:
        specs: The assets.
        name: Name of the op; by default the function's name.
        description: Carried along.
        can_subset: Whether some of the assets may be selected; the function observes all of them then, too.
        group_name: Group of all; then none may have one of its own.
        partitions_def, required_resource_keys, resource_defs, check_specs: As for `@asset`.
    """

    def make(fn: Callable[..., Any]) -> ObservableSourceAsset:
        own = check_name(name or fn.__name__, "op", location_of(fn))
        grouped = _grouped(own, specs, group_name, location_of(fn))
        _refuse_other_checks(own, grouped, check_specs or (), location_of(fn))
        grid = partitions_def if partitions_def is not None else _shared_partitions(grouped)
        op = _observing_op(fn, own, required_resource_keys, None, None)
        checks = check_specs or ()
        return _observation(op, grouped, grid, resource_defs, checks, DEFAULT_IO_MANAGER_KEY, can_subset=can_subset)

    return make


def _grouped(
    name: str, specs: Sequence[AssetSpec], group_name: str | None, location: SourceLocation | None
) -> list[AssetSpec]:
    if not specs:
        raise DefinitionError(f"Observation '{name}' has no specs; say which assets it observes.", location=location)
    for spec in specs:
        check_class(spec, AssetSpec, "as one of its specs", f"Observation '{name}'", location)
        if group_name and spec.group_name:
            raise DefinitionError(
                f"Observation '{name}' is given group_name, and '{spec.key}' has a group of its own; keep one.",
                asset=str(spec.key),
                location=location,
            )
    return [spec.replace_attributes(group_name=group_name) if group_name else spec for spec in specs]


def _refuse_other_checks(
    name: str, specs: Sequence[AssetSpec], checks: Sequence[AssetCheckSpec], location: SourceLocation | None
) -> None:
    keys = {spec.key for spec in specs}
    for check in checks:
        if check.asset_key not in keys:
            raise DefinitionError(
                f"Observation '{name}' is given a check spec for '{check.asset_key}', which it does not observe.",
                asset=str(check.asset_key),
                location=location,
            )


def _shared_partitions(specs: Sequence[AssetSpec]) -> Any:
    grids = [spec.partitions_def for spec in specs]
    return grids[0] if all(grid is not None and grid == grids[0] for grid in grids) else None


def _observing_op(
    fn: Callable[..., Any],
    name: str,
    keys: Iterable[str] | None,
    tags: Mapping[str, Any] | None,
    pool: str | Mapping[str, int] | None,
) -> Op:
    location = location_of(fn)
    signature = read_signature(fn, {})
    if signature.inputs:
        raise DefinitionError(
            f"Observation '{name}' takes '{signature.inputs[0].name}'; it is given context, config and resources only.",
            asset=name,
            location=location,
        )
    return Op(
        name=name,
        fn=fn,
        inputs=(),
        outputs=(),
        context_param=signature.context_param,
        config_param=signature.config_param,
        config_type=signature.config_type,
        config_schema=None,
        resource_params=signature.resource_params,
        required_resource_keys=frozenset(keys or ()) | frozenset(signature.resource_params.values()),
        retry_policy=None,
        bundle=check_pool(pool, AssetKey(name), location),
        tags=op_tag_values(tags, f"Observation '{name}'", location),
        location=location,
    )


def _observation(
    op: Op,
    specs: Sequence[AssetSpec],
    partitions_def: Any,
    resource_defs: Mapping[str, object] | None,
    check_specs: Sequence[AssetCheckSpec],
    io_manager_key: str,
    *,
    can_subset: bool = False,
) -> ObservableSourceAsset:
    made = ObservableSourceAsset(
        op,
        specs=specs,
        deps=(),
        partitions_def=partitions_def,
        resource_defs=resource_defs,
        check_specs=check_specs,
        can_subset=can_subset,
    )
    made.io_manager_key = io_manager_key
    return made
