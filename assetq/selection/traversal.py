"""Terms that go from assets to others of the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assetq.definitions import AssetKey
from assetq.selection.check_term import CheckTerm
from assetq.selection.term import Scope, Term


@dataclass(frozen=True, slots=True)
class Upstream(Term):
    """Assets with what is upstream of them; of all these, the ones that can be materialized.

    Attributes:
        inner: Where to start.
        depth: How far to go; None for all the way.
        include_self: Whether the start is among them.
    """

    inner: Term
    depth: int | None = None
    include_self: bool = True

    @property
    def is_atom(self) -> bool:
        return False

    @property
    def is_made_here(self) -> bool:
        return True

    @property
    def is_signed(self) -> bool:
        return self.include_self

    def keys(self, scope: Scope) -> set[AssetKey]:
        start = self.inner.keys(scope)
        found = scope.graph.ancestors(start, self.depth) & scope.graph.executable_key_set
        return found | (start & scope.graph.executable_key_set) if self.include_self else found

    def text(self) -> str:
        reached = f"{'' if self.depth is None else self.depth}+{self.inner.signed_text()}"
        return reached if self.include_self else f"{reached} and not {_without_bare_checks(self.inner, '0+{}')}"

    def inner_terms(self) -> tuple[Term, ...]:
        return (self.inner,)


@dataclass(frozen=True, slots=True)
class Downstream(Term):
    """Assets with what is downstream of them; attributes as for `Upstream`."""

    inner: Term
    depth: int | None = None
    include_self: bool = True

    @property
    def is_atom(self) -> bool:
        return False

    @property
    def is_signed(self) -> bool:
        return self.include_self

    def keys(self, scope: Scope) -> set[AssetKey]:
        start = self.inner.keys(scope)
        found = scope.graph.descendants(start, self.depth)
        return found | start if self.include_self else found

    def text(self) -> str:
        reached = f"{self.inner.signed_text()}+{'' if self.depth is None else self.depth}"
        return reached if self.include_self else f"{reached} minus {_without_bare_checks(self.inner, '{}+0')}"

    def inner_terms(self) -> tuple[Term, ...]:
        return (self.inner,)


def _without_bare_checks(start: Term, stay: str) -> str:
    """The start as text that takes the checks of its assets away and no others; `stay` goes no step from it."""
    if any(isinstance(term, CheckTerm) for term in start.walk()):
        return stay.format(start.signed_text())
    return start.operand_text()


@dataclass(frozen=True, slots=True)
class Function(Term):
    """A term that prints as the call of a function on another."""

    inner: Term
    name: ClassVar[str]

    def text(self) -> str:
        return f"{self.name}({self.inner.text()})"

    def inner_terms(self) -> tuple[Term, ...]:
        return (self.inner,)


class Roots(Function):
    """Those that have no other of them upstream, however far."""

    __slots__ = ()
    name = "roots"

    @property
    def is_made_here(self) -> bool:
        return self.inner.is_made_here

    def keys(self, scope: Scope) -> set[AssetKey]:
        return scope.graph.roots(self.inner.keys(scope))


class Sinks(Function):
    """Those that have no other of them downstream, however far."""

    __slots__ = ()
    name = "sinks"

    @property
    def is_made_here(self) -> bool:
        return self.inner.is_made_here

    def keys(self, scope: Scope) -> set[AssetKey]:
        return scope.graph.sinks(self.inner.keys(scope))


class Materializable(Function):
    """Those that can be materialized."""

    __slots__ = ()
    name = "materializable"

    @property
    def is_made_here(self) -> bool:
        return True

    def keys(self, scope: Scope) -> set[AssetKey]:
        return self.inner.keys(scope) & scope.graph.executable_key_set


class ParentSources(Function):
    """The external assets among them and everything upstream of them."""

    __slots__ = ()
    name = "upstream_source_assets"

    def keys(self, scope: Scope) -> set[AssetKey]:
        start = self.inner.keys(scope)
        return (start | scope.graph.ancestors(start)) - scope.graph.executable_key_set


class RequiredNeighbors(Function):
    """With the assets that the same op makes, where it cannot make some without the others."""

    __slots__ = ()
    name = "required_multi_asset_neighbors"

    def keys(self, scope: Scope) -> set[AssetKey]:
        keys = self.inner.keys(scope)
        made = (scope.graph.definition_of.get(key) for key in keys)
        return keys.union(
            *(definition.keys for definition in made if definition and not getattr(definition, "can_subset", False))
        )


FUNCTIONS: dict[str, type[Function]] = {
    function.name: function for function in (Roots, Sinks, Materializable, ParentSources, RequiredNeighbors)
}
