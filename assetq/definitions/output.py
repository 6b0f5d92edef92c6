"""What an op gives back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.check import AssetCheckResult
from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.definitions.record_value import RecordValue, result_named
from assetq.definitions.spec_check import checked_tags

T = TypeVar("T")
DEFAULT_OUTPUT = "result"


class Nothing:
    """Type of an output that is not stored: the op wrote it itself."""


class _NoValue:
    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE = _NoValue()


@dataclass(frozen=True, slots=True)
class DataVersion:
    """Version of an asset's contents."""

    value: str


class Output(RecordValue, Generic[T]):
    """A value with what is known about it. Mirrors Dagster's `Output`.

    Args:
        value: What the I/O manager stores.
        output_name: Which output of the op; "result" for an op with one.
        metadata: Recorded with the materialization.
        data_version: Version of the contents.
        tags: Recorded with the materialization.
        partition: The one partition that it is, where a step takes several and gives them one by one.
    """

    __slots__ = ("data_version", "metadata", "output_name", "partition", "tags", "value")

    def __init__(
        self,
        value: T,
        output_name: str | None = DEFAULT_OUTPUT,
        metadata: Mapping[str, Any] | None = None,
        *,
        data_version: DataVersion | None = None,
        tags: Mapping[str, str] | None = None,
        partition: str | None = None,
    ) -> None:
        self.value = value
        self.partition = partition
        self.output_name = output_name or DEFAULT_OUTPUT
        self.metadata: dict[str, MetadataValue] = normalize_metadata(metadata)
        self.data_version = data_version
        self.tags = checked_tags(tags, "Output")

    def with_metadata(self, metadata: Mapping[str, Any] | None) -> Output[T]:
        """A copy with other metadata."""
        return self._changed(metadata=metadata)


class MaterializeResult(RecordValue, Generic[T]):
    """Says that an asset was materialized. Mirrors Dagster's `MaterializeResult`.

    Args:
        asset_key: Which asset; needed when the op has several.
        metadata: Recorded with the materialization; here it stays as it is given, for tests that call the op.
        data_version: Version of the contents.
        tags: Recorded with the materialization.
        value: Stored by the I/O manager when given; otherwise the op stored the asset itself.
        check_results: Of the checks that the op evaluated with it.
        partition: The one partition that it is about, where a step takes several and gives them one by one.
    """

    __slots__ = ("asset_key", "check_results", "data_version", "metadata", "partition", "tags", "value")

    def __init__(
        self,
        *,
        asset_key: Any = None,
        metadata: Mapping[str, Any] | None = None,
        data_version: DataVersion | None = None,
        tags: Mapping[str, str] | None = None,
        value: Any = NO_VALUE,
        check_results: Sequence[AssetCheckResult] | None = None,
        partition: str | None = None,
    ) -> None:
        self.partition = partition
        self.asset_key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        self.check_results = tuple(check_results or ())
        normalize_metadata(metadata)
        self.metadata: dict[str, Any] = dict(metadata or {})
        self.data_version = data_version
        self.tags = checked_tags(tags, "MaterializeResult")
        self.value = value

    def check_result_named(self, check_name: str) -> AssetCheckResult:
        """The result of one of the checks.

        Raises:
            InvariantError: There is none of that name.
        """
        return result_named(self.check_results, check_name)


class AssetMaterialization(RecordValue):
    """The record that an asset was materialized. Mirrors Dagster's `AssetMaterialization`.

    Args:
        asset_key: Which asset.
        description: What was made.
        metadata: Recorded with it.
        partition: Which partition.
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
        self.tags = checked_tags(tags, "AssetMaterialization")

    @property
    def label(self) -> str:
        """The asset's key, as text."""
        return str(self.asset_key)

    def with_metadata(self, metadata: Mapping[str, Any] | None) -> AssetMaterialization:
        """A copy with other metadata."""
        return self._changed(metadata=metadata)

    @staticmethod
    def file(path: Any, description: str | None = None, asset_key: Any = None) -> AssetMaterialization:
        """The record that a file was written; without a key, the words of its path are the asset's."""
        words = [word for word in re.split(r"\W+", str(path)) if word]
        key = asset_key if asset_key is not None else words
        return AssetMaterialization(key, description=description, metadata={"path": MetadataValue.path(str(path))})


class Failure(Exception):
    """Raised by an op to fail with metadata. Mirrors Dagster's `Failure`.

    Args:
        description: What went wrong.
        metadata: Recorded with the failure.
        allow_retries: False fails the step at once, whatever its retry policy.
    """

    def __init__(
        self,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        allow_retries: bool = True,
    ) -> None:
        super().__init__(description or "")
        self.description = description
        self.metadata = normalize_metadata(metadata)
        self.allow_retries = allow_retries


class RetryRequested(Exception):
    """Raised by an op to be tried again. Mirrors Dagster's `RetryRequested`.

    Args:
        max_retries: Retries after which the step fails.
        seconds_to_wait: Delay before the retry.
    """

    def __init__(self, max_retries: int | None = 1, seconds_to_wait: float | None = None) -> None:
        super().__init__("retry requested")
        self.max_retries = 1 if max_retries is None else max_retries
        self.seconds_to_wait = seconds_to_wait
