"""Plain forms of metadata that msgpack and JSON can both hold, whatever numbers are in it."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

from assetq.definitions.metadata_check import described
from assetq.errors import DefinitionError

Place = tuple[str | int, ...]
# What msgpack has room for; beyond it packing fails.
SMALLEST_INT = -(2**63)
LARGEST_INT = 2**64 - 1


def json_data(data: Any) -> Any:
    """The value as JSON reads it back: keys are text, tuples are lists.

    Raises:
        DefinitionError: The value cannot be written as JSON.
    """
    try:
        return json.loads(json.dumps(data))
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError(
            f"{described(data)} is not JSON: {error}. Use only dicts, lists, text, numbers, booleans and None."
        ) from None


def without_odd_numbers(value: Any, found: list[Place], place: Place = ()) -> Any:
    """The value with text in the place of numbers that the wire cannot hold.

    Args:
        value: Made of dicts, lists and scalars.
        found: Receives where such numbers stood.
        place: Where `value` itself stands.
    """
    if isinstance(value, dict):
        return {key: without_odd_numbers(member, found, (*place, key)) for key, member in value.items()}
    if isinstance(value, list):
        return [without_odd_numbers(member, found, (*place, index)) for index, member in enumerate(value)]
    if not _is_odd(value):
        return value
    found.append(place)
    return str(value)


def with_odd_numbers(value: Any, places: list[Place]) -> Any:
    """The value with the numbers back at these places; the argument stays as it is."""
    restored = copy.deepcopy(value) if places else value
    for *way, last in places:
        holder = restored
        for step in way:
            holder = holder[step]
        holder[last] = _number(holder[last])
    return restored


def _is_odd(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, int) and not SMALLEST_INT <= value <= LARGEST_INT


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
