"""The short form of events in streams, of which millions are kept: numbers for types, letters for names that repeat.

A number or letter means the same for ever: entries of every age are read. `lua/lib/event.lua` has the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assetq.broker.script import packb, unpackb
from assetq.execution.event import EventType

CODES: Mapping[EventType, int] = {
    EventType.RUN_ENQUEUED: 1,
    EventType.RUN_START: 2,
    EventType.RUN_SUCCESS: 3,
    EventType.RUN_FAILURE: 4,
    EventType.RUN_CANCELING: 5,
    EventType.RUN_CANCELED: 6,
    EventType.STEP_START: 7,
    EventType.STEP_SUCCESS: 8,
    EventType.STEP_FAILURE: 9,
    EventType.STEP_SKIPPED: 10,
    EventType.STEP_UP_FOR_RETRY: 11,
    EventType.STEP_RESTARTED: 12,
    EventType.STEP_WORKER_LOST: 13,
    EventType.PARTITIONS_FAILED: 14,
    EventType.ASSET_MATERIALIZATION: 15,
    EventType.ASSET_OBSERVATION: 16,
    EventType.ASSET_CHECK_EVALUATION: 17,
    EventType.STEP_EXPECTATION_RESULT: 18,
    EventType.HOOK_COMPLETED: 19,
    EventType.HOOK_ERRORED: 20,
    EventType.LOADED_INPUT: 21,
    EventType.HANDLED_OUTPUT: 22,
    EventType.LOG: 23,
    EventType.LOGS_CAPTURED: 24,
    EventType.STEP_WAITING: 25,
    EventType.STEP_INPUT: 26,
    EventType.STEP_OUTPUT: 27,
}
TYPES = {code: type for type, code in CODES.items()}
SHORT = {
    "metadata": "m", "data_version": "v", "input_data_versions": "i", "code_version": "c", "partition": "p",
    "batch": "b",
}  # fmt: skip
LONG = {short: name for name, short in SHORT.items()}
FIRST_TRIES = (EventType.STEP_START, EventType.STEP_SUCCESS, EventType.ASSET_MATERIALIZATION)
"""Of which there are millions: an entry of a step without an attempt is of its first."""
DIGEST = re.compile("[0-9a-f]{16}")


def pack_fields(type: EventType, data: Mapping[str, Any], **fields: Any) -> bytes:
    """An entry; fields without a value are left out."""
    short = {SHORT.get(name, name): shortened(name, value) for name, value in data.items()}
    given = {"t": CODES.get(type, str(type)), **fields, "d": short or None}
    if type in FIRST_TRIES and fields.get("n") is not None and fields.get("a") == 1:
        del given["a"]
    return packb({name: value for name, value in given.items() if value is not None})


def unpack_fields(cursor: str, entry: Mapping[bytes, bytes]) -> dict[str, Any]:
    """The fields of an entry, with the type as `t`, the time as `ts`, and details as `d`.

    What a script told in the moment in which it wrote it has no time of its own: its place in the stream is it.
    """
    fields: dict[str, Any] = unpackb(entry[b"e"])
    data = unpackb(entry[b"d"]) if b"d" in entry else fields.get("d") or {}
    code = fields["t"]
    fields["t"] = TYPES[code] if isinstance(code, int) else EventType(code)
    fields["ts"] = int(fields["ts"] if "ts" in fields else cursor.partition("-")[0])
    fields["d"] = {(name := LONG.get(short, short)): lengthened(name, value) for short, value in data.items()}
    if fields["t"] in FIRST_TRIES and "n" in fields:
        fields.setdefault("a", 1)
    return fields


def shortened(name: str, value: Any) -> Any:
    """A data version that is a digest as its 8 bytes, and so those of what was read; all else as it is."""
    if name == "data_version" and isinstance(value, str) and DIGEST.fullmatch(value):
        return bytes.fromhex(value)
    if name == "input_data_versions" and isinstance(value, dict):
        return {key: shortened("data_version", version) for key, version in value.items()}
    return value


def lengthened(name: str, value: Any) -> Any:
    """What `shortened` was given."""
    if name == "data_version" and isinstance(value, bytes):
        return value.hex()
    if name == "input_data_versions" and isinstance(value, dict):
        return {key: lengthened("data_version", version) for key, version in value.items()}
    return value
