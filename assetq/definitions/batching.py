"""Whether steps of an op may travel together, as the op's tags say it."""

from __future__ import annotations

from collections.abc import Mapping

from assetq.errors import UsageError

BATCH_TAG = "assetq/batch"


def may_batch(tags: Mapping[str, str]) -> bool:
    """True unless each step of an op is to be granted by itself.

    Raises:
        UsageError: The tag is neither "on" nor "off".
    """
    text = tags.get(BATCH_TAG, "on")
    if text not in ("on", "off"):
        raise UsageError(f"Op tag '{BATCH_TAG}' is {text!r}; give 'off', or 'on', which is the default.")
    return text == "on"
