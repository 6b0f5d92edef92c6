"""Metadata values about tables: rows, columns, and where columns come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from assetq.definitions.metadata_check import expect, set_fields
from assetq.definitions.metadata_table import (
    TableColumnLineage,
    TableRecord,
    TableSchema,
    column_type,
    first_schema,
    inferred_schema,
    records_of,
)
from assetq.definitions.metadata_value import MetadataValue


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
