"""What an op may report besides its outputs: observations, expectations, materializations of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.check import AssetCheckResult
from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.output import DEFAULT_OUTPUT, DataVersion
from assetq.definitions.record_value import RecordValue, result_named
from assetq.definitions.spec_check import checked_tags
from assetq.errors import DefinitionError

DATA_VERSION_TAG = "dagster/data_version"


class AssetObservation(RecordValue):
    """The record that something was seen about an asset. Mirrors Dagster's `AssetObservation`.

    Args:
        asset_key: Which asset.
        description: What was seen.
        metadata: Recorded with it.
        partition: Of which partition.
        tags: Recorded with it.
    """

    __slots__ = ("asset_key", "description", "metadata", "partition", "tags")

    def __init__(
        self,
        asset_key: Any,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.asset_key = AssetKey.from_coercible(asset_key)
        self.description = description
        self.metadata: dict[str, MetadataValue] = normalize_metadata(metadata)
        self.partition = partition
        self.tags = checked_tags(tags, "AssetObservation")

    @property
    def label(self) -> str:
        """The asset's key, as text."""
        return str(self.asset_key)

    @property
    def data_version(self) -> str | None:
        """The data version that its tags tell."""
        return self.tags.get(DATA_VERSION_TAG)

    def with_metadata(self, metadata: Mapping[str, Any] | None) -> AssetObservation:
        """A copy with other metadata."""
        return self._changed(metadata=metadata)


class ObserveResult(RecordValue):
    """What an observation function gives back. Mirrors Dagster's `ObserveResult`.

    Args:
        asset_key: Which asset; needed when the function observes several.
        metadata: Recorded with the observation; here it stays as it is given, for tests that call the function.
        check_results: Of the checks that ran with it.
        data_version: Version of the contents.
        tags: Recorded with the observation.
    """

    __slots__ = ("asset_key", "check_results", "data_version", "metadata", "tags")

    def __init__(
        self,
        *,
        asset_key: Any = None,
        metadata: Mapping[str, Any] | None = None,
        check_results: Sequence[AssetCheckResult] | None = None,
        data_version: DataVersion | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.asset_key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        normalize_metadata(metadata)
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.check_results = tuple(check_results or ())
        self.data_version = data_version
        self.tags = checked_tags(tags, "ObserveResult")

    def check_result_named(self, check_name: str) -> AssetCheckResult:
        """The result of one of the checks.

        Raises:
            InvariantError: There is none of that name.
        """
        return result_named(self.check_results, check_name)


class ExpectationResult(RecordValue):
    """Whether something was as an op expected. Mirrors Dagster's `ExpectationResult`; it never fails a step."""

    __slots__ = ("description", "label", "metadata", "success")

    def __init__(
        self,
        success: bool,
        label: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(success, bool):
            raise DefinitionError(f"ExpectationResult: success must be True or False, not {success!r}.")
        self.success = success
        self.label = label or DEFAULT_OUTPUT
        self.description = description
        self.metadata: dict[str, MetadataValue] = normalize_metadata(metadata)
