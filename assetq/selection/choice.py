"""What a run takes of a selection: assets to materialize, to check and to observe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from assetq.definitions import AssetCheckKey, AssetGraph, AssetKey, AssetNode
from assetq.definitions.asset_key import names_of
from assetq.errors import SelectionError, UnknownAssetError, suggest
from assetq.selection.attribute import Groups, KeyPattern, Kind, Owner, Tag
from assetq.selection.selection import AssetSelection
from assetq.selection.term import Scope, Term

VALUES: dict[type[Term], Callable[[AssetNode], Iterable[str]]] = {
    Groups: lambda node: [f"group:{node.group_name}"],
    Kind: lambda node: [f"kind:{kind}" for kind in node.kinds],
    Owner: lambda node: [f"owner:{owner}" for owner in node.owners],
    Tag: lambda node: [f"tag:{key}={value}" for key, value in node.tags.items()],
}


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
    described = to_selection(selection)
    _require_keys(graph, described)
    chosen = described.resolve(graph)
    keys = tuple(key for key in graph.executable_keys if key in chosen)
    if not keys and not described.resolve_checks(graph) and not chosen & graph.observable_keys:
        raise _nothing_to_make(graph, described, chosen)
    return keys


def select_checks(graph: AssetGraph, selection: Any) -> frozenset[AssetCheckKey]:
    """The checks that a selection means; see `select`."""
    return frozenset(to_selection(selection).resolve_checks(graph))


def select_observed(graph: AssetGraph, selection: Any) -> frozenset[AssetKey]:
    """The external assets of a selection that are observed here; only those that it names."""
    return frozenset(to_selection(selection).resolve(graph) & graph.observable_keys)


def to_selection(selection: Any) -> AssetSelection:
    """An `AssetSelection` from whatever `select` takes; None is every asset."""
    return AssetSelection.all() if selection is None else AssetSelection.from_coercible(selection)


def check_selection(graph: AssetGraph, selection: Any) -> None:
    """Raise for a selection that cannot be read or names what does not exist; one that is empty may be filled later.

    Raises:
        SelectionError: The text cannot be read.
        UnknownAssetError: A named asset is not defined.
    """
    to_selection(selection).resolve(graph)


def _nothing_to_make(graph: AssetGraph, selection: AssetSelection, chosen: set[AssetKey]) -> SelectionError:
    external = f": nothing here makes {names_of(sorted(chosen))}" if chosen else ""
    bare = next((term for term in selection.term.walk() if isinstance(term, Tag) and not term.value), None)
    hint = f" {bare.text()} means an empty value; for any value write {bare.text()}=*." if bare else ""
    hint = hint or next(filter(None, (_nearest(graph, term) for term in selection.term.walk())), "")
    return SelectionError(
        f"The selection {selection} holds no asset that can be materialized{external}.{hint}", text=str(selection)
    )


def _nearest(graph: AssetGraph, term: Term) -> str:
    """Of a term that finds nothing, the nearest that finds something."""
    values = VALUES.get(type(term))
    if values is None or term.keys(Scope(graph)):
        return ""
    known = {value for node in graph.all_nodes.values() for value in values(node)}
    return suggest(term.text().replace('"', ""), sorted(known))


def _require_keys(graph: AssetGraph, selection: AssetSelection) -> None:
    """A run refuses `key:` with a name that does not exist, where `resolve` only finds nothing."""
    known = {str(key) for key in graph.all_nodes}
    for term in selection.term.walk():
        if isinstance(term, KeyPattern) and "*" not in term.pattern and term.pattern not in known:
            raise UnknownAssetError(
                f"There is no asset '{term.pattern}'.{suggest(term.pattern, known)}", asset=term.pattern
            )
