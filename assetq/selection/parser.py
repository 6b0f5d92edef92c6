"""Reads selection text into an `AssetSelection`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from assetq.errors import SelectionError
from assetq.selection.selection import AssetSelection, Attribute, Both, Everything, Function, Named

if TYPE_CHECKING:
    from lark import Lark, Token, Tree


@cache
def grammar() -> Lark:
    """The parser; lark is imported here, when the first selection is read."""
    from lark import Lark

    source = (files("assetq.selection") / "grammar.lark").read_text(encoding="utf-8")
    return Lark(source, parser="lalr", lexer="contextual")


def parse(text: str) -> AssetSelection:
    """The selection that a text means.

    Raises:
        SelectionError: The text is no selection; shows the character at fault.
    """
    from lark.exceptions import UnexpectedInput

    if not text.strip():
        raise SelectionError("The selection is empty; '*' selects every asset.", text=text)
    try:
        return _build(grammar().parse(text))
    except UnexpectedInput as error:
        at_end = getattr(getattr(error, "token", None), "type", "") == "$END"
        position = len(text) if at_end or error.column < 1 else error.column - 1
        raise SelectionError(
            f"Cannot read the selection at character {position + 1}:\n  {text}\n  {' ' * position}^\n"
            "Examples: orders, +orders, orders+, group:sales and not tag:slow, key:raw_*.",
            text=text,
            position=position,
        ) from None


def _value(token: Token) -> str:
    text = str(token)
    return str(json.loads(text)) if text.startswith('"') else text


def _build(tree: Tree[Any] | Token) -> AssetSelection:
    from lark import Tree

    assert isinstance(tree, Tree)
    children, rule = tree.children, tree.data
    if rule == "everything":
        return Everything()
    if rule == "name":
        return Named(_value(children[0]))
    if rule == "attribute":
        return Attribute(str(children[0]), _value(children[1]))
    if rule == "function":
        return Function(str(children[0]), _build(children[1]))
    if rule == "complement":
        return Everything() - _build(children[0])
    if rule == "upstream":
        return Both(_build(children[1]), _depth(children[0]), 0)
    if rule == "downstream":
        return Both(_build(children[0]), 0, _depth(children[1]))
    if rule == "both":
        return Both(_build(children[1]), _depth(children[0]), _depth(children[2]))
    parts = [_build(child) for child in children]
    result = parts[0]
    for part in parts[1:]:
        result = result & part if rule == "conjunction" else result | part
    return result


def _depth(token: Any) -> int | None:
    """How far a traversal goes; None for all the way."""
    digits = str(token).strip("+*")
    if digits:
        return int(digits)
    return None if str(token) in ("*", "+") else len(str(token))
