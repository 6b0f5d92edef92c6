"""Metadata values: what people attach to definitions and materializations."""

from __future__ import annotations

import builtins
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class MetadataValue:
    """One typed value. Build it with the class methods; mirrors Dagster's `MetadataValue`.

    Attributes:
        kind: "int", "float", "text", "md", "json", "path", "url", "bool", "timestamp", "table", "null" or "asset".
        value: The plain value, JSON-serialisable.
    """

    kind: str
    value: Any

    @classmethod
    def int(cls, value: builtins.int) -> MetadataValue:
        """A whole number."""
        return cls("int", value)

    @classmethod
    def float(cls, value: builtins.float) -> MetadataValue:
        """A number."""
        return cls("float", value)

    @classmethod
    def text(cls, text: str) -> MetadataValue:
        """Plain text."""
        return cls("text", text)

    @classmethod
    def md(cls, data: str) -> MetadataValue:
        """Markdown."""
        return cls("md", data)

    @classmethod
    def json(cls, data: Any) -> MetadataValue:
        """Any JSON value.

        Raises:
            DefinitionError: The value cannot be written as JSON.
        """
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"Metadata value {data!r} is not JSON: {error}.") from None
        return cls("json", data)

    @classmethod
    def path(cls, path: str | os.PathLike[str]) -> MetadataValue:
        """A file system path."""
        return cls("path", os.fspath(path))

    @classmethod
    def url(cls, url: str) -> MetadataValue:
        """A web address."""
        return cls("url", url)

    @classmethod
    def bool(cls, value: builtins.bool) -> MetadataValue:
        """Yes or no."""
        return cls("bool", value)

    @classmethod
    def timestamp(cls, value: builtins.float | datetime) -> MetadataValue:
        """A moment, as seconds since the epoch or an aware datetime."""
        return cls("timestamp", value.timestamp() if isinstance(value, datetime) else value)

    @classmethod
    def asset(cls, key: Any) -> MetadataValue:
        """Another asset."""
        return cls("asset", str(key))

    @classmethod
    def null(cls) -> MetadataValue:
        """Nothing."""
        return cls("null", None)

    @classmethod
    def table(cls, records: Sequence[Mapping[str, Any]]) -> MetadataValue:
        """A small table: a list of flat records."""
        return cls("table", [dict(record) for record in records])

    def to_json(self) -> dict[str, Any]:
        """`{"type", "value"}`; numbers that JSON cannot hold become text."""
        value = self.value
        if self.kind == "float" and not math.isfinite(value):
            value = str(value)
        return {"type": self.kind, "value": value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> MetadataValue:
        """The value that `to_json` wrote."""
        return cls(str(data["type"]), data["value"])


def to_metadata_value(value: Any) -> MetadataValue:
    """The typed value for a plain one, by its Python type, as Dagster infers it.

    Raises:
        DefinitionError: The type has no metadata form.
    """
    if isinstance(value, MetadataValue):
        return value
    if value is None:
        return MetadataValue.null()
    if isinstance(value, bool):
        return MetadataValue.bool(value)
    if isinstance(value, int):
        return MetadataValue.int(value)
    if isinstance(value, float):
        return MetadataValue.float(value)
    if isinstance(value, str):
        return MetadataValue.text(value)
    if isinstance(value, os.PathLike):
        return MetadataValue.path(value)
    if isinstance(value, dict | list | tuple):
        return MetadataValue.json(list(value) if isinstance(value, tuple) else value)
    if hasattr(value, "item") and callable(value.item):  # numbers of numpy and its like
        return to_metadata_value(value.item())
    raise DefinitionError(
        f"Metadata value {value!r} has type {type(value).__name__}, which has no metadata form. Use a number, text, "
        "a JSON value, or a MetadataValue."
    )


def normalize_metadata(metadata: Mapping[str, Any] | None) -> dict[str, MetadataValue]:
    """Metadata with every value typed."""
    return {str(name): to_metadata_value(value) for name, value in (metadata or {}).items()}
