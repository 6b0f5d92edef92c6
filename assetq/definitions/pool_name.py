"""Names of pools."""

from __future__ import annotations

NAME_LIMIT = 128


def is_pool_name(name: object) -> bool:
    """True for text that can name a pool and its queue."""
    return isinstance(name, str) and 0 < len(name) <= NAME_LIMIT and all(c.isalnum() or c in "_-./" for c in name)
