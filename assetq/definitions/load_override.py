"""What loading changes in everything that it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.definitions.asset_rewrite import map_definition, with_keys
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.automation_condition import check_condition
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.source_asset import SourceAsset
from assetq.definitions.spec_check import check_class
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class LoadOverride:
    """Attributes for all assets that are loaded together.

    Attributes:
        group_name: Their group.
        key_prefix: Before the keys of assets that are made here.
        source_key_prefix: Before the keys of external assets.
        automation_condition, backfill_policy: Instead of their own.
    """

    group_name: str | None
    key_prefix: tuple[str, ...]
    source_key_prefix: tuple[str, ...]
    automation_condition: Any
    backfill_policy: BackfillPolicy | None

    @classmethod
    def make(
        cls,
        group_name: str | None,
        key_prefix: str | Sequence[str] | None,
        source_key_prefix: str | Sequence[str] | None,
        automation_condition: Any,
        backfill_policy: BackfillPolicy | None,
    ) -> LoadOverride:
        """An override from what users may give.

        Raises:
            DefinitionError: Something is of a wrong kind.
        """
        check_class(backfill_policy, BackfillPolicy, "backfill_policy", "What is loaded")
        check_condition(automation_condition, "What is loaded")
        prefixes = tuple(prefix_parts(key_prefix)), tuple(prefix_parts(source_key_prefix))
        return cls(group_name, *prefixes, automation_condition, backfill_policy)

    def apply(self, items: Sequence[Any]) -> list[Any]:
        """The items with everything changed; dependencies between them follow new keys.

        Raises:
            DefinitionError: One already has another group.
        """
        replacements = {key: new for item in items for key, new in self._renamed(item).items()}
        return [self._applied(item, replacements) for item in items]

    def _renamed(self, item: Any) -> dict[AssetKey, AssetKey]:
        is_made = isinstance(item, AssetsDefinition)
        prefix = self.key_prefix if is_made else self.source_key_prefix
        keys = item.keys if is_made else [item.key]
        return {key: key.with_prefix(prefix) for key in keys} if prefix else {}

    def _applied(self, item: Any, replacements: Mapping[AssetKey, AssetKey]) -> Any:
        if isinstance(item, AssetsDefinition):
            changed = with_keys(item, replacements) if replacements else item
            changed = map_definition(changed, lambda spec: self._spec(spec, item.location))
            return changed.replace(backfill_policy=self.backfill_policy) if self.backfill_policy else changed
        key = replacements.get(item.key, item.key)
        if isinstance(item, SourceAsset):
            return item.with_attributes(group_name=self.group_name, key=key)
        deps = [dep.rekeyed(replacements) for dep in item.deps]
        return self._spec(item.replace_attributes(key=key, deps=deps), None)

    def _spec(self, spec: AssetSpec, location: object | None) -> AssetSpec:
        if self.group_name and spec.group_name not in (None, DEFAULT_GROUP, self.group_name):
            raise DefinitionError(
                f"Group name already exists on assets: '{spec.key}' has '{spec.group_name}', not '{self.group_name}'. "
                "Leave group_name out here, or there.",
                asset=str(spec.key),
                location=location,
            )
        return spec.replace_attributes(
            group_name=self.group_name or spec.group_name,
            automation_condition=self.automation_condition or spec.automation_condition,
        )
