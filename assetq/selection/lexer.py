"""Cuts selection text into the words of `grammar.lark`.

What a sign means depends on what stands before it: in `a+ b` and `key:a + 1` it follows an asset, in `a +b` it leads
one. So the words are cut here, one after another, with an eye on the last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lark.common import LexerConf
from lark.lexer import Lexer, Token

from assetq.errors import SelectionError, suggest

ATTRIBUTES = ("key", "key_substring", "key_prefix", "group", "tag", "kind", "owner", "check")
FUNCTIONS = (
    *("roots", "sinks", "materializable", "upstream_source_assets", "required_multi_asset_neighbors"),
    *("checks", "including_sources"),
)
UNKNOWABLE = {
    "status": "what is materialized is not known when assets are selected; use --missing or --failed",
    "code_location": "there is one set of definitions; name it with -m or -f",
    "column": "columns are recorded when an asset is materialized, not in its definition",
    "column_tag": "columns are recorded when an asset is materialized, not in its definition",
    "table_name": "table names are recorded when an asset is materialized, not in its definition",
    "changed_in_branch": "there are no branch deployments; compare with your version control",
}
KEYWORDS = {"and": "AND", "or": "OR", "not": "NOT"}
ENDS = frozenset({"NAME", "VALUE", "ALL", "CLOSE", "DOWN", "EQUALS"})  # after these, an asset or a set is complete

SPACE = re.compile(r"\s*")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"', re.DOTALL)
BARE_VALUE = re.compile(r"<null>|[\w./:@*-]+")
WORD = re.compile(r"\w(?:[\w./@-]*\w)?")
ATTRIBUTE = re.compile(r"(\w+)\s*:")
CALL = re.compile(r"(\w+)(\s*)(?=\()")
OPERAND = r'(?=[\w"(*])'
UP = re.compile(rf"(?:\d+\s*)?\+\s*{OPERAND}|\++{OPERAND}|\*(?=[\w\"(])")
DOWN = re.compile(r"(?:\+\d+|\++|\*)(?![\w\"(*+])")
SPACED_DOWN = re.compile(r"\s+\+(?:\s*\d+)?(?![\w\"(*+])(?=\s*(?:$|[,)]|and\b|or\b|minus\b))|\+\s+\d+(?![\w+])", re.I)
MINUS = re.compile(r"minus\b(?=\s*\S)", re.IGNORECASE)
OPERATOR = re.compile(r"(?:and|or|not|minus)\b", re.IGNORECASE)
PUNCTUATION = {"(": "OPEN", ")": "CLOSE", ",": "COMMA", "=": "EQUALS"}


def unquoted(text: str) -> str:
    """A value as written, without its quotes."""
    found = STRING.fullmatch(text)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else text


def failure(text: str, position: int, problem: str) -> SelectionError:
    """An error that points at a character of the text."""
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0]
    return SelectionError(
        f"Cannot read the selection at character {position + 1}: {problem}.\n  {line}\n  {' ' * (position - start)}^",
        text=text,
        position=position,
    )


@dataclass(slots=True)
class Cutter:
    """Cuts one text."""

    text: str
    position: int = 0
    last: str = ""

    def tokens(self) -> Iterator[Token]:
        """The words, in order."""
        while True:
            token = self._spaced_sign() or self._next()
            if token is None:
                return
            self.last = token.type
            yield token

    def _token(self, kind: str, length: int) -> Token:
        start, self.position = self.position, self.position + length
        return Token(kind, self.text[start : self.position], start_pos=start, line=1, column=start + 1)

    def _match(self, kind: str, pattern: re.Pattern[str]) -> Token | None:
        found = pattern.match(self.text, self.position)
        return self._token(kind, len(found[0])) if found else None

    def _spaced_sign(self) -> Token | None:
        """A sign that belongs to what stands before it, though a space is between."""
        return self._match("DOWN", SPACED_DOWN) if self.last in ENDS - {"DOWN"} else None

    def _next(self) -> Token | None:
        skipped = SPACE.match(self.text, self.position)
        touching = skipped is None or not skipped[0]
        self.position += 0 if skipped is None else len(skipped[0])
        if self.position == len(self.text):
            return None
        token = self._value() or self._after_an_asset(touching) or self._word() or self._punctuation()
        if token is None:
            raise failure(self.text, self.position, self._problem())
        return token

    def _after_an_asset(self, touching: bool) -> Token | None:
        if self.last not in ENDS:
            return None
        if self.text.startswith("=", self.position):
            return None
        return (self._match("DOWN", DOWN) if touching else None) or self._match("MINUS", MINUS)

    def _value(self) -> Token | None:
        if self.last not in ("ATTRIBUTE", "EQUALS"):
            return None
        is_apart = self.text[self.position - 1].isspace()
        if is_apart and OPERATOR.match(self.text, self.position):
            return None
        return self._match("VALUE", STRING) or self._match("VALUE", BARE_VALUE)

    def _word(self) -> Token | None:
        if self.last not in ENDS or self._stands_apart():
            sign = self._match("UP", UP)
            if sign is not None:
                return sign
        return (
            self._attribute()
            or self._keyword()
            or self._function()
            or self._match("NAME", STRING)
            or self._match("NAME", WORD)
            or self._everything()
        )

    def _stands_apart(self) -> bool:
        """Whether a new asset of a list may begin here."""
        return self.text[self.position - 1] in " \t\r\n," or self.last == "OPEN"

    def _everything(self) -> Token | None:
        return self._token("ALL", 1) if self.text[self.position] == "*" else None

    def _attribute(self) -> Token | None:
        found = ATTRIBUTE.match(self.text, self.position)
        if found is None:
            return None
        name = found[1]
        if name in UNKNOWABLE:
            raise failure(self.text, self.position, f"'{name}:' cannot be answered here: {UNKNOWABLE[name]}")
        if name not in ATTRIBUTES:
            known = ", ".join(ATTRIBUTES)
            raise failure(
                self.text,
                self.position,
                f"there is no attribute '{name}:'.{suggest(name, ATTRIBUTES)} Attributes are {known}",
            )
        return self._token("ATTRIBUTE", len(found[0]))

    def _keyword(self) -> Token | None:
        found = WORD.match(self.text, self.position)
        kind = KEYWORDS.get(found[0].lower()) if found else None
        return self._token(kind, len(found[0])) if found and kind else None

    def _function(self) -> Token | None:
        found = CALL.match(self.text, self.position)
        if found is None or (found[1] not in FUNCTIONS and found[2]):
            return None
        if found[1] not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise failure(
                self.text,
                self.position,
                f"there is no function '{found[1]}'.{suggest(found[1], FUNCTIONS)} Functions are {known}",
            )
        return self._token("FUNCTION", len(found[1]))

    def _punctuation(self) -> Token | None:
        kind = PUNCTUATION.get(self.text[self.position])
        return self._token(kind, 1) if kind else None

    def _problem(self) -> str:
        character = self.text[self.position]
        if character == '"':
            return "this quote is never closed"
        if character == "'":
            return "single quotes mean nothing here, write double quotes"
        if self.last in ("ATTRIBUTE", "EQUALS"):
            return f"a value with '{character}' needs double quotes"
        if character == "+":
            return "the sign + stands between two assets; separate them with a comma, or put 'and' or 'or' between"
        return f"'{character}' means nothing here; put names with unusual characters in double quotes"


class SelectionLexer(Lexer):  # type: ignore[misc]
    """The door for lark."""

    def __init__(self, lexer_conf: LexerConf) -> None:
        pass

    def lex(self, data: str) -> Iterator[Token]:
        """The words of a text."""
        return Cutter(str(data)).tokens()
