"""`Definitions`: everything that one code location declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.check import AssetCheckKey
from assetq.definitions.fingerprint import fingerprint_of
from assetq.definitions.graph import AssetGraph
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.source_asset import SourceAsset
from assetq.errors import (
    DefinitionError,
    DuplicateKeyError,
    MissingResourceError,
    UnknownUpstreamError,
    suggest,
)


class Definitions:
    """The assets, resources and pools of a code location. Mirrors Dagster's `Definitions`.

    Args:
        assets: `@asset` functions, `AssetSpec`s and `SourceAsset`s.
        resources: Resource key -> resource; "io_manager" stores outputs unless an asset names another.
        asset_checks: `@asset_check` functions; they may stand among the assets, too.
        jobs, schedules, sensors, executor, loggers: Carried along.
        pools: Default limit of each pool.
        metadata: About the code location.

    Raises:
        DefinitionError: An element of `assets` is no asset.
    """

    def __init__(
        self,
        assets: Iterable[Any] | None = None,
        schedules: Iterable[Any] | None = None,
        sensors: Iterable[Any] | None = None,
        jobs: Iterable[Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        executor: Any = None,
        loggers: Mapping[str, Any] | None = None,
        asset_checks: Iterable[Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        pools: Mapping[str, int] | None = None,
    ) -> None:
        given = tuple(_flatten(assets or ()))
        self.assets = tuple(item for item in given if not isinstance(item, AssetChecksDefinition))
        self.asset_checks = tuple(
            item for item in (*given, *_flatten(asset_checks or ())) if isinstance(item, AssetChecksDefinition)
        )
        self.schedules, self.sensors, self.jobs = (
            tuple(schedules or ()),
            tuple(sensors or ()),
            tuple(jobs or ()),
        )
        self.executor, self.loggers = executor, dict(loggers or {})
        self.metadata = dict(metadata or {})
        self.pools = dict(pools or {})
        self.resources = dict(resources or {})
        for definition in self.op_defs:
            for key, value in definition.resource_defs.items():
                self.resources.setdefault(key, value)

    @property
    def assets_defs(self) -> tuple[AssetsDefinition, ...]:
        """The assets that are made here."""
        return tuple(item for item in self.assets if isinstance(item, AssetsDefinition))

    @property
    def op_defs(self) -> tuple[AssetsDefinition, ...]:
        """Everything that has an op: assets that are made here, and checks."""
        return (*self.assets_defs, *self.asset_checks)

    @cached_property
    def graph(self) -> AssetGraph:
        """The asset graph.

        Raises:
            DefinitionError: Duplicate keys, or a circle.
        """
        problems = list(self._duplicates())
        if problems:
            raise combine(problems)
        return AssetGraph(self.assets_defs, dict(self._external()), self.asset_checks)

    def get_assets_def(self, key: Any) -> AssetsDefinition:
        """The definition that makes an asset.

        Raises:
            UnknownAssetError: There is none.
            DefinitionError: The asset is external.
        """
        node = self.graph.get(key)
        if node.assets_def is None:
            raise DefinitionError(f"Asset '{node.key}' is external: nothing here makes it.", asset=str(node.key))
        return node.assets_def

    def get_op(self, name: str) -> AssetsDefinition:
        """The definition whose op has this name.

        Raises:
            KeyError: There is none.
        """
        return self._by_op_name[name]

    @cached_property
    def _by_op_name(self) -> dict[str, AssetsDefinition]:
        return {definition.op.name: definition for definition in self.op_defs}

    def load_asset_value(
        self,
        asset_key: Any,
        *,
        python_type: Any = None,
        instance: Any = None,
        partition_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        storage: str | None = None,
    ) -> Any:
        """The stored value of an asset. Mirrors Dagster's `Definitions.load_asset_value`.

        Args:
            asset_key: Anything that names an asset.
            python_type: What the I/O manager is to make of it, for those that can choose.
            instance: What resources see as their instance.
            partition_key: Which partition, of a partitioned asset.
            metadata: For the I/O manager.
            storage: Where values are stored; by default `ASSETQ_STORAGE`, else `.assetq/storage`.

        Raises:
            UnknownAssetError: There is no such asset.
            StorageError: It is not stored.
        """
        load = import_module("assetq.execution.load")  # a layer above, found when it is needed
        return load.load_asset_value(
            self,
            asset_key,
            python_type=python_type,
            instance=instance,
            partition_key=partition_key,
            metadata=metadata,
            storage=storage,
        )

    def fingerprint(self, op_names: Iterable[str]) -> str:
        """Fingerprint of the structure of some ops: what a plan relies on, function bodies not included.

        Raises:
            KeyError: An op is not defined.
        """
        return fingerprint_of([self.get_op(name) for name in op_names])

    def validate(self) -> None:
        """Check everything that can be checked before anything runs.

        Raises:
            DefinitionError: One problem as it is, several as one error that lists them all.
        """
        problems = [*self._duplicates()]
        if not problems:
            _ = self.graph
            problems = [*self._unknown_upstreams(), *self._missing_resources(), *self._bad_pools()]
        if problems:
            raise combine(problems)

    def _external(self) -> Iterator[tuple[AssetKey, tuple[AssetSpec, str]]]:
        for item in self.assets:
            if isinstance(item, SourceAsset):
                yield item.key, (item.spec, item.get_io_manager_key())
            elif isinstance(item, AssetSpec):
                yield item.key, (item, item.io_manager_key or DEFAULT_IO_MANAGER_KEY)

    def _duplicates(self) -> Iterator[DefinitionError]:
        keys: dict[AssetKey, object] = {}
        for definition in self.assets_defs:
            for key in sorted(definition.keys):
                if key in keys:
                    yield DuplicateKeyError(
                        f"Asset '{key}' is defined twice: at {keys[key]} and at {definition.location}. Rename one.",
                        asset=str(key),
                    )
                keys[key] = definition.location
        yield from self._duplicate_names()
        yield from self._duplicate_checks()
        for key, _ in self._external():
            if key in keys:
                yield DuplicateKeyError(
                    f"Asset '{key}' is defined here ({keys[key]}) and declared external. Remove one.",
                    asset=str(key),
                )

    def _duplicate_names(self) -> Iterator[DefinitionError]:
        names: dict[str, AssetsDefinition] = {}
        for definition in self.op_defs:
            other = names.setdefault(definition.op.name, definition)
            is_told = other.keys & definition.keys or other.check_keys & definition.check_keys
            if other is not definition and not is_told:
                yield DuplicateKeyError(
                    f"'{other.subject}' and '{definition.subject}' share op name '{definition.op.name}'. Rename one.",
                    asset=definition.op.name,
                    location=definition.location,
                )

    def _duplicate_checks(self) -> Iterator[DefinitionError]:
        places: dict[AssetCheckKey, AssetsDefinition] = {}
        for definition in self.op_defs:
            for key in sorted(definition.check_keys):
                other = places.setdefault(key, definition)
                if other is not definition:
                    yield DuplicateKeyError(
                        f"Check '{key}' is defined at {other.location} and at {definition.location}. Rename one.",
                        asset=str(key.asset_key),
                    )

    def _unknown_upstreams(self) -> Iterator[DefinitionError]:
        for definition in self.op_defs:
            for dep in definition.deps:
                if dep.asset_key not in self.graph.nodes:
                    own = definition.subject
                    yield UnknownUpstreamError(
                        f"{definition.noun} '{own}' depends on '{dep.asset_key}', which is not defined."
                        f"{suggest(str(dep.asset_key), self.graph.nodes)} If it is made elsewhere, declare it: "
                        f"AssetSpec('{dep.asset_key}').",
                        asset=str(own),
                        location=definition.location,
                    )

    def _missing_resources(self) -> Iterator[DefinitionError]:
        for definition in self.op_defs:
            wanted = set(definition.op.required_resource_keys)
            wanted |= {key for hook in definition.hooks for key in hook.required_resource_keys}
            wanted |= {output.io_manager_key for output in definition.op.outputs} - {DEFAULT_IO_MANAGER_KEY}
            wanted |= {i.asset_in.input_manager_key for i in definition.op.inputs if i.asset_in.input_manager_key}
            for key in sorted(wanted - set(self.resources) - {DEFAULT_IO_MANAGER_KEY}):
                own = definition.subject
                yield MissingResourceError(
                    f"{definition.noun} '{own}' needs resource '{key}', which is not provided."
                    f"{suggest(key, self.resources)} Add it: Definitions(resources={{'{key}': ...}}).",
                    asset=str(own),
                    location=definition.location,
                )

    def _bad_pools(self) -> Iterator[DefinitionError]:
        for pool, limit in self.pools.items():
            if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
                yield DefinitionError(f"Pool '{pool}' has limit {limit!r}; a limit is a whole number from 0.")


def _flatten(items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flatten(item)
        elif isinstance(item, AssetsDefinition | AssetSpec | SourceAsset):
            yield item
        else:
            raise DefinitionError(f"{item!r} in assets is no asset. Decorate functions with @asset.")


def combine(problems: list[DefinitionError]) -> DefinitionError:
    """One error for one problem; for several, one that lists them."""
    if len(problems) == 1:
        return problems[0]
    listing = "\n".join(f"  - {problem}" for problem in problems)
    first = problems[0]
    return type(first)(f"{len(problems)} problems in the definitions:\n{listing}", asset=first.asset)
