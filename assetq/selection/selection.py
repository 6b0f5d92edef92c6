"""Asset selections: sets of assets described by what they are, resolved against a graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from assetq.definitions import AssetCheckKey, AssetGraph, AssetKey, AssetNode
from assetq.errors import UnknownAssetError, suggest

T = TypeVar("T")


class AssetSelection(ABC):
    """A set of assets, described. Combine with `|`, `&`, `-`; mirrors Dagster's `AssetSelection`."""

    @abstractmethod
    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        """The keys that it means in a graph; external assets may be among them."""

    def resolve_checks(self, graph: AssetGraph) -> set[AssetCheckKey]:
        """The checks that it means: those of its assets, unless it says otherwise."""
        keys = self.resolve(graph)
        return {check for check in graph.check_keys if check.asset_key in keys}

    def __or__(self, other: AssetSelection) -> AssetSelection:
        return Combined("|", self, other)

    def __and__(self, other: AssetSelection) -> AssetSelection:
        return Combined("&", self, other)

    def __sub__(self, other: AssetSelection) -> AssetSelection:
        return Combined("-", self, other)

    def upstream(self, depth: int | None = None) -> AssetSelection:
        """With everything upstream, at most `depth` steps away."""
        return Both(self, depth, 0)

    def downstream(self, depth: int | None = None) -> AssetSelection:
        """With everything downstream, at most `depth` steps away."""
        return Both(self, 0, depth)

    def roots(self) -> AssetSelection:
        """Those that read no other of them."""
        return Function("roots", self)

    def sinks(self) -> AssetSelection:
        """Those that no other of them reads."""
        return Function("sinks", self)

    @staticmethod
    def all() -> AssetSelection:
        """Every asset."""
        return Everything()

    @staticmethod
    def assets(*assets: Any) -> AssetSelection:
        """These assets."""
        return Keys(tuple(AssetKey.from_coercible(asset) for asset in assets))

    @staticmethod
    def keys(*keys: Any) -> AssetSelection:
        """These keys."""
        return AssetSelection.assets(*keys)

    @staticmethod
    def checks(*checks: Any) -> AssetSelection:
        """These checks, without their assets: keys, or definitions made by `@asset_check`."""
        return Checks(frozenset(key for check in checks for key in _check_keys(check)))

    @staticmethod
    def checks_for_assets(*assets: Any) -> AssetSelection:
        """The checks of these assets, without the assets."""
        return ChecksOf(AssetSelection.assets(*assets))

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        """Every check, without any asset."""
        return ChecksOf(None)

    def without_checks(self) -> AssetSelection:
        """The assets alone."""
        return WithoutChecks(self)

    @staticmethod
    def groups(*groups: str) -> AssetSelection:
        """Every asset of these groups."""
        return _union(Attribute("group", group) for group in groups)

    @staticmethod
    def tag(key: str, value: str) -> AssetSelection:
        """Every asset with this tag."""
        return Attribute("tag", f"{key}={value}" if value else key)

    @staticmethod
    def kind(kind: str) -> AssetSelection:
        """Every asset of this kind."""
        return Attribute("kind", kind)

    @staticmethod
    def owner(owner: str) -> AssetSelection:
        """Every asset of this owner."""
        return Attribute("owner", owner)


def _union(parts: Iterable[AssetSelection]) -> AssetSelection:
    result: AssetSelection = Keys(())
    for part in parts:
        result = result | part
    return result


@dataclass(frozen=True, slots=True)
class Everything(AssetSelection):
    """Every asset that can be materialized."""

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return set(graph.executable_keys)


@dataclass(frozen=True, slots=True)
class Keys(AssetSelection):
    """Some keys, each of which must exist."""

    wanted: tuple[AssetKey, ...]

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return {graph.get(key).key for key in self.wanted}


@dataclass(frozen=True, slots=True)
class Named(AssetSelection):
    """One asset by its key as people write it."""

    text: str

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return {graph.get(self.text).key}


@dataclass(frozen=True, slots=True)
class Attribute(AssetSelection):
    """Every asset with something in common; `*` stands for any characters."""

    name: str
    value: str

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        found = {key for key, node in graph.nodes.items() if self._matches(node)}
        if not found and self.name == "key" and "*" not in self.value:
            raise UnknownAssetError(f"There is no asset '{self.value}'.{suggest(self.value, graph.nodes)}")
        return found

    def _matches(self, node: AssetNode) -> bool:
        if self.name == "key_substring":
            return self.value in str(node.key)
        if self.name == "tag":
            key, _, value = self.value.partition("=")
            return any(fnmatchcase(k, key) and (not value or fnmatchcase(v, value)) for k, v in node.tags.items())
        candidates = {
            "key": [str(node.key)],
            "group": [node.group_name],
            "kind": list(node.kinds),
            "owner": list(node.owners),
        }[self.name]
        return any(fnmatchcase(candidate, self.value) for candidate in candidates)


