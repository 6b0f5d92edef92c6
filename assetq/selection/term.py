"""What a selection is made of: terms that find assets and checks in a graph, and print as selection text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from assetq.definitions import AssetCheckKey, AssetGraph, AssetKey

NOTHING = "group:<null>"  # text that selects no asset, as Dagster writes it


@dataclass(frozen=True, slots=True)
class Scope:
    """Where terms look.

    Attributes:
        graph: The assets.
        allow_missing: Whether keys that do not exist are passed over.
    """

    graph: AssetGraph
    allow_missing: bool = False


class Term(ABC):
    """A part of a selection."""

    __slots__ = ()

    @property
    def is_atom(self) -> bool:
        """Whether its text needs no parentheses anywhere."""
        return True

    @property
    def is_signed(self) -> bool:
        """Whether its text needs parentheses only beside the signs + and *."""
        return False

    @property
    def is_made_here(self) -> bool:
        """Whether every asset that it can find is one that can be materialized."""
        return False

    @abstractmethod
    def keys(self, scope: Scope) -> set[AssetKey]:
        """The assets that it means; external ones may be among them."""

    @abstractmethod
    def text(self) -> str:
        """Itself in the selection language."""

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        """The checks that it means: those of its assets, unless it says otherwise."""
        keys = self.keys(scope)
        return {check for check in scope.graph.check_keys if check.asset_key in keys}

    def inner_terms(self) -> tuple[Term, ...]:
        """The terms that it is made of."""
        return ()

    def walk(self) -> Iterator[Term]:
        """Itself and every term inside."""
        yield self
        for term in self.inner_terms():
            yield from term.walk()

    def operand_text(self) -> str:
        """Its text beside `and`, `or`, `minus` and `not`."""
        return self.text() if self.is_atom or self.is_signed else f"({self.text()})"

    def signed_text(self) -> str:
        """Its text beside the signs + and *."""
        return self.text() if self.is_atom else f"({self.text()})"


def quoted(value: str) -> str:
    """A value as the language quotes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def alternatives(prefix: str, values: Iterable[str]) -> str:
    """`prefix:"a" or prefix:"b"`; text that selects nothing when there are no values."""
    return " or ".join(f"{prefix}:{quoted(value)}" for value in values) or NOTHING


@dataclass(frozen=True, slots=True)
class Union(Term):
    """What any of some terms means."""

    operands: tuple[Term, ...]

    @property
    def is_atom(self) -> bool:
        return False

    @property
    def is_made_here(self) -> bool:
        return all(term.is_made_here for term in self.operands)

    def keys(self, scope: Scope) -> set[AssetKey]:
        return set().union(*(term.keys(scope) for term in self.operands))

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        return set().union(*(term.checks(scope) for term in self.operands))

    def text(self) -> str:
        return " or ".join(term.operand_text() for term in self.operands)

    def inner_terms(self) -> tuple[Term, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Intersection(Term):
    """What all of some terms mean."""

    operands: tuple[Term, ...]

    @property
    def is_atom(self) -> bool:
        return False

    @property
    def is_made_here(self) -> bool:
        return any(term.is_made_here for term in self.operands)

    def keys(self, scope: Scope) -> set[AssetKey]:
        return set.intersection(*(term.keys(scope) for term in self.operands))

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        return set.intersection(*(term.checks(scope) for term in self.operands))

    def text(self) -> str:
        return " and ".join(term.operand_text() for term in self.operands)

    def inner_terms(self) -> tuple[Term, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Everything(Term):
    """Every asset that can be materialized, and external ones too if `include_sources`."""

    include_sources: bool = False

    @property
    def is_made_here(self) -> bool:
        return not self.include_sources

    def keys(self, scope: Scope) -> set[AssetKey]:
        return set(scope.graph.all_nodes if self.include_sources else scope.graph.executable_keys)

    def text(self) -> str:
        return with_sources("*") if self.include_sources else "*"

    def signed_text(self) -> str:
        return f"({self.text()})"


@dataclass(frozen=True, slots=True)
class Difference(Term):
    """What one term means and another does not."""

    left: Term
    right: Term

    @property
    def is_atom(self) -> bool:
        return False

    @property
    def is_made_here(self) -> bool:
        return self.left.is_made_here

    def keys(self, scope: Scope) -> set[AssetKey]:
        return self.left.keys(scope) - self.right.keys(scope)

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        return self.left.checks(scope) - self.right.checks(scope)

    def text(self) -> str:
        # `not x` leaves external assets out, so `and not` says the same as `minus` only where there are none.
        if self.left == Everything():
            return f"not {self.right.operand_text()}"
        joint = "and not" if self.left.is_made_here else "minus"
        return f"{self.left.operand_text()} {joint} {self.right.operand_text()}"

    def inner_terms(self) -> tuple[Term, ...]:
        return (self.left, self.right)


def with_sources(text: str) -> str:
    """Text that reads external assets too."""
    return f"including_sources({text})"


def union(terms: Iterable[Term]) -> Term:
    """Terms joined by `or`; unions among them are taken apart."""
    return _joined(Union, terms, lambda term: term.operands if isinstance(term, Union) else (term,))


def intersection(terms: Iterable[Term]) -> Term:
    """Terms joined by `and`; intersections among them are taken apart."""
    return _joined(Intersection, terms, lambda term: term.operands if isinstance(term, Intersection) else (term,))


def _joined(kind: type[Union | Intersection], terms: Iterable[Term], parts: Callable[[Term], tuple[Term, ...]]) -> Term:
    operands = tuple(part for term in terms for part in parts(term))
    return operands[0] if len(operands) == 1 else kind(operands)
