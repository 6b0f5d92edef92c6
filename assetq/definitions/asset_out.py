"""`AssetOut`: an output of a function that makes several assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.asset_key import AssetKey, prefix_parts
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.retry_policy import BackfillPolicy
from assetq.definitions.spec_check import check_class, check_type
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True, init=False)
class AssetOut:
    """What is known of one output that becomes an asset. Mirrors Dagster's `AssetOut`.

    Args:
        key_prefix: Parts before the output's name; "/" separates parts.
        key: The whole key; by default the output's name.
        dagster_type: Type of the value; by default what the function's return annotation says.
        is_required: False if the function may leave it out; then what reads it is skipped.
        io_manager_key: Resource that stores it.
        description, metadata, group_name, code_version, automation_condition, owners, tags, kinds, freshness_policy,
            is_virtual: As for `AssetSpec`.
        backfill_policy: How many partitions one step takes; the same for all outputs of a function.
    """

    key: AssetKey | None
    key_prefix: tuple[str, ...]
    dagster_type: Any
    is_required: bool
    io_manager_key: str | None
    backfill_policy: BackfillPolicy | None
    about: Mapping[str, Any] = field(hash=False)

    def __init__(
        self,
        key_prefix: str | Sequence[str] | None = None,
        key: Any = None,
        dagster_type: Any = None,
        description: str | None = None,
        is_required: bool = True,
        io_manager_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        group_name: str | None = None,
        code_version: str | None = None,
        automation_condition: Any = None,
        backfill_policy: BackfillPolicy | None = None,
        owners: Sequence[str] | None = None,
        tags: Mapping[str, str] | None = None,
        kinds: Iterable[str] | None = None,
        freshness_policy: Any = None,
        is_virtual: bool = False,
    ) -> None:
        if key is not None and key_prefix is not None:
            raise DefinitionError("AssetOut takes key or key_prefix, not both: put the prefix into the key.")
        values = {
            "key": None if key is None else AssetKey.from_coercible(key),
            "key_prefix": tuple(prefix_parts(key_prefix)),
            "dagster_type": check_type(dagster_type, "AssetOut"),
            "is_required": check_class(is_required, bool, "is_required", "AssetOut"),
            "io_manager_key": check_class(io_manager_key, str, "io_manager_key", "AssetOut"),
            "backfill_policy": check_class(backfill_policy, BackfillPolicy, "backfill_policy", "AssetOut"),
            "about": {
                "description": description,
                "metadata": dict(check_class(metadata, Mapping, "metadata", "AssetOut") or {}),
                "group_name": group_name,
                "code_version": code_version,
                "automation_condition": automation_condition,
                "owners": owners,
                "tags": tags,
                "kinds": kinds,
                "freshness_policy": freshness_policy,
                "is_virtual": is_virtual,
            },
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_spec(cls, spec: AssetSpec, dagster_type: Any = None, is_required: bool = True) -> AssetOut:
        """The output that becomes the asset of a spec; what the spec depends on is left to the function."""
        names = ("description", "metadata", "group_name", "code_version", "automation_condition", "owners")
        more = ("tags", "freshness_policy", "is_virtual")
        about = {name: getattr(spec, name) for name in (*names, *more)}
        return cls(key=spec.key, dagster_type=dagster_type, is_required=is_required, **about)

    def key_for(self, output_name: str) -> AssetKey:
        """Key of the asset that an output of this name becomes."""
        return self.key or AssetKey([*self.key_prefix, output_name])

    def to_spec(self, key: AssetKey, deps: Iterable[Any] = (), partitions_def: Any = None, **more: Any) -> AssetSpec:
        """What is known of the asset.

        Args:
            key: Its key.
            deps: What it is made from.
            partitions_def: How it is partitioned.
            more: Used where the output itself says nothing.
        """
        told = {name: value for name, value in self.about.items() if value is not None}
        values = {**{name: value for name, value in more.items() if value is not None}, **told}
        return AssetSpec(key, deps=deps, partitions_def=partitions_def, skippable=not self.is_required, **values)

    def __getattr__(self, name: str) -> Any:
        if name in ("about", "__setstate__") or name not in self.about:
            raise AttributeError(name)
        return self.about[name]
