"""`DynamicOutput`: one of any number of values of an output."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from assetq.definitions.output import DEFAULT_OUTPUT, Output
from assetq.errors import DefinitionError

T = TypeVar("T")
KEY = re.compile(r"^[A-Za-z0-9_]+$")


class DynamicOutput(Output[T]):
    """One of the values of a `DynamicOut`. Mirrors Dagster's `DynamicOutput`.

    Args:
        value: The value.
        mapping_key: Its name among the values: letters, digits and underscores.
        output_name: Which output of the op.
        metadata: Recorded with it.
    """

    __slots__ = ("mapping_key",)

    def __init__(
        self,
        value: T,
        mapping_key: str,
        output_name: str | None = DEFAULT_OUTPUT,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(mapping_key, str) or not KEY.match(mapping_key):
            raise DefinitionError(f"Bad mapping key {mapping_key!r}: use letters, digits and underscores.")
        super().__init__(value, output_name, metadata)
        self.mapping_key = mapping_key
