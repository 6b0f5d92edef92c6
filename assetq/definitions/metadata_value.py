"""Metadata values: what people attach to definitions and materializations."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, cast

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.code_reference import CODE_REFERENCES, CodeReference, code_reference
from assetq.definitions.metadata_check import described, expect, expect_list, set_fields
from assetq.definitions.metadata_json import json_data
from assetq.definitions.metadata_kind import MetadataKind, kind_from_json
from assetq.definitions.metadata_table import (
    TableColumnLineage,
    TableRecord,
    TableSchema,
    column_type,
    first_schema,
    inferred_schema,
    records_of,
)
from assetq.errors import DefinitionError


class MetadataValue(MetadataKind):
    """One typed value; build it with the methods here or by its class. Mirrors Dagster's `MetadataValue`."""

    __slots__ = ()

    @staticmethod
    def text(text: str) -> TextMetadataValue:
        """Plain text."""
        return TextMetadataValue(text)

    @staticmethod
    def url(url: str) -> UrlMetadataValue:
        """A web address."""
        return UrlMetadataValue(url)

    @staticmethod
    def path(path: str | os.PathLike[str]) -> PathMetadataValue:
        """A file system path."""
        return PathMetadataValue(path)

    @staticmethod
    def notebook(path: str | os.PathLike[str]) -> NotebookMetadataValue:
        """The path of a notebook."""
        return NotebookMetadataValue(path)

    @staticmethod
    def json(data: Sequence[Any] | Mapping[str, Any]) -> JsonMetadataValue:
        """A dict or list of JSON values."""
        return JsonMetadataValue(data)

    @staticmethod
    def md(data: str) -> MarkdownMetadataValue:
        """Markdown."""
        return MarkdownMetadataValue(data)

    @staticmethod
    def python_artifact(python_artifact: Callable[..., Any]) -> PythonArtifactMetadataValue:
        """A function or class, by its module and name."""
        if not callable(python_artifact):
            raise DefinitionError(
                f"MetadataValue.python_artifact takes a function or class, not {described(python_artifact)}."
            )
        return PythonArtifactMetadataValue(python_artifact.__module__, python_artifact.__name__)

    @staticmethod
    def float(value: builtins.float) -> FloatMetadataValue:
        """A number."""
        return FloatMetadataValue(value)

    @staticmethod
    def int(value: builtins.int) -> IntMetadataValue:
        """A whole number."""
        return IntMetadataValue(value)

    @staticmethod
    def bool(value: builtins.bool) -> BoolMetadataValue:
        """Yes or no."""
        return BoolMetadataValue(value)

    @staticmethod
    def timestamp(value: builtins.float | datetime) -> TimestampMetadataValue:
        """A moment, as seconds since the epoch or a datetime with a time zone."""
        if not isinstance(value, datetime):
            return TimestampMetadataValue(value)
        if value.utcoffset() is None:
            raise DefinitionError(
                f"MetadataValue.timestamp: {value.isoformat()} has no time zone; set tzinfo, to UTC for example."
            )
        return TimestampMetadataValue(value.timestamp())

    @staticmethod
    def dagster_run(run_id: str) -> DagsterRunMetadataValue:
        """A run."""
        return DagsterRunMetadataValue(run_id)

    @staticmethod
    def asset(asset_key: AssetKey) -> DagsterAssetMetadataValue:
        """Another asset."""
        return DagsterAssetMetadataValue(asset_key)

    @staticmethod
    def job(job_name: str, location_name: str, *, repository_name: str | None = None) -> DagsterJobMetadataValue:
        """A job."""
        return DagsterJobMetadataValue(job_name, location_name, repository_name)

    @staticmethod
    def table(
        records: Sequence[TableRecord | Mapping[str, Any]], schema: TableSchema | None = None
    ) -> TableMetadataValue:
        """A small table: records with the same columns, as plain mappings too."""
        return TableMetadataValue(records, schema)

    @staticmethod
    def table_schema(schema: TableSchema) -> TableSchemaMetadataValue:
        """The columns of a table."""
        return TableSchemaMetadataValue(schema)

    @staticmethod
    def column_lineage(lineage: TableColumnLineage) -> TableColumnLineageMetadataValue:
        """Where the columns of a table come from."""
        return TableColumnLineageMetadataValue(lineage)

    @staticmethod
    def code_references(code_references: Sequence[CodeReference]) -> CodeReferencesMetadataValue:
        """Where the code stands."""
        return CodeReferencesMetadataValue(code_references=code_references)

    @staticmethod
    def null() -> NullMetadataValue:
        """Nothing."""
        return NullMetadataValue()

    @staticmethod
    def pool(pool: str) -> PoolMetadataValue:
        """A concurrency pool."""
        return PoolMetadataValue(pool)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> MetadataValue:
        """The value that `to_json` wrote.

        Raises:
            StorageError: Nothing was ever written so.
        """
        return cast(MetadataValue, kind_from_json(data))


