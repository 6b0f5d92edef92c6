"""Makes the source of a script cheap to run: Redis runs all of it, with every function it defines, at each call."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assetq.broker.keys import key_functions, key_names, with_keys

FUNCTION = re.compile(r"^local function (\w+)", re.MULTILINE)
WORD = re.compile(r'"(?:\\.|[^"\\])*"|--[^\n]*|[.:]?\b[A-Za-z_]\w*')
RARE = re.compile(r"^-- rare: (.+)$", re.MULTILINE)

PROLOGUE = "local root, keys, lib = KEYS[1], {}, {}"
LAZILY = """setmetatable(lib, {{ __index = function(_, name)
setmetatable(lib, nil)
{}
return lib[name]
end }})"""


def assemble(libraries: Iterable[str], body: str) -> str:
    """The source of a script with the functions of the libraries that it uses, and of the keys.

    What a library calls rare (`-- rare: all`, or names of functions) is made when the first of it is called.
    """
    texts = list(libraries)
    rare = {name for text in texts for name in rare_functions(text)}
    kept = _used([block for text in texts for block in _blocks(text)], body)
    seldom = [block for block in kept if _defined(block) in rare]
    often = [block for block in kept if _defined(block) not in rare]
    source = "\n".join([*often, body])
    functions = key_functions(key_names(source))
    if seldom:
        later = "\n".join(seldom)
        wrapped = [*key_functions(key_names(later) - key_names(source)), later]
        source = "\n".join([*often, LAZILY.format("\n".join(wrapped)), body])
    return "\n".join([PROLOGUE, *functions, in_table(with_keys(source))])


def rare_functions(library: str) -> set[str]:
    """Functions of a library that plain steps do not need."""
    names = {name for line in RARE.findall(library) for name in re.split(r",\s*", line)}
    return set(FUNCTION.findall(library)) if names == {"all"} else names


def in_table(source: str) -> str:
    """Lua source whose functions of the outermost level are fields of one table, `lib`.

    As local names they would refer to each other as upvalues. Lua looks for each of those in a list of all, each time
    a function is made, so that the cost of a script's beginning grows with the square of its functions.
    """
    names = set(FUNCTION.findall(source))

    def renamed(match: re.Match[str]) -> str:
        return f"lib.{match[0]}" if match[0] in names else match[0]

    return re.sub(r"^local function lib\.", "function lib.", WORD.sub(renamed, source), flags=re.MULTILINE)


def _used(blocks: list[str], body: str) -> list[str]:
    """The blocks without the functions that nothing behind them names."""
    kept: list[str] = []
    named = set(WORD.findall(body))
    for block in reversed(blocks):
        name = _defined(block)
        if name is None or name in named:
            kept.insert(0, block)
            named.update(WORD.findall(block))
    return kept


def _defined(block: str) -> str | None:
    match = FUNCTION.match(block)
    return match[1] if match else None


def _blocks(source: str) -> list[str]:
    """Functions of the outermost level, and what lies between them."""
    blocks: list[list[str]] = [[]]
    is_inside = False
    for line in source.splitlines():
        if line.startswith("local function "):
            blocks.append([line])
            is_inside = not line.endswith(" end")
        elif is_inside:
            blocks[-1].append(line)
            is_inside = line != "end"
        else:
            blocks.append([line])
    return ["\n".join(block) for block in blocks]
