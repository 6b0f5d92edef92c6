"""Terms that find checks and no assets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assetq.definitions import AssetCheckKey, AssetKey
from assetq.errors import UnknownAssetError, suggest
from assetq.selection.term import Scope, Term, alternatives


class CheckTerm(Term):
    """A term without assets."""

    __slots__ = ()

    def keys(self, scope: Scope) -> set[AssetKey]:
        return set()


@dataclass(frozen=True, slots=True)
class Checks(CheckTerm):
    """Some checks, each of which must exist."""

    wanted: tuple[AssetCheckKey, ...]

    @property
    def is_atom(self) -> bool:
        return len(self.wanted) < 2

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        known = set(scope.graph.check_keys)
        for key in sorted(set(self.wanted) - known):
            if not scope.allow_missing:
                raise UnknownAssetError(f"There is no check '{key}'.{suggest(str(key), known)}")
        return known.intersection(self.wanted)

    def text(self) -> str:
        return alternatives("check", map(str, self.wanted))


@dataclass(frozen=True, slots=True)
class ChecksOf(CheckTerm):
    """The checks of some assets; of None, every check."""

    inner: Term | None = None

    def checks(self, scope: Scope) -> set[AssetCheckKey]:
        if self.inner is None:
            return set(scope.graph.check_keys)
        keys = self.inner.keys(replace(scope, allow_missing=True))
        return {check for check in scope.graph.check_keys if check.asset_key in keys}

    def text(self) -> str:
        return f"checks({self.inner.text() if self.inner else ''})"

    def inner_terms(self) -> tuple[Term, ...]:
        return (self.inner,) if self.inner else ()
