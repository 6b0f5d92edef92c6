"""Sets of metadata entries with fixed names."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from assetq.definitions.metadata_check import described, expect
from assetq.definitions.metadata_table import TableColumnLineage, TableSchema
from assetq.definitions.metadata_value import MetadataValue
from assetq.errors import DefinitionError

NAMESPACE = "dagster"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMetadataSet:
    """What is known about a table, for `metadata={**TableMetadataSet(...)}`. Mirrors Dagster's `TableMetadataSet`.

    Args:
        column_schema: The columns.
        column_lineage: Where they come from.
        row_count: Rows of the table.
        partition_row_count: Rows of the partition.
        table_name: Name of the table where it is stored.
        storage_kind: What stores it.
    """

    column_schema: TableSchema | None = None
    column_lineage: TableColumnLineage | None = None
    row_count: int | None = None
    partition_row_count: int | None = None
    table_name: str | None = None
    storage_kind: str | None = None

    def __post_init__(self) -> None:
        expect(self.column_schema, TableSchema, "TableMetadataSet: column_schema", optional=True)
        expect(self.column_lineage, TableColumnLineage, "TableMetadataSet: column_lineage", optional=True)
        for name in ("row_count", "partition_row_count"):
            object.__setattr__(self, name, _count(getattr(self, name), f"TableMetadataSet: {name}"))
        expect(self.table_name, str, "TableMetadataSet: table_name", optional=True)
        expect(self.storage_kind, str, "TableMetadataSet: storage_kind", optional=True)

    @classmethod
    def namespace(cls) -> str:
        """What the names of the entries start with, before a "/"."""
        return NAMESPACE

    @classmethod
    def extract(cls, metadata: Mapping[str, Any]) -> TableMetadataSet:
        """The set in these entries, plain or typed; others are left out."""
        names = {f"{NAMESPACE}/{field.name}": field.name for field in fields(cls)}
        return cls(**{names[key]: _plain(value) for key, value in metadata.items() if key in names})

    def keys(self) -> list[str]:
        """Names of the entries that have a value."""
        return [f"{NAMESPACE}/{field.name}" for field in fields(self) if getattr(self, field.name) is not None]

    def __getitem__(self, key: str) -> Any:
        prefix, _, name = key.partition("/")
        if prefix != NAMESPACE or name not in {field.name for field in fields(self)}:
            raise KeyError(key)
        return getattr(self, name)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, MetadataValue) else value


def _count(value: Any, what: str) -> int | None:
    if value is None:
        return None
    try:
        return int(value if isinstance(value, float) and value.is_integer() else operator.index(value))
    except TypeError:
        raise DefinitionError(f"{what} must be a whole number; give one instead of {described(value)}.") from None
