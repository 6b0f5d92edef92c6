"""The half of `Definitions` that makes others of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_rewrite import map_asset_specs
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.merging import given_to, merged
from assetq.definitions.source_asset import SourceAsset
from assetq.errors import UsageError

if TYPE_CHECKING:
    from assetq.definitions.graph import AssetGraph


class Reshaping:
    """Merging, and mapping of specs.

    Attributes:
        given: What the constructor was given; makes an equal one.
    """

    given: Mapping[str, Any]
    assets: tuple[Any, ...]

    if TYPE_CHECKING:

        def __init__(self, **given: Any) -> None: ...

        @property
        def graph(self) -> AssetGraph: ...

    @classmethod
    def merge(cls, *def_sets: Self) -> Self:
        """One `Definitions` with everything of several.

        Raises:
            UsageError: Two have different resources, loggers or pools under one key, or different executors.
        """
        return cls(**merged(given_to(def_sets)))

    @classmethod
    def merge_unbound_defs(cls, *def_sets: Self) -> Self:
        """The same as `merge`: nothing is bound before it runs."""
        return cls.merge(*def_sets)

    def with_resources(self, resources: Mapping[str, Any] | None) -> Self:
        """A copy with further resources.

        Raises:
            UsageError: There is another one under the same key.
        """
        return self.merge(self, type(self)(resources=resources))

    def map_asset_specs(self, *, func: Callable[[AssetSpec], AssetSpec], selection: Any = None) -> Self:
        """A copy with the spec of every asset as `func` returns it.

        Raises:
            UsageError: A selection is given, or there is a `SourceAsset`, which has no spec.
            DefinitionError: `func` changes what must stay.
        """
        if selection is not None:
            raise UsageError("map_asset_specs takes no selection; use map_resolved_asset_specs.")
        return self.map_resolved_asset_specs(func=func)

    def map_resolved_asset_specs(self, *, func: Callable[[AssetSpec], AssetSpec], selection: Any = None) -> Self:
        """A copy with the specs of selected assets as `func` returns them.

        Args:
            func: From a spec to a spec.
            selection: Anything that selects assets; None for all.

        Raises:
            UsageError: There is a `SourceAsset`, which has no spec.
            UnknownAssetError: The selection names an asset that is not defined.
            DefinitionError: `func` changes what must stay.
        """
        sources = [str(item.key) for item in self.assets if isinstance(item, SourceAsset)]
        if sources:
            raise UsageError(f"SourceAsset '{sources[0]}' has no spec to map; declare it as AssetSpec.")
        return self.permissive_map_resolved_asset_specs(func, selection)

    def permissive_map_resolved_asset_specs(
        self, func: Callable[[AssetSpec], AssetSpec], selection: Any = None
    ) -> Self:
        """The same as `map_resolved_asset_specs`, but a `SourceAsset` stays as it is."""
        chosen = None if selection is None else self._select(selection)

        def change(spec: AssetSpec) -> AssetSpec:
            return func(spec) if chosen is None or spec.key in chosen else spec

        def change_one(item: Any) -> Any:
            return item if isinstance(item, SourceAsset) else map_asset_specs(change, [item])[0]

        return type(self)(**{**self.given, "assets": [change_one(item) for item in self.given["assets"]]})

    def with_definition_metadata_update(self, update: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Self:
        """A copy with the metadata of every asset, spec and check as `update` returns them.

        A `SourceAsset` and what is observed stay as they are. Mirrors Dagster's method.
        """

        def change(spec: Any) -> Any:
            return spec.replace_attributes(metadata=dict(update(spec.metadata)))

        def change_one(item: Any) -> Any:
            if isinstance(item, SourceAsset) or getattr(item, "is_observable", False):
                return item
            return _with_check_metadata(map_asset_specs(change, [item])[0], update)

        changed = {name: [change_one(item) for item in self.given[name]] for name in ("assets", "asset_checks")}
        return type(self)(**{**self.given, **changed})

    def _select(self, selection: Any) -> set[AssetKey]:
        found: set[AssetKey] = (
            import_module("assetq.selection").AssetSelection.from_coercible(selection).resolve(self.graph)
        )
        return found


def _with_check_metadata(item: Any, update: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Any:
    specs = getattr(item, "check_specs", ())
    if not specs:
        return item
    return item.replace(check_specs=[spec.with_metadata(dict(update(spec.metadata))) for spec in specs])
