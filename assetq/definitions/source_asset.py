"""`SourceAsset`: an asset that others read and that is not made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import DEFAULT_GROUP, AssetSpec, PartitionsLike
from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.spec_check import check_class
from assetq.errors import DefinitionError

IO_MANAGER_KEY = "io_manager"


class SourceAsset:
    """An asset that others read and that is not made here. Mirrors Dagster's `SourceAsset`.

    Args:
        key: The asset.
        metadata, description, group_name, tags, partitions_def, automation_condition: As for `AssetSpec`.
        io_manager_key: Resource that loads it; "io_manager" by default.
        io_manager_def: The resource itself.
        resource_defs: Resources that come with it.
        observe_fn: Observes it; as for `@observable_source_asset`.
        op_tags: Tags of the op that observes it.
        auto_observe_interval_minutes: Carried along.

    Raises:
        DefinitionError: Something does not fit; names the asset.
    """

    def __init__(
        self,
        key: Any,
        metadata: Mapping[str, Any] | None = None,
        io_manager_key: str | None = None,
        io_manager_def: object | None = None,
        description: str | None = None,
        partitions_def: Any = None,
        group_name: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        observe_fn: Callable[..., Any] | None = None,
        op_tags: Mapping[str, Any] | None = None,
        *,
        auto_observe_interval_minutes: float | None = None,
        automation_condition: Any = None,
        tags: Mapping[str, str] | None = None,
        _required_resource_keys: Iterable[str] | None = None,
    ) -> None:
        self.spec = AssetSpec(
            key,
            description=description,
            metadata=metadata,
            partitions_def=partitions_def,
            group_name=group_name,
            tags=tags,
            automation_condition=automation_condition,
        )
        owner = f"SourceAsset '{self.key}'"
        check_class(io_manager_key, str, "io_manager_key", owner)
        check_class(resource_defs, Mapping, "resource_defs", owner)
        check_class(op_tags, Mapping, "op_tags", owner)
        self.io_manager_key = io_manager_key or (f"{self._name}__io_manager" if io_manager_def is not None else None)
        self.io_manager_def = io_manager_def
        self.resource_defs = self._with_io_manager(dict(resource_defs or {}))
        self.observe_fn = observe_fn
        self.op_tags = dict(op_tags or {})
        self.auto_observe_interval_minutes = auto_observe_interval_minutes
        self._required_resource_keys = frozenset(_required_resource_keys or ())

    @property
    def _name(self) -> str:
        return self.key.to_python_identifier()

    def _with_io_manager(self, resources: dict[str, object]) -> dict[str, object]:
        key, given = self.io_manager_key, self.io_manager_def
        if key is None or given is None:
            return resources
        if resources.setdefault(key, given) is not given:
            raise DefinitionError(
                f"SourceAsset '{self.key}' is given two resources '{key}', one as io_manager_def; keep one.",
                asset=str(self.key),
            )
        return resources

    @property
    def key(self) -> AssetKey:
        """Key of the asset."""
        return self.spec.key

    @property
    def keys(self) -> frozenset[AssetKey]:
        """The same, as other definitions tell it."""
        return frozenset({self.key})

    @property
    def raw_metadata(self) -> Mapping[str, Any]:
        """Its metadata, as it was given."""
        return self.spec.metadata

    @property
    def metadata(self) -> Mapping[str, MetadataValue]:
        """Its metadata, typed."""
        return normalize_metadata(self.spec.metadata)

    @property
    def description(self) -> str | None:
        """What it is."""
        return self.spec.description

    @property
    def group_name(self) -> str:
        """Its group; "default" when none was given."""
        return self.spec.group_name or DEFAULT_GROUP

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        return self.spec.tags

    @property
    def partitions_def(self) -> PartitionsLike | None:
        """How it is partitioned."""
        return self.spec.partitions_def

    @property
    def automation_condition(self) -> Any:
        """Its automation condition."""
        return self.spec.automation_condition

    @property
    def is_observable(self) -> bool:
        """Whether it has a function that observes it."""
        return self.observe_fn is not None

    @property
    def is_executable(self) -> bool:
        """Whether anything about it can run."""
        return self.is_observable

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """Resources that must be there to load or observe it."""
        return self._required_resource_keys | {self.get_io_manager_key()}

    def get_io_manager_key(self) -> str:
        """Resource that loads it."""
        return self.io_manager_key or IO_MANAGER_KEY

    def with_attributes(self, group_name: str | None = None, key: AssetKey | None = None) -> SourceAsset:
        """A copy in a group, or under another key.

        Raises:
            DefinitionError: It already has another group.
        """
        if group_name is not None and self.group_name not in (DEFAULT_GROUP, group_name):
            raise DefinitionError(
                f"SourceAsset '{self.key}' already has group '{self.group_name}'; it cannot get '{group_name}'.",
                asset=str(self.key),
            )
        return self._copy(key=key or self.key, group_name=group_name or self.spec.group_name)

    def with_resources(self, resource_defs: Mapping[str, object]) -> SourceAsset:
        """A copy with those of some resources that it needs."""
        found = {key: value for key, value in resource_defs.items() if key in self.required_resource_keys}
        return self._copy(resource_defs={**found, **self.resource_defs})

    def _copy(self, **changes: Any) -> SourceAsset:
        values = {
            "key": self.key,
            "metadata": self.raw_metadata,
            "io_manager_key": self.io_manager_key,
            "io_manager_def": self.io_manager_def,
            "description": self.description,
            "partitions_def": self.partitions_def,
            "group_name": self.spec.group_name,
            "resource_defs": self.resource_defs,
            "observe_fn": self.observe_fn,
            "op_tags": self.op_tags,
            "auto_observe_interval_minutes": self.auto_observe_interval_minutes,
            "automation_condition": self.automation_condition,
            "tags": self.tags,
            "_required_resource_keys": self._required_resource_keys,
        }
        return SourceAsset(**{**values, **changes})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceAsset) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"SourceAsset({self.key})"
