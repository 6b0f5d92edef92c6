"""Metadata of plain values: each gets its type by what it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.metadata_check import described
from assetq.definitions.metadata_table import TableColumnLineage, TableSchema
from assetq.definitions.metadata_value import (
    BoolMetadataValue,
    DagsterAssetMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    JsonMetadataValue,
    MetadataValue,
    NullMetadataValue,
    PathMetadataValue,
    TableColumnLineageMetadataValue,
    TableSchemaMetadataValue,
    TextMetadataValue,
)
from assetq.errors import DefinitionError

__all__ = ["MetadataValue", "normalize_metadata", "to_metadata_value"]

# The first type that fits decides: bool is an int too.
FORMS: tuple[tuple[type, type[Any]], ...] = (
    (str, TextMetadataValue),
    (bool, BoolMetadataValue),
    (int, IntMetadataValue),
    (float, FloatMetadataValue),
    (dict, JsonMetadataValue),
    (list, JsonMetadataValue),
    (os.PathLike, PathMetadataValue),
    (AssetKey, DagsterAssetMetadataValue),
    (TableSchema, TableSchemaMetadataValue),
    (TableColumnLineage, TableColumnLineageMetadataValue),
)


def to_metadata_value(value: Any, label: str | None = None) -> MetadataValue:
    """The typed value for a plain one, by its Python type, as Dagster infers it.

    Args:
        value: A plain value, or a typed one, which stays.
        label: Name of the entry, for the error.

    Raises:
        DefinitionError: The type has no metadata form, or the value is not JSON.
    """
    try:
        return _typed(_number_of(value))
    except DefinitionError as error:
        raise DefinitionError(f"Metadata '{label}': {error}" if label is not None else str(error)) from None


def normalize_metadata(metadata: Mapping[str, Any] | None) -> dict[str, MetadataValue]:
    """Metadata with every value typed.

    Raises:
        DefinitionError: It is no mapping, or an entry has no metadata form; names the entry.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise DefinitionError(f"Metadata must be a mapping from name to value, not {described(metadata)}.")
    for label in metadata:
        if not isinstance(label, str):
            raise DefinitionError(f"Metadata has the name {described(label)}; use text, for example '{label}'.")
    return {label: to_metadata_value(value, label) for label, value in metadata.items()}


def _typed(value: Any) -> MetadataValue:
    if isinstance(value, MetadataValue):
        return value
    if value is None:
        return NullMetadataValue()
    for plain, form in FORMS:
        if isinstance(value, plain):
            typed: MetadataValue = form(value)
            return typed
    raise DefinitionError(
        f"{described(value)} has no metadata form. Give text, a number, None, a dict or list of JSON values, a path, "
        "an AssetKey, a TableSchema or a TableColumnLineage, or wrap it, as in MetadataValue.text(str(value))."
    )


def _number_of(value: Any) -> Any:
    """The Python number behind one of numpy and its like; any other value as it is."""
    item = getattr(value, "item", None)
    if isinstance(value, type | MetadataValue) or not callable(item):
        return value
    try:
        number = item()
    except Exception:  # every library refuses arrays and columns in its own way
        return value
    return number if isinstance(number, bool | int | float) else value
