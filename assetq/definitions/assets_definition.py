"""One op and what it makes, checks and observes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.check import AssetCheckKey, AssetCheckSpec
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import Op
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_location import SourceLocation
from assetq.errors import DefinitionError


class AssetsDefinition:
    """One op and the assets it makes. Mirrors Dagster's `AssetsDefinition`.

    Attributes:
        op: The computation.
        specs: What is known of each asset, in output order.
        deps: Upstream assets, loaded ones included.
        partitions_def: How the assets are partitioned.
        backfill_policy: How many partitions one step takes.
        resource_defs: Resources that come with the definition.
        check_specs: Checks that the op evaluates itself.
        hooks: Run when a step has succeeded, or failed for good.
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
        check_specs: Iterable[AssetCheckSpec] = (),
        hooks: Iterable[HookDefinition] = (),
    ) -> None:
        self.op = op
        self.specs = tuple(specs)
        self.deps = tuple(deps)
        self.partitions_def = partitions_def
        self.backfill_policy = backfill_policy
        self.resource_defs = dict(resource_defs or {})
        self.check_specs = tuple(check_specs)
        self.hooks = frozenset(hooks)
        self.__name__ = op.name
        self.__doc__ = op.fn.__doc__

    noun = "Asset"

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
    def check_keys(self) -> frozenset[AssetCheckKey]:
        """Keys of the checks that the op evaluates itself."""
        return frozenset(spec.key for spec in self.check_specs)

    def check_spec(self, key: AssetCheckKey) -> AssetCheckSpec | None:
        """The spec of one of its checks."""
        return next((spec for spec in self.check_specs if spec.key == key), None)

    @property
    def location(self) -> SourceLocation | None:
        """Where the function was defined."""
        return self.op.location

    @property
    def subject(self) -> str:
        """What it is about, for messages: its first asset, or its first check."""
        named: list[Any] = sorted(self.keys) or sorted(self.check_keys)
        return str(named[0]) if named else self.op.name

    def replace(self, **changes: Any) -> AssetsDefinition:
        """A copy with other attributes."""
        names = ("specs", "deps", "partitions_def", "backfill_policy", "resource_defs", "check_specs", "hooks")
        values: dict[str, Any] = {name: getattr(self, name) for name in names}
        return type(self)(changes.pop("op", self.op), **{**values, **changes})

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> AssetsDefinition:
        """A copy with further hooks."""
        return self.replace(hooks=self.hooks | frozenset(hook_defs))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as in a unit test.

        The context comes first, if the function takes one. Config and resources that are not given by name are taken
        from it. The types of inputs and outputs are checked.

        Raises:
            DefinitionError: An argument, config or a resource is missing, or does not fit.
        """
        calling = import_module("assetq.execution.direct_call")  # a layer above, found when it is needed
        return calling.call_directly(self, args, kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(sorted(str(key) for key in self.keys)) or self.op.name})"


class AssetChecksDefinition(AssetsDefinition):
    """An op that makes nothing and evaluates checks. Mirrors Dagster's `AssetChecksDefinition`."""

    noun = "Check"

    @property
    def check_key(self) -> AssetCheckKey:
        """Key of the one check.

        Raises:
            DefinitionError: There are several.
        """
        if len(self.check_specs) != 1:
            raise DefinitionError(f"'{self.op.name}' evaluates {len(self.check_specs)} checks; name one of them.")
        return self.check_specs[0].key
