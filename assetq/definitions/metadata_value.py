"""Metadata values: what people attach to definitions and materializations."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.code_reference import CodeReference
from assetq.definitions.metadata_check import described
from assetq.definitions.metadata_kind import MetadataKind, kind_from_json
from assetq.definitions.metadata_table import (
    TableColumnLineage,
    TableRecord,
    TableSchema,
)
from assetq.errors import DefinitionError

__all__ = [
    "BoolMetadataValue",
    "CodeReferencesMetadataValue",
    "DagsterAssetMetadataValue",
    "DagsterJobMetadataValue",
    "DagsterRunMetadataValue",
    "FloatMetadataValue",
    "IntMetadataValue",
    "JsonMetadataValue",
    "MarkdownMetadataValue",
    "MetadataValue",
    "NotebookMetadataValue",
    "NullMetadataValue",
    "PathMetadataValue",
    "PoolMetadataValue",
    "PythonArtifactMetadataValue",
    "TableColumnLineageMetadataValue",
    "TableMetadataValue",
    "TableSchemaMetadataValue",
    "TextMetadataValue",
    "TimestampMetadataValue",
    "UrlMetadataValue",
]


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


# The kinds derive from the class above, which builds them: they are imported when it is there, and only from here.
from assetq.definitions.metadata_link import (  # noqa: E402
    CodeReferencesMetadataValue,
    DagsterAssetMetadataValue,
    DagsterJobMetadataValue,
    DagsterRunMetadataValue,
    PoolMetadataValue,
    PythonArtifactMetadataValue,
)
from assetq.definitions.metadata_of_table import (  # noqa: E402
    TableColumnLineageMetadataValue,
    TableMetadataValue,
    TableSchemaMetadataValue,
)
from assetq.definitions.metadata_plain import (  # noqa: E402
    BoolMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    JsonMetadataValue,
    MarkdownMetadataValue,
    NotebookMetadataValue,
    NullMetadataValue,
    PathMetadataValue,
    TextMetadataValue,
    TimestampMetadataValue,
    UrlMetadataValue,
)
