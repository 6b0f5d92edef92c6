"""One op and what it makes, checks and observes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, Self

from assetq.definitions.asset_attributes import AssetAttributes
from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_rewrite import (
    map_definition,
    resolved_spec,
    with_keys,
    with_more,
    with_output_specs,
)
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import Op
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_location import SourceLocation

REPLACED = (
    "specs",
    "deps",
    "partitions_def",
    "backfill_policy",
    "resource_defs",
    "check_specs",
    "hooks",
    "can_subset",
)


class AssetsDefinition(AssetAttributes):
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
        can_subset: Whether the op can make some of its assets, or evaluate some of its checks, without the others.
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
        can_subset: bool = False,
    ) -> None:
        self.specs = tuple(resolved_spec(spec) for spec in specs)
        self.op = with_output_specs(op, self.specs)
        self.deps = tuple(deps)
        self.partitions_def = partitions_def
        self.backfill_policy = backfill_policy
        self.resource_defs = dict(resource_defs or {})
        self.check_specs = tuple(check_specs)
        self.hooks = frozenset(hooks)
        self.can_subset = can_subset
        self.__name__ = op.name
        self.__doc__ = op.fn.__doc__

    noun = "Asset"

    @staticmethod
    def from_graph(graph_def: Any, **options: Any) -> AssetsDefinition:
        """The assets that a graph makes, each op a step of its own. Mirrors Dagster's method.

        Args:
            graph_def: The graph.
            options: `keys_by_input_name`, `keys_by_output_name`: keys, where they are not the names of inputs and
                outputs; `key_prefix`: before the keys of outputs; `internal_asset_deps`: what exactly an output is made
                from; `partitions_def`, `partition_mappings` (by input), `resource_defs`, `group_name`, `can_subset`,
                `check_specs`, `backfill_policy`, `hook_defs`; and by output `descriptions_by_output_name`,
                `metadata_by_output_name`, `tags_by_output_name`, `owners_by_output_name`,
                `code_versions_by_output_name`, `group_names_by_output_name`, `automation_conditions_by_output_name`.

        Raises:
            DefinitionError: A name is none of the graph's.
        """
        made: AssetsDefinition = import_module("assetq.definitions.graph_factory").assets_of_graph(graph_def, **options)
        return made

    @staticmethod
    def from_op(op_def: Any, **options: Any) -> AssetsDefinition:
        """The assets that an op makes; options as for `from_graph`. Mirrors Dagster's method."""
        made: AssetsDefinition = import_module("assetq.definitions.graph_factory").assets_of_op(op_def, **options)
        return made

    @property
    def steps(self) -> tuple[AssetsDefinition, ...]:
        """What runs as steps of its own: itself, or the ops of a graph."""
        return (self,)

    @property
    def whole(self) -> AssetsDefinition:
        """What it is a part of: itself, unless it is one op of a graph."""
        return self

    @property
    def public_op(self) -> Op:
        """The op by the name that code knows."""
        return self.op

    @property
    def location(self) -> SourceLocation | None:
        """Where the function was defined."""
        return self.op.location

    @property
    def subject(self) -> str:
        """What it is about, for messages: its first asset, or its first check."""
        named: list[Any] = sorted(self.keys) or sorted(self.check_keys)
        return str(named[0]) if named else self.op.name

    def replace(self, **changes: Any) -> Self:
        """A copy with other attributes."""
        values: dict[str, Any] = {name: getattr(self, name) for name in REPLACED}
        return type(self)(changes.pop("op", self.op), **{**values, **changes})

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> Self:
        """A copy with further hooks."""
        return self.replace(hooks=self.hooks | frozenset(hook_defs))

    def with_resources(self, resource_defs: Mapping[str, object]) -> Self:
        """A copy with those of some resources that it needs and does not bring itself."""
        found = {key: value for key, value in resource_defs.items() if key in self.required_resource_keys}
        return self.replace(resource_defs={**found, **self.resource_defs})

    def map_asset_specs(self, fn: Callable[[AssetSpec], AssetSpec]) -> Self:
        """A copy with every spec as `fn` returns it.

        Raises:
            DefinitionError: `fn` changes a key, or drops a dependency that an argument loads.
        """
        return map_definition(self, fn)

    def with_attributes(
        self,
        *,
        asset_key_replacements: Mapping[AssetKey, AssetKey] | None = None,
        group_names_by_key: Mapping[AssetKey, str] | None = None,
        tags_by_key: Mapping[AssetKey, Mapping[str, str]] | None = None,
        automation_condition: Any = None,
        backfill_policy: BackfillPolicy | None = None,
        hook_defs: Iterable[HookDefinition] | None = None,
        metadata_by_key: Mapping[Any, Mapping[str, Any]] | None = None,
    ) -> Self:
        """A copy with other attributes; assets are named by the keys that they have now.

        Args:
            asset_key_replacements: New keys, for assets that it makes, reads or checks.
            group_names_by_key, tags_by_key: For assets that have none yet.
            automation_condition: One for all assets, or asset -> condition; for assets that have none yet.
            backfill_policy: Replaces the one there is.
            hook_defs: Further hooks.
            metadata_by_key: Further metadata.

        Raises:
            DefinitionError: An asset already has a group, tags or an automation condition.
        """
        conditions = automation_condition
        if automation_condition is not None and not isinstance(automation_condition, Mapping):
            conditions = dict.fromkeys(self.keys, automation_condition)
        changed = with_more(self, group_names_by_key or {}, tags_by_key or {}, conditions or {}, metadata_by_key or {})
        if asset_key_replacements:
            changed = with_keys(changed, asset_key_replacements)
        return changed.replace(
            backfill_policy=backfill_policy or self.backfill_policy, hooks=self.hooks | frozenset(hook_defs or ())
        )

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