@dataclass(frozen=True, slots=True)
class TextMetadataValue(MetadataValue):
    """Plain text."""

    kind: ClassVar[str] = "text"
    text: str | None = field(default="")  # type: ignore[assignment]  # Dagster's name, also of a method above

    def __post_init__(self) -> None:
        expect(self.text, str, "TextMetadataValue: text", optional=True)

    @property
    def value(self) -> str:
        """The text."""
        return self.text or ""


@dataclass(frozen=True, slots=True)
class UrlMetadataValue(MetadataValue):
    """A web address."""

    kind: ClassVar[str] = "url"
    url: str | None = field(default="")  # type: ignore[assignment]

    def __post_init__(self) -> None:
        expect(self.url, str, "UrlMetadataValue: url", optional=True)

    @property
    def value(self) -> str:
        """The address."""
        return self.url or ""


@dataclass(frozen=True, slots=True)
class MarkdownMetadataValue(MetadataValue):
    """Markdown."""

    kind: ClassVar[str] = "md"
    md_str: str | None = ""

    def __post_init__(self) -> None:
        expect(self.md_str, str, "MarkdownMetadataValue: md_str", optional=True)

    @property
    def value(self) -> str:
        """The Markdown text."""
        return self.md_str or ""


@dataclass(frozen=True, slots=True, init=False)
class _FileMetadataValue(MetadataValue):
    fspath: str

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        expect(path, (str, os.PathLike), f"{type(self).__name__}: path", optional=True)
        fspath = "" if path is None else os.fspath(path)
        expect(fspath, str, f"{type(self).__name__}: path")
        set_fields(self, fspath=fspath)

    @property
    def value(self) -> str:
        """The path as text."""
        return self.fspath

    @property
    def path(self) -> str:  # type: ignore[override]
        """The path as text."""
        return self.fspath


@dataclass(frozen=True, slots=True, init=False)
class PathMetadataValue(_FileMetadataValue):
    """A file system path."""

    kind: ClassVar[str] = "path"


@dataclass(frozen=True, slots=True, init=False)
class NotebookMetadataValue(_FileMetadataValue):
    """The path of a notebook."""

    kind: ClassVar[str] = "notebook"


@dataclass(frozen=True, slots=True, init=False)
class JsonMetadataValue(MetadataValue):
    """A dict or list of JSON values."""

    kind: ClassVar[str] = "json"
    data: Sequence[Any] | Mapping[str, Any] | None

    def __init__(self, data: Sequence[Any] | Mapping[str, Any] | None) -> None:
        expect(data, (Mapping, Sequence), "JsonMetadataValue: data", optional=True)
        set_fields(self, data=json_data(data))

    @property
    def value(self) -> Sequence[Any] | Mapping[str, Any] | None:
        """The data."""
        return self.data

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> JsonMetadataValue:
        made = cls(None)
        set_fields(made, data=stored["value"])  # what was stored is JSON
        return made


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
class FloatMetadataValue(MetadataValue):
    """A number."""

    kind: ClassVar[str] = "float"
    value: float | None = field()

    def __post_init__(self) -> None:
        expect(self.value, float, "FloatMetadataValue: value", optional=True)

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> FloatMetadataValue:
        return cls(None if stored["value"] is None else float(stored["value"]))


