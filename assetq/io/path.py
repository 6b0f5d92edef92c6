"""File names for partition keys and asset keys: readable, reversible, and unable to leave their folder."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

KEPT = frozenset("_-.:=,@+ |")
LONGEST = 180
PLAIN = re.compile(rf"[\w\-|:=,@+](?:[\w\-.:=,@+ |]{{0,{LONGEST - 2}}}[\w\-|:=,@+])?", re.ASCII)
EMPTY = "%"


def escape_part(text: str) -> str:
    """A single file name for any text.

    Letters, digits and `_-.:=,@+ |` stay; everything else, a leading or trailing dot or blank, and the
    empty text are percent-encoded. A name above 180 bytes keeps its beginning and gets a hash, marked `~`.
    """
    if PLAIN.fullmatch(text):
        return text
    escaped = "".join(c if (c.isalnum() or c in KEPT) else _encode(c) for c in text)
    if not escaped:
        return EMPTY
    if escaped[0] in ". ":
        escaped = _encode(escaped[0]) + escaped[1:]
    if escaped[-1] in ". ":
        escaped = escaped[:-1] + _encode(escaped[-1])
    return escaped if len(escaped.encode()) <= LONGEST else _shortened(escaped, text)


def escape_partition_key(key: str) -> str:
    """The file name of a partition key, without extension."""
    return escape_part(key)


def unescape_partition_key(name: str) -> str:
    """The key of a file name; not for shortened ones (they hold `~`)."""
    return "" if name == EMPTY else unquote(name)


def _encode(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _shortened(escaped: str, text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    head = escaped.encode()[: LONGEST - 20].decode("utf-8", "ignore").rpartition("%")[0] or escaped[:40]
    return f"{head}~{digest}"
