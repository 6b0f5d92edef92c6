"""Metadata values of one plain value: text, numbers, moments, JSON and paths."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from assetq.definitions.metadata_check import expect, set_fields
from assetq.definitions.metadata_json import json_data
from assetq.definitions.metadata_value import MetadataValue


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
class NullMetadataValue(MetadataValue):
    """Nothing."""

    kind: ClassVar[str] = "null"

    @property
    def value(self) -> None:
        """None."""
        return None
