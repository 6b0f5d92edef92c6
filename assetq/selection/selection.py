"""Asset selections: sets of assets described by what they are, resolved against a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from assetq.definitions import AssetCheckKey, AssetChecksDefinition, AssetGraph, AssetKey, Definitions
from assetq.errors import InvalidKeyError, SelectionError
from assetq.selection import attribute, check_term, traversal
from assetq.selection.term import Difference, Everything, Scope, Term, intersection, union


@dataclass(frozen=True, slots=True, repr=False)
class AssetSelection:
    """A set of assets and checks, described. Mirrors Dagster's `AssetSelection`.

    Combine with `|`, `&` and `-`; equal selections have equal descriptions. Made by its static methods.
    """

    term: Term

    @staticmethod
    def all(include_sources: bool = False) -> AssetSelection:
        """Every asset that can be materialized, and external ones too if `include_sources`."""
        return AssetSelection(Everything(include_sources))

    @staticmethod
    def assets(*assets_defs: Any) -> AssetSelection:
        """These assets: anything that names one, or definitions of several."""
        return AssetSelection(attribute.Keys(_keys(assets_defs)))

    @staticmethod
    def keys(*asset_keys: Any) -> AssetSelection:
        """These keys."""
        return AssetSelection.assets(*asset_keys)

    @staticmethod
    def key_prefixes(*key_prefixes: str | Sequence[str], include_sources: bool = False) -> AssetSelection:
        """Every asset whose key begins with one of these; a string is one part."""
        prefixes = tuple((prefix,) if isinstance(prefix, str) else tuple(prefix) for prefix in key_prefixes)
        return AssetSelection(attribute.KeyPrefixes(prefixes, include_sources))

    @staticmethod
    def key_substring(key_substring: str, include_sources: bool = False) -> AssetSelection:
        """Every asset with this text in its key, as people write the key."""
        return AssetSelection(attribute.KeySubstring(key_substring, include_sources))

    @staticmethod
    def groups(*group_strs: str, include_sources: bool = False) -> AssetSelection:
        """Every asset of these groups."""
        return AssetSelection(attribute.Groups(group_strs, include_sources))

    @staticmethod
    def tag(key: str, value: str, include_sources: bool = False) -> AssetSelection:
        """Every asset with this tag and this value."""
        return AssetSelection(attribute.Tag(key, value, include_sources))

    @staticmethod
    def tag_string(string: str, include_sources: bool = False) -> AssetSelection:
        """Every asset with a tag, written `key=value`; `key` alone is an empty value.

        Raises:
            SelectionError: There is more than one "=".
        """
        key, _, value = string.partition("=")
        if "=" in value:
            raise SelectionError(f"Bad tag '{string}': write key=value, with one '='.", text=string)
        return AssetSelection.tag(key, value, include_sources)

    @staticmethod
    def kind(kind: str | None, include_sources: bool = False) -> AssetSelection:
        """Every asset of this kind; None for those of no kind."""
        return AssetSelection(attribute.Kind(kind, include_sources))

    @staticmethod
    def owner(owner: str | None) -> AssetSelection:
        """Every asset of this owner, external ones too."""
        return AssetSelection(attribute.Owner(owner))

    @staticmethod
    def checks(*assets_defs_or_check_keys: Any) -> AssetSelection:
        """These checks, without their assets: keys, or definitions made by `@asset_check`."""
        found = dict.fromkeys(key for check in assets_defs_or_check_keys for key in _check_keys(check))
        return AssetSelection(check_term.Checks(tuple(found)))

    @staticmethod
    def checks_for_assets(*assets_defs: Any) -> AssetSelection:
        """The checks of these assets, without the assets."""
        return AssetSelection(check_term.ChecksOf(attribute.Keys(_keys(assets_defs))))

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        """Every check, without any asset."""
        return AssetSelection(check_term.ChecksOf())

    @staticmethod
    def from_string(string: str, include_sources: bool = False) -> AssetSelection:
        """What a text of the selection language means; see `docs/reference/selection.md`.

        Raises:
            SelectionError: The text is no selection; shows the character at fault.
        """
        from assetq.selection.parser import parse

        return AssetSelection(parse(string, include_sources))

    @staticmethod
    def from_coercible(selection: Any) -> AssetSelection:
        """A selection from text, anything that names assets or checks, or a list of these, which is their union.

        Raises:
            SelectionError: It is none of these, or a text that cannot be read.
        """
        if isinstance(selection, AssetSelection):
            return selection
        if isinstance(selection, str):
            return AssetSelection.from_string(selection)
        if isinstance(selection, AssetCheckKey | AssetChecksDefinition):
            return AssetSelection.checks(selection)
        if isinstance(selection, list | tuple | set | frozenset):
            return _from_several(selection)
        try:
            return AssetSelection.assets(selection)
        except InvalidKeyError:
            raise SelectionError(
                f"{selection!r} selects no assets. Give text, an AssetSelection, keys, assets, or a list of these.",
                text=str(selection),
            ) from None

    def __or__(self, other: AssetSelection) -> AssetSelection:
        return AssetSelection(union([self.term, other.term])) if isinstance(other, AssetSelection) else NotImplemented

    def __and__(self, other: AssetSelection) -> AssetSelection:
        if not isinstance(other, AssetSelection):
            return NotImplemented
        return AssetSelection(intersection([self.term, other.term]))

    def __sub__(self, other: AssetSelection) -> AssetSelection:
        return (
            AssetSelection(Difference(self.term, other.term)) if isinstance(other, AssetSelection) else NotImplemented
        )

    def upstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """What can be materialized of these and of everything upstream, at most `depth` steps away."""
        return AssetSelection(traversal.Upstream(self.term, _steps(depth), include_self))

    def downstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """These and everything downstream, at most `depth` steps away."""
        return AssetSelection(traversal.Downstream(self.term, _steps(depth), include_self))

    def upstream_source_assets(self) -> AssetSelection:
        """The external assets among these and everything upstream of them."""
        return AssetSelection(traversal.ParentSources(self.term))

    def roots(self) -> AssetSelection:
        """Those that have no other of them upstream, however far."""
        return AssetSelection(traversal.Roots(self.term))

    def sources(self) -> AssetSelection:
        """The same as `roots`."""
        return self.roots()

    def sinks(self) -> AssetSelection:
        """Those that have no other of them downstream, however far."""
        return AssetSelection(traversal.Sinks(self.term))

    def materializable(self) -> AssetSelection:
        """Those that can be materialized."""
        return AssetSelection(traversal.Materializable(self.term))

    def required_multi_asset_neighbors(self) -> AssetSelection:
        """With the assets that the same op makes, where it cannot make some without the others."""
        return AssetSelection(traversal.RequiredNeighbors(self.term))

    def without_checks(self) -> AssetSelection:
        """The assets alone."""
        return self - AssetSelection.all_asset_checks()

    def resolve(self, all_assets: Any, allow_missing: bool = False) -> set[AssetKey]:
        """The keys that it means; external assets may be among them.

        Args:
            all_assets: An asset graph, `Definitions`, or assets.
            allow_missing: Whether keys that do not exist are passed over.

        Raises:
            UnknownAssetError: A key does not exist; proposes the nearest.
        """
        return self.term.keys(Scope(graph_of(all_assets), allow_missing))

    def resolve_checks(self, asset_graph: Any, allow_missing: bool = False) -> set[AssetCheckKey]:
        """The checks that it means: those of its assets, unless it says otherwise. Arguments as for `resolve`."""
        return self.term.checks(Scope(graph_of(asset_graph), allow_missing))

    def to_selection_str(self) -> str:
        """Itself as text that `from_string` reads."""
        return self.term.text()

    def __str__(self) -> str:
        return self.to_selection_str()

    def __repr__(self) -> str:
        return f"AssetSelection.from_string({self.to_selection_str()!r})"


def graph_of(assets: Any) -> AssetGraph:
    """The graph of what `AssetSelection.resolve` takes."""
    if isinstance(assets, AssetGraph):
        return assets
    if isinstance(assets, Definitions):
        return assets.graph
    if not isinstance(assets, Iterable):
        raise SelectionError(f"{assets!r} is no asset graph; give Definitions, a graph, or a list of assets.")
    return Definitions(list(assets)).graph


def _steps(depth: int | None) -> int | None:
    """A depth below zero goes nowhere, as in Dagster."""
    return None if depth is None else max(depth, 0)


def _keys(assets: Iterable[Any]) -> tuple[AssetKey, ...]:
    return tuple(dict.fromkeys(key for asset in assets for key in _keys_of(asset)))


def _keys_of(asset: Any) -> Iterable[AssetKey]:
    keys = getattr(asset, "keys", None)
    if isinstance(keys, set | frozenset) and keys:
        return [spec.key for spec in asset.specs]
    return [AssetKey.from_coercible(asset)]


def _check_keys(check: Any) -> Iterable[AssetCheckKey]:
    return (check,) if isinstance(check, AssetCheckKey) else sorted(check.check_keys)


def _from_several(parts: Iterable[Any]) -> AssetSelection:
    terms = [AssetSelection.from_coercible(part).term for part in parts]
    keys = [key for term in terms if isinstance(term, attribute.Keys) for key in term.wanted]
    if len(terms) == sum(isinstance(term, attribute.Keys) for term in terms):
        return AssetSelection(attribute.Keys(tuple(dict.fromkeys(keys))))
    return AssetSelection(union(terms))
