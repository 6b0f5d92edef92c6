"""`AssetsDefinition`: one op and the assets it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec, SourceAsset
from assetq.definitions.invocation import call_directly
from assetq.definitions.op import Op
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_location import SourceLocation
from assetq.errors import DefinitionError, UnknownAssetError, suggest


class AssetsDefinition:
    """One op and the assets it makes. Mirrors Dagster's `AssetsDefinition`.

    Attributes:
        op: The computation.
        specs: What is known of each asset, in output order.
        deps: Upstream assets, loaded ones included, without those that the op makes itself.
        partitions_def: How the assets are partitioned.
        backfill_policy: How many partitions one step takes.
        resource_defs: Resources that come with the definition.
    """

    def __init__(
        self,
        op: Op,
        *,
        specs: Sequence[AssetSpec],
        deps: Sequence[AssetDep],
        partitions_def: Any = None,
        backfill_policy: BackfillPolicy | None = None,
        resource_defs: Mapping[str, object] | None = None,
    ) -> None:
        self.op = op
        self.specs = tuple(specs)
        self.deps = tuple(deps)
        self.partitions_def = partitions_def
        self.backfill_policy = backfill_policy
        self.resource_defs = dict(resource_defs or {})
        self.__name__ = op.name
        self.__doc__ = op.fn.__doc__

    @property
    def keys(self) -> frozenset[AssetKey]:
        """Keys of all assets."""
        return frozenset(spec.key for spec in self.specs)

    @property
    def key(self) -> AssetKey:
        """Key of the one asset.

        Raises:
            DefinitionError: There are several.
        """
        if len(self.specs) != 1:
            raise DefinitionError(f"'{self.op.name}' makes {len(self.specs)} assets; name one of them by its key.")
        return self.specs[0].key

    @property
    def dependency_keys(self) -> tuple[AssetKey, ...]:
        """Keys of the upstream assets."""
        return tuple(dep.asset_key for dep in self.deps)

    @property
    def location(self) -> SourceLocation | None:
        """Where the function was defined."""
        return self.op.location

    def get_asset_spec(self, key: Any = None) -> AssetSpec:
        """What is known of one asset; of the only one without `key`.

        Raises:
            UnknownAssetError: The op does not make it.
        """
        wanted = self.key if key is None else AssetKey.from_coercible(key)
        for spec in self.specs:
            if spec.key == wanted:
                return spec
        raise UnknownAssetError(f"'{self.op.name}' makes no asset '{wanted}'.{suggest(str(wanted), self.keys)}")

    def map_asset_specs(self, fn: Callable[[AssetSpec], AssetSpec]) -> AssetsDefinition:
        """A copy in which `fn` has changed attributes of each asset; keys and deps stay.

        Raises:
            DefinitionError: `fn` changes a key or the dependencies.
        """
        outputs = tuple(replace(output, spec=fn(output.spec)) for output in self.op.outputs)
        for output, old in zip(outputs, self.op.outputs, strict=True):
            if output.spec.key != old.key or output.spec.deps != old.spec.deps:
                raise DefinitionError(
                    f"map_asset_specs may not change the key or the deps of asset '{old.key}'.",
                    asset=str(old.key),
                    location=self.location,
                )
        return AssetsDefinition(
            replace(self.op, outputs=outputs),
            specs=[output.spec for output in outputs],
            deps=self.deps,
            partitions_def=self.partitions_def,
            backfill_policy=self.backfill_policy,
            resource_defs=self.resource_defs,
        )

    def to_source_asset(self, key: Any = None) -> SourceAsset:
        """The asset as one that is made elsewhere."""
        spec = self.get_asset_spec(key)
        output = self.op.output_for(spec.key)
        return SourceAsset(
            spec.key,
            metadata=spec.metadata,
            io_manager_key=output.io_manager_key if output else None,
            description=spec.description,
            partitions_def=self.partitions_def,
            group_name=spec.group_name,
            tags=spec.tags,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as in a unit test.

        Inputs are passed by the caller. Resources and config may be, by name; otherwise they come from the context.
        """
        return call_directly(self.op, args, kwargs)

    def __repr__(self) -> str:
        return f"AssetsDefinition({', '.join(sorted(str(key) for key in self.keys))})"
