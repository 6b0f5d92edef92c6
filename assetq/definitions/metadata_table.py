"""What metadata says of tables: records, columns and where columns come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.metadata_check import expect, expect_list, expect_mapping, set_fields
from assetq.errors import DefinitionError

CELL = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class TableRecord:
    """One row. Mirrors Dagster's `TableRecord`.

    Args:
        data: Column -> text, number, boolean or None.

    Raises:
        DefinitionError: A name is no text, or a value none of these.
    """

    data: Mapping[str, str | int | float | bool | None]

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", expect_mapping(self.data, CELL, "TableRecord: data"))


@dataclass(frozen=True, slots=True, init=False)
class TableColumnConstraints:
    """What holds for a column. Mirrors Dagster's `TableColumnConstraints`.

    Args:
        nullable: Values may be missing.
        unique: No value comes twice.
        other: Further constraints, in words; None for none.
    """

    nullable: bool
    unique: bool
    other: Sequence[str]

    def __init__(self, nullable: bool = True, unique: bool = False, other: Sequence[str] | None = None) -> None:
        expect(nullable, bool, "TableColumnConstraints: nullable")
        expect(unique, bool, "TableColumnConstraints: unique")
        more = [] if other is None else expect_list(other, str, "TableColumnConstraints: other")
        set_fields(self, nullable=nullable, unique=unique, other=more)


@dataclass(frozen=True, slots=True)
class TableConstraints:
    """What holds for a whole table, in words. Mirrors Dagster's `TableConstraints`."""

    other: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "other", expect_list(self.other, str, "TableConstraints: other"))


@dataclass(frozen=True, slots=True, init=False)
class TableColumn:
    """A column. Mirrors Dagster's `TableColumn`.

    Args:
        name: The column's name.
        type: Its type, in the words of the system that holds the table.
        description: What it means.
        constraints: What holds for it; None for nothing.
        tags: Further facts.
    """

    name: str
    type: str
    description: str | None
    constraints: TableColumnConstraints
    tags: Mapping[str, str]

    def __init__(
        self,
        name: str,
        type: str = "string",
        description: str | None = None,
        constraints: TableColumnConstraints | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        expect(name, str, "TableColumn: name")
        expect(type, str, "TableColumn: type")
        expect(description, str, "TableColumn: description", optional=True)
        expect(constraints, TableColumnConstraints, "TableColumn: constraints", optional=True)
        checked = {} if tags is None else expect_mapping(tags, str, "TableColumn: tags")
        set_fields(self, name=name, type=type, description=description, tags=checked)
        set_fields(self, constraints=constraints or TableColumnConstraints())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableColumn:
        """The column as it stands in a schema that `to_json` wrote."""
        return cls(**{**data, "constraints": TableColumnConstraints(**data["constraints"])})


@dataclass(frozen=True, slots=True, init=False)
class TableSchema:
    """The columns of a table. Mirrors Dagster's `TableSchema`.

    Args:
        columns: The columns in order.
        constraints: What holds for the table; None for nothing.
    """

    columns: Sequence[TableColumn]
    constraints: TableConstraints

    def __init__(self, columns: Sequence[TableColumn], constraints: TableConstraints | None = None) -> None:
        checked = expect_list(columns, TableColumn, "TableSchema: columns")
        expect(constraints, TableConstraints, "TableSchema: constraints", optional=True)
        set_fields(self, columns=checked, constraints=constraints or TableConstraints([]))

    @staticmethod
    def from_name_type_dict(name_type_dict: Mapping[str, str]) -> TableSchema:
        """A schema from column name -> type."""
        types = expect_mapping(name_type_dict, str, "TableSchema.from_name_type_dict: name_type_dict")
        return TableSchema([TableColumn(name, kind) for name, kind in types.items()])

    def to_json(self) -> dict[str, Any]:
        """A plain form that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableSchema:
        """The schema that `to_json` wrote."""
        columns = [TableColumn.from_json(column) for column in data["columns"]]
        return cls(columns, TableConstraints(**data["constraints"]))


@dataclass(frozen=True, slots=True, init=False)
class TableColumnDep:
    """A column of another asset that a column is made from. Mirrors Dagster's `TableColumnDep`.

    Raises:
        InvalidKeyError: `asset_key` names no asset.
    """

    asset_key: AssetKey
    column_name: str

    def __init__(self, asset_key: AssetKey | str | Sequence[str], column_name: str) -> None:
        expect(column_name, str, "TableColumnDep: column_name")
        set_fields(self, asset_key=AssetKey.from_coercible(asset_key), column_name=column_name)


@dataclass(frozen=True, slots=True)
class TableColumnLineage:
    """Where the columns of a table come from. Mirrors Dagster's `TableColumnLineage`.

    Args:
        deps_by_column: Column -> the columns of other assets that it is made from.

    Raises:
        DefinitionError: A column names the same dependency twice.
    """

    deps_by_column: Mapping[str, Sequence[TableColumnDep]]

    def __post_init__(self) -> None:
        what = "TableColumnLineage: deps_by_column"
        given = expect_mapping(self.deps_by_column, Sequence, what)
        deps = {name: expect_list(members, TableColumnDep, f"{what}[{name!r}]") for name, members in given.items()}
        for name, members in deps.items():
            if len(set(members)) < len(members):
                raise DefinitionError(f"{what}[{name!r}] names the same column of an asset twice; name it once.")
        object.__setattr__(self, "deps_by_column", deps)

    def to_json(self) -> dict[str, Any]:
        """A plain form that `from_json` reads."""
        return {
            name: [{"asset_key": str(dep.asset_key), "column_name": dep.column_name} for dep in deps]
            for name, deps in self.deps_by_column.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TableColumnLineage:
        """The lineage that `to_json` wrote."""
        return cls({name: [TableColumnDep(**dep) for dep in deps] for name, deps in data.items()})


def records_of(rows: Any) -> list[TableRecord]:
    """The rows as records.

    Raises:
        DefinitionError: One is neither a record nor a flat mapping.
    """
    given = expect_list(rows, (TableRecord, Mapping), "TableMetadataValue: records")
    return [row if isinstance(row, TableRecord) else TableRecord(row) for row in given]


def inferred_schema(records: Sequence[TableRecord]) -> TableSchema:
    """The columns that all records have.

    Raises:
        DefinitionError: There is no record, or two differ in their columns.
    """
    if not records:
        raise DefinitionError("TableMetadataValue: no record tells the columns; give schema=TableSchema(…).")
    first = records[0].data
    for index, record in enumerate(records):
        if record.data.keys() != first.keys():
            raise DefinitionError(
                f"TableMetadataValue: records[{index}] has the columns {sorted(record.data)}, the first record "
                f"{sorted(first)}; give all records the same columns, or give schema=TableSchema(…)."
            )
    return first_schema(records)


def first_schema(records: Sequence[TableRecord]) -> TableSchema:
    """The columns of the first record, with types after its values, as Dagster infers them."""
    first = records[0].data if records else {}
    return TableSchema([TableColumn(name, column_type(value)) for name, value in first.items()])


def column_type(value: Any) -> str:
    """Type of the column that holds this value: "int", "float", "bool" or "string"."""
    for kind in (bool, int, float):  # bool first: it is an int too
        if isinstance(value, kind):
            return kind.__name__
    return "string"
