"""`Definitions`: everything that one code location declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_rewrite import resolved_spec
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.assets_definition import AssetChecksDefinition, AssetsDefinition
from assetq.definitions.check import AssetCheckKey
from assetq.definitions.fingerprint import fingerprint_of
from assetq.definitions.graph import AssetGraph
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.job_definition import JobDefinition
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.observable import ObservableSourceAsset, observed_source
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.op_alias import with_own_names
from assetq.definitions.reshaping import Reshaping
from assetq.definitions.resolve_deps import resolve_deps
from assetq.definitions.source_asset import SourceAsset
from assetq.definitions.validation import combine, duplicates, listed, named, problems
from assetq.definitions.value_loader import AssetValueLoader
from assetq.errors import DefinitionError, UnknownAssetError, UsageError, suggest

if TYPE_CHECKING:
    from assetq.definitions.job_scope import JobScope


class Definitions(Reshaping):
    """The assets, resources and pools of a code location. Mirrors Dagster's `Definitions`.

    Args:
        assets: `@asset` functions, `AssetSpec`s and `SourceAsset`s.
        resources: Resource key -> resource; "io_manager" stores outputs unless an asset names another.
        asset_checks: `@asset_check` functions; they may stand among the assets, too.
        jobs, schedules, sensors, executor, loggers, component_tree: Carried along.
        pools: Limit of each pool, until another is set by hand; "*" for every named pool without one.
        metadata: About the code location.

    Raises:
        DefinitionError: An element of `assets` is no asset, or something is no list or mapping where one must be.
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
        component_tree: Any = None,
        pools: Mapping[str, int] | None = None,
    ) -> None:
        self.given: Mapping[str, Any] = {
            "assets": tuple(_flatten(listed(assets, "assets"))),
            "schedules": listed(schedules, "schedules"),
            "sensors": listed(sensors, "sensors"),
            "jobs": listed(jobs, "jobs"),
            "resources": named(resources, "resources"),
            "executor": executor,
            "loggers": named(loggers, "loggers"),
            "asset_checks": tuple(_flatten(listed(asset_checks, "asset_checks"), "asset_checks")),
            "metadata": normalize_metadata(metadata),
            "component_tree": component_tree,
            "pools": named(pools, "pools"),
        }
        self.schedules, self.sensors, self.jobs = (self.given[name] for name in ("schedules", "sensors", "jobs"))
        self.executor, self.loggers, self.metadata = (self.given[name] for name in ("executor", "loggers", "metadata"))
        self.component_tree = component_tree
        self.job_name: str | None = None
        self.job_graph: GraphDefinition | None = None
        self._scopes: dict[str, JobScope] = {}
        self.pools: dict[str, int] = self.given["pools"]
        once = _once([*self.given["assets"], *self.given["asset_checks"]])
        self._name_ops([observed_source(item) if _is_observed(item) else item for item in once])
        self.resources: dict[str, Any] = dict(self.given["resources"])
        for item in (*self.assets, *self.asset_checks):
            for key, value in getattr(item, "resource_defs", {}).items():
                self.resources.setdefault(key, value)

    def _name_ops(self, items: list[Any]) -> None:
        taken: set[str] = set()
        made = [item for item in items if isinstance(item, AssetsDefinition) and not _is_check(item)]
        named = iter(with_own_names(made, taken))
        others = [item for item in items if not _is_check(item)]
        self.assets = _with_deps_resolved([next(named) if isinstance(i, AssetsDefinition) else i for i in others])
        self.asset_checks: tuple[AssetChecksDefinition, ...] = tuple(
            with_own_names([item for item in items if _is_check(item)], taken)
        )

    @property
    def assets_defs(self) -> tuple[AssetsDefinition, ...]:
        """The assets that are made here."""
        return tuple(
            item
            for item in self.assets
            if isinstance(item, AssetsDefinition) and not isinstance(item, ObservableSourceAsset)
        )

    @property
    def observables(self) -> tuple[ObservableSourceAsset, ...]:
        """The external assets that are observed here."""
        return tuple(item for item in self.assets if isinstance(item, ObservableSourceAsset))

    @property
    def op_defs(self) -> tuple[AssetsDefinition, ...]:
        """Everything that has an op: assets that are made here, checks, and observations."""
        return (*self.assets_defs, *self.asset_checks, *self.observables)

    @property
    def step_defs(self) -> tuple[AssetsDefinition, ...]:
        """The same, of graphs each op by itself: what has steps."""
        return tuple(step for definition in self.op_defs for step in definition.steps)

    @property
    def configurable_names(self) -> set[str]:
        """Names that may stand under `ops` in run config."""
        return {definition.op.name for definition in self.op_defs}

    def get_job(self, name: str) -> JobDefinition:
        """A job.

        Raises:
            UsageError: There is none of that name.
        """
        found = {job.name: job for job in self.jobs if isinstance(job, JobDefinition)}
        if name not in found:
            raise UsageError(f"There is no job '{name}'.{suggest(name, found)} Known: {', '.join(found) or 'none'}.")
        return found[name]

    def resolve_job_def(self, name: str) -> JobDefinition:
        """A job that can be executed with everything that is defined here. Mirrors Dagster's method."""
        return self.get_job(name).bound(self)

    def get_job_def(self, name: str) -> JobDefinition:
        """The same as `resolve_job_def`, as Dagster calls it too."""
        return self.resolve_job_def(name)

    def resolve_all_job_defs(self) -> list[JobDefinition]:
        """All jobs."""
        return [job.bound(self) for job in self.jobs if isinstance(job, JobDefinition)]

    def resolve_implicit_global_asset_job_def(self) -> JobDefinition:
        """A job of all assets."""
        return JobDefinition(name="__ASSET_JOB").bound(self)

    def for_job(self, name: str) -> JobScope:
        """The definitions as one of the jobs sees them.

        Raises:
            UsageError: There is none of that name.
        """
        if name not in self._scopes:
            scopes = import_module("assetq.definitions.job_scope")  # a subclass of this
            self._scopes[name] = scopes.JobScope(self, self.get_job(name))
        return self._scopes[name]

    @cached_property
    def graph(self) -> AssetGraph:
        """The asset graph.

        Raises:
            DefinitionError: Duplicate keys, or a circle.
        """
        found = list(duplicates(self))
        if found:
            raise combine(found)
        return AssetGraph(self.assets_defs, dict(self._external()), self.asset_checks, self.observables)

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
        return {step.op.name: step for step in self.step_defs}

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

    def get_asset_value_loader(self, instance: Any = None) -> AssetValueLoader:
        """Something that loads stored values. Mirrors Dagster's method."""
        return AssetValueLoader(self, instance)

    def get_asset_checks_def(self, key: AssetCheckKey) -> AssetsDefinition:
        """The definition that evaluates a check.

        Raises:
            UnknownAssetError: There is none.
        """
        for definition in self.op_defs:
            if key in definition.check_keys:
                return definition
        known = [known for definition in self.op_defs for known in definition.check_keys]
        raise UnknownAssetError(f"There is no check '{key}'.{suggest(str(key), known)}")

    def resolve_assets_def(self, key: Any) -> AssetsDefinition:
        """The definition that makes an asset, as Dagster calls it."""
        return self.get_assets_def(key)

    def resolve_asset_graph(self) -> AssetGraph:
        """The asset graph, as Dagster calls it."""
        return self.graph

    def resolve_all_asset_specs(self) -> list[AssetSpec]:
        """What is known of every asset, external ones included; each has a group."""
        return [resolved_spec(node.spec) for node in self.graph.nodes.values()]

    def resolve_all_asset_keys(self) -> list[AssetKey]:
        """Keys of all assets, external ones included."""
        return list(self.graph.nodes)

    @staticmethod
    def validate_loadable(defs: Definitions) -> None:
        """Check everything that can be checked before anything runs; see `validate`."""
        defs.validate()

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
        _ = self.graph
        found = list(problems(self))
        if found:
            raise combine(found)

    def _external(self) -> Iterator[tuple[AssetKey, tuple[AssetSpec, str]]]:
        for item in self.assets:
            if isinstance(item, SourceAsset):
                yield item.key, (item.spec, item.get_io_manager_key())
            elif isinstance(item, AssetSpec):
                yield item.key, (item, item.io_manager_key or DEFAULT_IO_MANAGER_KEY)
            elif isinstance(item, ObservableSourceAsset):
                yield from ((spec.key, (spec, item.io_manager_key)) for spec in item.specs)


def _is_observed(item: Any) -> bool:
    return isinstance(item, SourceAsset) and item.is_observable


def _once(items: Iterable[Any]) -> list[Any]:
    """The items without those that are the very same object as one before."""
    return list({id(item): item for item in items}.values())


def _with_deps_resolved(items: list[Any]) -> tuple[Any, ...]:
    """The items, each asset-making one with the dependencies that its bare names mean among them."""
    ops = [item for item in items if isinstance(item, AssetsDefinition)]
    external = [item for item in items if not isinstance(item, AssetsDefinition)]
    specs = [item.spec if isinstance(item, SourceAsset) else item for item in external]
    resolved = {id(before): after for before, after in zip(ops, resolve_deps(ops, specs), strict=True)}
    return tuple(resolved.get(id(item), item) for item in items)


def _flatten(items: Iterable[Any], what: str = "assets") -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flatten(item, what)
        elif isinstance(item, AssetsDefinition | AssetSpec | SourceAsset):
            yield item
        else:
            raise DefinitionError(f"{item!r} in {what} is none of them. Decorate functions with @asset.")


def _is_check(item: Any) -> bool:
    return isinstance(item, AssetChecksDefinition)
