"""Loads Lua scripts: reads the header, joins the shared functions, packs arguments in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgpack

from assetq.broker.lua_source import assemble

ARGUMENT = re.compile(r"^--\s+(\d+)\s+(\w+)\s+\((string|bytes|integer|ms|msgpack)\):\s*(.+)$")
INCLUDE = re.compile(r"^-- include: (.+)$", re.MULTILINE)
SECTION = re.compile(r"^-- ([A-Z]+):\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Argument:
    """One ARGV entry as the header declares it."""

    name: str
    type: str
    meaning: str

    def encode(self, value: Any) -> bytes | str | int:
        """The value in the form in which Redis takes it."""
        if self.type == "msgpack":
            # Lua's cmsgpack knows the old format only, in which text and bytes are one type.
            packed: bytes = msgpack.packb(value, use_bin_type=False)
            return packed
        if self.type == "bytes":
            return bytes(value)
        if self.type == "string":
            return str(value)
        return int(value)


@dataclass(frozen=True, slots=True)
class Script:
    """One transition: its documented interface and its source with everything it includes."""

    name: str
    purpose: str
    arguments: tuple[Argument, ...]
    replies: tuple[str, ...]
    events: tuple[str, ...]
    body: str
    source: str

    def pack(self, values: dict[str, Any]) -> list[bytes | str | int]:
        """ARGV in the order of the header.

        Raises:
            TypeError: An argument is missing or not in the header.
        """
        names = [argument.name for argument in self.arguments]
        if set(values) != set(names):
            raise TypeError(f"{self.name}.lua takes {names}, got {sorted(values)}")
        return [argument.encode(values[argument.name]) for argument in self.arguments]


def packb(value: Any) -> bytes:
    """msgpack bytes of a value made of plain types."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def unpackb(data: bytes) -> Any:
    """The value of msgpack bytes; text that Lua packed from binary stays readable."""
    return msgpack.unpackb(data, raw=False, strict_map_key=False)


def script_names() -> list[str]:
    """Names of all transitions, sorted."""
    folder = files("assetq.broker") / "lua"
    return sorted(entry.name[:-4] for entry in folder.iterdir() if entry.name.endswith(".lua"))


@cache
def load_script(name: str) -> Script:
    """Read `lua/<name>.lua` and everything it includes."""
    body = _read(f"{name}.lua")
    sections = _sections(body)
    return Script(
        name=name,
        purpose=sections["purpose"],
        arguments=tuple(_arguments(body)),
        replies=tuple(re.findall(r"\b[A-Z][A-Z_]+\b", sections.get("REPLY", ""))),
        events=tuple(re.findall(r"[A-Z_]{2,}", sections.get("EVENTS", ""))),
        body=body,
        source=assemble(_libraries(body, set()), body),
    )


def _read(path: str) -> str:
    return (files("assetq.broker") / "lua" / path).read_text(encoding="utf-8")


def _libraries(body: str, seen: set[str]) -> Iterator[str]:
    for line in INCLUDE.findall(body):
        for name in re.split(r",\s*", line.strip()):
            if name not in seen:
                seen.add(name)
                text = _read(f"lib/{name}.lua")
                yield from _libraries(text, seen)
                yield text


def _header(body: str) -> list[str]:
    lines = []
    for line in body.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line)
    return lines


def _sections(body: str) -> dict[str, str]:
    lines = _header(body)
    sections = {"purpose": lines[0].removeprefix("-- ").partition(": ")[2]}
    for line in lines[1:]:
        if match := SECTION.match(line):
            sections[match[1]] = match[2]
    return sections


def _arguments(body: str) -> Iterator[Argument]:
    lines = _header(body)
    start = next((i for i, line in enumerate(lines) if line.startswith("-- ARGV:")), len(lines))
    position = 0
    for line in lines[start + 1 :]:
        if SECTION.match(line):
            return
        if match := ARGUMENT.match(line):
            position += 1
            if int(match[1]) != position:
                raise ValueError(f"argument {match[2]} is numbered {match[1]}, expected {position}")
            yield Argument(name=match[2], type=match[3], meaning=match[4])
