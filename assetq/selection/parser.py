"""Reads selection text into terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetCheckKey, AssetKey
from assetq.errors import InvalidKeyError, SelectionError
from assetq.selection.attribute import Groups, KeyPattern, KeyPrefixes, Keys, KeySubstring, Kind, Owner, Tag
from assetq.selection.check_term import Checks, ChecksOf
from assetq.selection.term import Difference, Everything, Term, intersection, union
from assetq.selection.traversal import FUNCTIONS, Downstream, Upstream

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

# What can follow -> how to say so; the first that can follow is said.
EXPECTED = {
    "VALUE": "a value was expected, in double quotes if it holds unusual characters",
    "CLOSE": "a ')' was expected",
    "NAME": "an asset was expected, such as orders, or an attribute, such as group:sales",
}


@cache
def grammar() -> Lark:
    """The parser; lark is imported here, when the first selection is read."""
    from lark import Lark

    from assetq.selection.lexer import SelectionLexer

    source = (files("assetq.selection") / "grammar.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer=SelectionLexer)


@lru_cache(maxsize=256)
def parse(text: str, include_sources: bool = False) -> Term:
    """The term that a text means.

    Args:
        text: In the selection language.
        include_sources: Whether `*` and attributes find external assets too.

    Raises:
        SelectionError: The text is no selection; shows the character at fault.
    """
    if text.strip() == "*":  # what most runs select needs no parser, which takes longer to build than they do
        return Everything(include_sources)

    from lark.exceptions import UnexpectedToken

    if not text.strip():
        raise SelectionError("The selection is empty; '*' selects every asset.", text=text)
    try:
        return Builder(text, include_sources).build(grammar().parse(text))
    except UnexpectedToken as error:
        raise _unexpected(text, error.token, set(error.accepts or error.expected)) from None


def _unexpected(text: str, token: Token, expected: set[str]) -> SelectionError:
    from assetq.selection.lexer import failure

    if token.type == "$END":
        return failure(text, len(text), f"it ends here, and {_lacking(expected)}")
    problem = f"'{token.strip()}' does not fit here; {_lacking(expected)}"
    if token.type == "EQUALS":
        problem = "'=' stands only between the key of a tag and its value"
    elif token.type == "CLOSE" and "NAME" not in expected:
        problem = "this ')' closes nothing"
    return failure(text, int(token.start_pos or 0), problem)


def _lacking(expected: set[str]) -> str:
    """What was expected, in words."""
    return next((words for kind, words in EXPECTED.items() if kind in expected), "nothing more was expected")


class Builder:
    """Makes terms of a tree.

    Args:
        text: What was parsed, for errors.
        include_sources: Whether `*` and attributes find external assets too.
    """

    def __init__(self, text: str, include_sources: bool) -> None:
        self.text = text
        self.include_sources = include_sources

    def build(self, tree: Tree[Any]) -> Term:
        """The term that a node of the tree means."""
        rules: dict[str, Callable[[list[Any]], Term]] = {
            "start": lambda parts: self.build(parts[0]),
            "union": self._union,
            "disjunction": self._union,
            "conjunction": self._conjunction,
            "complement": lambda parts: Difference(Everything(self.include_sources), self.build(parts[1])),
            "upstream": lambda parts: self._upstream(parts[0], parts[1]),
            "downstream": lambda parts: self._downstream(parts[0], parts[1]),
            "both": lambda parts: union([self._upstream(parts[0], parts[1]), self._downstream(parts[1], parts[2])]),
            "parenthesis": lambda parts: self.build(parts[1]),
            "attribute": self._attribute,
            "function": self._function,
            "name": lambda parts: Keys((self._key(parts[0]),)),
            "everything": lambda parts: Everything(self.include_sources),
        }
        return rules[tree.data](tree.children)

    def _union(self, parts: list[Any]) -> Term:
        return union(self.build(part) for part in parts if not isinstance(part, str))

    def _conjunction(self, parts: list[Any]) -> Term:
        result = self.build(parts[0])
        for sign, part in zip(parts[1::2], parts[2::2], strict=True):
            right = self.build(part)
            result = Difference(result, right) if sign.type == "MINUS" else _both(result, right)
        return result

    def _upstream(self, sign: Token, atom: Tree[Any]) -> Term:
        return Upstream(self.build(atom), _depth(sign, atom))

    def _downstream(self, atom: Tree[Any], sign: Token) -> Term:
        return Downstream(self.build(atom), _depth(sign, atom))

    def _function(self, parts: list[Any]) -> Term:
        name, inner = str(parts[0]), parts[2] if len(parts) == 4 else None
        if name == "checks":
            return ChecksOf(self.build(inner) if inner else None)
        if inner is None:
            raise self._failure(parts[1], f"'{name}' wants a selection in its parentheses, such as {name}(*)")
        if name == "including_sources":
            return Builder(self.text, True).build(inner)
        return FUNCTIONS[name](self.build(inner))

    def _attribute(self, parts: list[Any]) -> Term:
        name, value = str(parts[0]).rstrip(":").rstrip(), _value(parts[1])
        if len(parts) > 2 and name != "tag":
            raise self._failure(parts[2], f"'{name}:' takes one value; put it in double quotes if '=' is part of it")
        if value is None:
            return self._null(name, parts[1])
        if name == "tag":
            return Tag(value, (_value(parts[3]) or "") if len(parts) > 3 else "", self.include_sources)
        return self._one_value(name, value, parts[1])

    def _one_value(self, name: str, value: str, token: Token) -> Term:
        if name == "key":
            return KeyPattern(value)
        if name == "owner":
            return Owner(value)
        if name == "check":
            return Checks((self._check(value, token),))
        if name == "group":
            return Groups((value,), self.include_sources)
        if name == "kind":
            return Kind(value, self.include_sources)
        if name == "key_prefix":
            return KeyPrefixes((tuple(value.split("/")),), self.include_sources)
        return KeySubstring(value, self.include_sources)

    def _null(self, name: str, token: Token) -> Term:
        if name == "group":
            return Groups((), self.include_sources)
        if name == "kind":
            return Kind(None, self.include_sources)
        if name == "owner":
            return Owner(None)
        raise self._failure(token, "<null> is for group:, kind: and owner: only")

    def _key(self, token: Token) -> AssetKey:
        from assetq.selection.lexer import unquoted

        try:
            return AssetKey.from_user_string(unquoted(token))
        except InvalidKeyError as error:
            raise self._failure(token, f"no asset can be called {token}") from error

    def _check(self, value: str, token: Token) -> AssetCheckKey:
        if ":" not in value:
            raise self._failure(token, 'a check is named by its asset and its own name, as in check:"orders:is_fresh"')
        return AssetCheckKey.from_user_string(value)

    def _failure(self, token: Token, problem: str) -> SelectionError:
        from assetq.selection.lexer import failure

        return failure(self.text, int(token.start_pos or 0), problem)


def _both(left: Term, right: Term) -> Term:
    """What two terms share; `a and not b` as the difference that it prints, where that is the same."""
    if isinstance(right, Difference) and right.left == Everything() and left.is_made_here:
        return Difference(left, right.right)
    return intersection([left, right])


def _value(token: Token) -> str | None:
    from assetq.selection.lexer import unquoted

    return None if token == "<null>" else unquoted(token)


def _depth(sign: Token, atom: Tree[Any]) -> int | None:
    """How far a sign goes; None for all the way. Beside a bare name each + is one step, as Dagster has it."""
    plus = "".join(sign.split())
    if plus.strip("+").isdigit():
        return int(plus.strip("+"))
    if plus == "*" or (plus == "+" and atom.data != "name"):
        return None
    return len(plus)
