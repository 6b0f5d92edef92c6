"""Metadata values that refer to something: a run, a job, an asset, a pool, a piece of code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.code_reference import CODE_REFERENCES, CodeReference, code_reference
from assetq.definitions.metadata_check import expect, expect_list, set_fields
from assetq.definitions.metadata_value import MetadataValue


@dataclass(frozen=True, slots=True)
class PythonArtifactMetadataValue(MetadataValue):
    """A function or class, by its module and name."""

    kind: ClassVar[str] = "python_artifact"
    module: str
    name: str

    def __post_init__(self) -> None:
        expect(self.module, str, "PythonArtifactMetadataValue: module")
        expect(self.name, str, "PythonArtifactMetadataValue: name")

    @property
    def value(self) -> PythonArtifactMetadataValue:
        """Itself."""
        return self


@dataclass(frozen=True, slots=True)
class DagsterRunMetadataValue(MetadataValue):
    """A run."""

    kind: ClassVar[str] = "dagster_run"
    run_id: str

    def __post_init__(self) -> None:
        expect(self.run_id, str, "DagsterRunMetadataValue: run_id")

    @property
    def value(self) -> str:
        """Id of the run."""
        return self.run_id


@dataclass(frozen=True, slots=True)
class DagsterJobMetadataValue(MetadataValue):
    """A job, by its name and place."""

    kind: ClassVar[str] = "job"
    job_name: str
    location_name: str
    repository_name: str | None = None

    def __post_init__(self) -> None:
        expect(self.job_name, str, "DagsterJobMetadataValue: job_name")
        expect(self.location_name, str, "DagsterJobMetadataValue: location_name")
        expect(self.repository_name, str, "DagsterJobMetadataValue: repository_name", optional=True)

    @property
    def value(self) -> DagsterJobMetadataValue:
        """Itself."""
        return self


@dataclass(frozen=True, slots=True)
class DagsterAssetMetadataValue(MetadataValue):
    """Another asset."""

    kind: ClassVar[str] = "asset"
    asset_key: AssetKey

    def __post_init__(self) -> None:
        expect(self.asset_key, AssetKey, "DagsterAssetMetadataValue: asset_key")

    @property
    def value(self) -> AssetKey:
        """Key of the asset."""
        return self.asset_key

    def _stored(self) -> dict[str, Any]:
        return {"value": str(self.asset_key)}

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> DagsterAssetMetadataValue:
        return cls(AssetKey.from_user_string(stored["value"]))


@dataclass(frozen=True, slots=True, init=False)
class PoolMetadataValue(MetadataValue):
    """A concurrency pool."""

    kind: ClassVar[str] = "pool"
    name: str

    def __init__(self, pool: str) -> None:
        expect(pool, str, "PoolMetadataValue: pool")
        set_fields(self, name=pool)

    @property
    def value(self) -> str:
        """Name of the pool."""
        return self.name

    @property
    def pool(self) -> str:  # type: ignore[override]
        """Name of the pool."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReferencesMetadataValue(MetadataValue):
    """Where the code stands."""

    kind: ClassVar[str] = "code_references"
    code_references: Sequence[CodeReference] = field()  # type: ignore[assignment]

    def __post_init__(self) -> None:
        checked = expect_list(self.code_references, CODE_REFERENCES, "CodeReferencesMetadataValue: code_references")
        set_fields(self, code_references=checked)

    @property
    def value(self) -> CodeReferencesMetadataValue:
        """Itself."""
        return self

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> CodeReferencesMetadataValue:
        return cls(code_references=[code_reference(data) for data in stored["value"]])