@dataclass(frozen=True, slots=True)
class Both(AssetSelection):
    """A selection with its surroundings; a depth of None means all the way."""

    inner: AssetSelection
    up: int | None
    down: int | None

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        keys = self.inner.resolve(graph)
        above = graph.ancestors(keys, self.up) & graph.nodes.keys()
        return keys | above | graph.descendants(keys, self.down)


@dataclass(frozen=True, slots=True)
class Function(AssetSelection):
    """The roots or the sinks of a selection."""

    name: str
    inner: AssetSelection

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        keys = self.inner.resolve(graph)
        near = graph.parents if self.name == "roots" else graph.children
        return {key for key in keys if not keys & set(near(key))}


@dataclass(frozen=True, slots=True)
class Combined(AssetSelection):
    """Two selections, joined by a set operation."""

    operator: str
    left: AssetSelection
    right: AssetSelection

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return self._join(self.left.resolve(graph), self.right.resolve(graph))

    def resolve_checks(self, graph: AssetGraph) -> set[AssetCheckKey]:
        return self._join(self.left.resolve_checks(graph), self.right.resolve_checks(graph))

    def _join(self, left: set[T], right: set[T]) -> set[T]:
        if self.operator == "|":
            return left | right
        return left & right if self.operator == "&" else left - right


def _check_keys(check: Any) -> frozenset[AssetCheckKey]:
    return frozenset({check}) if isinstance(check, AssetCheckKey) else frozenset(check.check_keys)


@dataclass(frozen=True, slots=True)
class Checks(AssetSelection):
    """Some checks, each of which must exist."""

    wanted: frozenset[AssetCheckKey]

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return set()

    def resolve_checks(self, graph: AssetGraph) -> set[AssetCheckKey]:
        known = set(graph.check_keys)
        for key in sorted(self.wanted - known):
            raise UnknownAssetError(f"There is no check '{key}'.{suggest(str(key), known)}")
        return set(self.wanted)


@dataclass(frozen=True, slots=True)
class ChecksOf(AssetSelection):
    """The checks of a selection, or all."""

    inner: AssetSelection | None

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return set()

    def resolve_checks(self, graph: AssetGraph) -> set[AssetCheckKey]:
        keys = self.inner.resolve(graph) if self.inner else set(graph.nodes)
        return {check for check in graph.check_keys if check.asset_key in keys}


@dataclass(frozen=True, slots=True)
class WithoutChecks(AssetSelection):
    """The assets of a selection alone."""

    inner: AssetSelection

    def resolve(self, graph: AssetGraph) -> set[AssetKey]:
        return self.inner.resolve(graph)

    def resolve_checks(self, graph: AssetGraph) -> set[AssetCheckKey]:
        return set()


def select(graph: AssetGraph, selection: Any) -> tuple[AssetKey, ...]:
    """The assets to materialize, in topological order.

    Args:
        graph: The asset graph.
        selection: Text, an `AssetSelection`, anything that names an asset, or a list of these (their union).

    Returns:
        Keys of executable assets; none when only checks are selected.

    Raises:
        SelectionError: The text cannot be read, or nothing that can be materialized is selected.
        UnknownAssetError: A named asset is not defined.
    """
    from assetq.errors import SelectionError

    described = to_selection(selection)
    chosen = described.resolve(graph)
    keys = tuple(key for key in graph.executable_keys if key in chosen)
    if not keys and not described.resolve_checks(graph) and not chosen & graph.observable_keys:
        raise SelectionError(
            f"The selection {selection!r} holds no asset that can be materialized.", text=str(selection)
        )
    return keys


def select_checks(graph: AssetGraph, selection: Any) -> frozenset[AssetCheckKey]:
    """The checks that a selection means; see `select`."""
    return frozenset(to_selection(selection).resolve_checks(graph))


def select_observed(graph: AssetGraph, selection: Any) -> frozenset[AssetKey]:
    """The external assets of a selection that are observed here; only those that it names."""
    return frozenset(to_selection(selection).resolve(graph) & graph.observable_keys)


def to_selection(selection: Any) -> AssetSelection:
    """An `AssetSelection` from whatever `select` takes."""
    from assetq.selection.parser import parse

    if isinstance(selection, AssetSelection):
        return selection
    if isinstance(selection, str):
        return parse(selection)
    if isinstance(selection, list | tuple | set | frozenset):
        return _union(to_selection(part) for part in selection)
    return AssetSelection.assets(selection)
