"""Whether a process keeps what an argument was given, for the next steps that read the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions.metadata_value import BoolMetadataValue
from assetq.errors import UsageError

CACHE_METADATA = "assetq/cache"


def is_cached(metadata: Mapping[str, Any]) -> bool:
    """True where the metadata of an input ask for it.

    Raises:
        UsageError: What they say is neither True nor False.
    """
    asked = metadata.get(CACHE_METADATA, False)
    if isinstance(asked, BoolMetadataValue):
        asked = asked.value
    if not isinstance(asked, bool):
        raise UsageError(f"metadata '{CACHE_METADATA}' is {asked!r}; give True, or False, which is the default.")
    return asked
