"""Where the code behind a definition stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assetq.definitions.metadata_check import expect


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFileCodeReference:
    """Code in a local file. Mirrors Dagster's `LocalFileCodeReference`.

    Args:
        file_path: The file.
        line_number: The line in it.
        label: How to show it.
    """

    file_path: str
    line_number: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        expect(self.file_path, str, "LocalFileCodeReference: file_path")
        expect(self.line_number, int, "LocalFileCodeReference: line_number", optional=True)
        expect(self.label, str, "LocalFileCodeReference: label", optional=True)

    @property
    def source(self) -> str:
        """The file, with the line behind a colon when it is known."""
        return self.file_path if self.line_number is None else f"{self.file_path}:{self.line_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlCodeReference:
    """Code at a web address. Mirrors Dagster's `UrlCodeReference`.

    Args:
        url: The address.
        label: How to show it.
    """

    url: str
    label: str | None = None

    def __post_init__(self) -> None:
        expect(self.url, str, "UrlCodeReference: url")
        expect(self.label, str, "UrlCodeReference: label", optional=True)

    @property
    def source(self) -> str:
        """The address."""
        return self.url


CodeReference = LocalFileCodeReference | UrlCodeReference
CODE_REFERENCES = (LocalFileCodeReference, UrlCodeReference)


def code_reference(data: Mapping[str, Any]) -> CodeReference:
    """The reference whose fields these are."""
    return UrlCodeReference(**data) if "url" in data else LocalFileCodeReference(**data)