@dataclass(frozen=True, slots=True)
class IntMetadataValue(MetadataValue):
    """A whole number."""

    kind: ClassVar[str] = "int"
    value: int | None = field()

    def __post_init__(self) -> None:
        expect(self.value, int, "IntMetadataValue: value", optional=True)

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> IntMetadataValue:
        return cls(None if stored["value"] is None else int(stored["value"]))


@dataclass(frozen=True, slots=True)
class BoolMetadataValue(MetadataValue):
    """Yes or no."""

    kind: ClassVar[str] = "bool"
    value: bool | None = field()

    def __post_init__(self) -> None:
        expect(self.value, bool, "BoolMetadataValue: value", optional=True)


@dataclass(frozen=True, slots=True)
class TimestampMetadataValue(MetadataValue):
    """A moment, as seconds since the epoch."""

    kind: ClassVar[str] = "timestamp"
    value: float = field()

    def __post_init__(self) -> None:
        expect(self.value, float, "TimestampMetadataValue: value")

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> TimestampMetadataValue:
        return cls(float(stored["value"]))


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
class TableMetadataValue(MetadataValue):
    """A small table.

    Args:
        records: The rows, all with the same columns; plain mappings are taken too.
        schema: The columns; None infers them from the first record, and needs one.
    """

    kind: ClassVar[str] = "table"
    records: Sequence[TableRecord]
    schema: TableSchema

    def __init__(self, records: Sequence[TableRecord | Mapping[str, Any]], schema: TableSchema | None) -> None:
        rows = records_of(records)
        expect(schema, TableSchema, "TableMetadataValue: schema", optional=True)
        set_fields(self, records=rows, schema=inferred_schema(rows) if schema is None else schema)

    @property
    def value(self) -> TableMetadataValue:
        """Itself."""
        return self

    @staticmethod
    def infer_column_type(value: Any) -> str:
        """Type of the column that holds this value: "int", "float", "bool" or "string"."""
        return column_type(value)

    def _stored(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"value": [dict(record.data) for record in self.records]}
        if self.schema != first_schema(self.records):
            stored["schema"] = self.schema.to_json()
        return stored

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> TableMetadataValue:
        records, schema = records_of(stored["value"]), stored.get("schema")
        return cls(records, TableSchema.from_json(schema) if schema else first_schema(records))


@dataclass(frozen=True, slots=True)
class TableSchemaMetadataValue(MetadataValue):
    """The columns of a table."""

    kind: ClassVar[str] = "table_schema"
    schema: TableSchema

    def __post_init__(self) -> None:
        expect(self.schema, TableSchema, "TableSchemaMetadataValue: schema")

    @property
    def value(self) -> TableSchema:
        """The schema."""
        return self.schema

    def _stored(self) -> dict[str, Any]:
        return {"value": self.schema.to_json()}

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> TableSchemaMetadataValue:
        return cls(TableSchema.from_json(stored["value"]))


@dataclass(frozen=True, slots=True, init=False)
class TableColumnLineageMetadataValue(MetadataValue):
    """Where the columns of a table come from."""

    kind: ClassVar[str] = "column_lineage"
    lineage: TableColumnLineage

    def __init__(self, column_lineage: TableColumnLineage) -> None:
        expect(column_lineage, TableColumnLineage, "TableColumnLineageMetadataValue: column_lineage")
        set_fields(self, lineage=column_lineage)

    @property
    def value(self) -> TableColumnLineage:
        """The lineage."""
        return self.lineage

    @property
    def column_lineage(self) -> TableColumnLineage:  # type: ignore[override]
        """The lineage."""
        return self.lineage

    def _stored(self) -> dict[str, Any]:
        return {"value": self.lineage.to_json()}

    @classmethod
    def _restored(cls, stored: Mapping[str, Any]) -> TableColumnLineageMetadataValue:
        return cls(TableColumnLineage.from_json(stored["value"]))


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


@dataclass(frozen=True, slots=True)
class NullMetadataValue(MetadataValue):
    """Nothing."""

    kind: ClassVar[str] = "null"

    @property
    def value(self) -> None:
        """None."""
        return None


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
