"""Terms that find assets by what they are."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from functools import cache

from assetq.definitions import AssetKey, AssetNode
from assetq.errors import UnknownAssetError, suggest
from assetq.selection.term import NOTHING, Scope, Term, alternatives, quoted, with_sources


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def fits(value: str, pattern: str) -> bool:
    """Whether a value is what a pattern says; `*` stands for any characters."""
    return value == pattern or ("*" in pattern and _pattern(pattern).fullmatch(value) is not None)


@dataclass(frozen=True, slots=True)
class Keys(Term):
    """Some keys, each of which must exist."""

    wanted: tuple[AssetKey, ...]

    @property
    def is_atom(self) -> bool:
        return len(self.wanted) < 2

    def keys(self, scope: Scope) -> set[AssetKey]:
        known = scope.graph.all_nodes
        for key in self.wanted:
            if key not in known and not scope.allow_missing:
                raise UnknownAssetError(f"There is no asset '{key}'.{suggest(str(key), known)}", asset=str(key))
        return {key for key in self.wanted if key in known}

    def text(self) -> str:
        return " or ".join(map(self._text_of, self.wanted)) or NOTHING

    @staticmethod
    def _text_of(key: AssetKey) -> str:
        """`key:` reads `*` as a wildcard, a quoted name does not."""
        return quoted(str(key)) if "*" in str(key) else f"key:{quoted(str(key))}"


@dataclass(frozen=True, slots=True)
class KeyPattern(Term):
    """Every key that fits a pattern; external assets too."""

    pattern: str

    def keys(self, scope: Scope) -> set[AssetKey]:
        if "*" in self.pattern:
            return {key for key in scope.graph.all_nodes if fits(str(key), self.pattern)}
        return {key for key in scope.graph.all_nodes if str(key) == self.pattern}

    def text(self) -> str:
        return f"key:{quoted(self.pattern)}"


class Attribute(Term):
    """Every asset that has something; external ones only if `include_sources`."""

    __slots__ = ()
    include_sources: bool

    @property
    def is_made_here(self) -> bool:
        return not self.include_sources

    @abstractmethod
    def matches(self, node: AssetNode) -> bool:
        """Whether an asset has it."""

    @abstractmethod
    def plain_text(self) -> str:
        """Its text, external assets aside."""

    def keys(self, scope: Scope) -> set[AssetKey]:
        nodes = scope.graph.all_nodes.items()
        return {key for key, node in nodes if (self.include_sources or node.is_executable) and self.matches(node)}

    def text(self) -> str:
        return with_sources(self.plain_text()) if self.include_sources else self.plain_text()


@dataclass(frozen=True, slots=True)
class KeySubstring(Attribute):
    """Every asset with some text in its key."""

    substring: str
    include_sources: bool = False

    def matches(self, node: AssetNode) -> bool:
        return self.substring in str(node.key)

    def plain_text(self) -> str:
        return f"key_substring:{quoted(self.substring)}"


@dataclass(frozen=True, slots=True)
class KeyPrefixes(Attribute):
    """Every asset whose key begins with one of some lists of parts."""

    prefixes: tuple[tuple[str, ...], ...]
    include_sources: bool = False

    @property
    def is_atom(self) -> bool:
        return self.include_sources or len(self.prefixes) < 2

    def matches(self, node: AssetNode) -> bool:
        return any(node.key.has_prefix(prefix) for prefix in self.prefixes)

    def plain_text(self) -> str:
        return alternatives("key_prefix", map("/".join, self.prefixes))


@dataclass(frozen=True, slots=True)
class Groups(Attribute):
    """Every asset of some groups."""

    groups: tuple[str, ...]
    include_sources: bool = False

    @property
    def is_atom(self) -> bool:
        return self.include_sources or len(self.groups) < 2

    def matches(self, node: AssetNode) -> bool:
        return any(fits(node.group_name, group) for group in self.groups)

    def plain_text(self) -> str:
        return alternatives("group", self.groups)


@dataclass(frozen=True, slots=True)
class Tag(Attribute):
    """Every asset with a tag; without a value, with one whose value is empty."""

    key: str
    value: str
    include_sources: bool = False

    def matches(self, node: AssetNode) -> bool:
        return any(fits(key, self.key) and fits(value, self.value) for key, value in node.tags.items())

    def plain_text(self) -> str:
        return f"tag:{quoted(self.key)}" + (f"={quoted(self.value)}" if self.value else "")


@dataclass(frozen=True, slots=True)
class Kind(Attribute):
    """Every asset of a kind; None for those of no kind."""

    kind: str | None
    include_sources: bool = False

    def matches(self, node: AssetNode) -> bool:
        if self.kind is None:
            return not node.kinds
        return any(fits(kind, self.kind) for kind in node.kinds)

    def plain_text(self) -> str:
        return "kind:<null>" if self.kind is None else f"kind:{quoted(self.kind)}"


@dataclass(frozen=True, slots=True)
class Owner(Term):
    """Every asset of an owner, external ones too; None finds nothing, as in Dagster."""

    owner: str | None

    def keys(self, scope: Scope) -> set[AssetKey]:
        wanted = self.owner
        if wanted is None:
            return set()
        nodes = scope.graph.all_nodes.items()
        return {key for key, node in nodes if any(fits(owner, wanted) for owner in node.owners)}

    def text(self) -> str:
        return "owner:<null>" if self.owner is None else f"owner:{quoted(self.owner)}"
