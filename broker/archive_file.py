"""Parquet files of archived runs: what stands in them, and how it comes back as it was.

The columns are for people and for any tool that reads Parquet. `data` is JSON; where JSON would not give back what was
recorded (keys that are no text, numbers that are none), it stands in `packed` instead.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from assetq.broker.script import packb, unpackb
from assetq.errors import StorageError
from assetq.execution.event import Event, EventType

if TYPE_CHECKING:
    from upath import UPath

INSTALL = "pip install 'assetq[archive]'"
GROUP_EVENTS = 5000
GROUP_BYTES = 8 * 1024 * 1024
CACHED_GROUPS, CACHED_INDEXES = 8, 256

Span = tuple[int, int]


@cache
def is_available() -> bool:
    """True where pyarrow is installed. Does not import it."""
    return find_spec("pyarrow") is not None


def cursor_place(cursor: str) -> tuple[int, ...]:
    """A cursor as numbers, which are in order where texts are not."""
    return tuple(map(int, cursor.split("-")))


def event_schema() -> Any:
    """Columns of a file of events; `ms` is the first part of the cursor, by which a reader finds its place."""
    import pyarrow as pa

    text, repeated = pa.string(), pa.dictionary(pa.int32(), pa.string())
    columns = {
        "cursor": text,
        "ms": pa.int64(),
        "type": repeated,
        "timestamp": pa.timestamp("ms", tz="UTC"),
        "step_key": text,
        "asset": text,
        "partition": text,
        "attempt": pa.int32(),
        "worker": repeated,
        "message": text,
        "data": text,
        "packed": pa.binary(),
    }
    return pa.schema(list(columns.items()))


def _row(event: Event) -> dict[str, Any]:
    data, packed = _data_columns(event.data)
    return {
        "cursor": event.cursor,
        "ms": cursor_place(event.cursor)[0],
        "type": str(event.type),
        "timestamp": event.timestamp_ms,
        "step_key": event.step_key,
        "asset": event.asset,
        "partition": event.partition,
        "attempt": event.attempt,
        "worker": event.worker,
        "message": event.message,
        "data": data,
        "packed": packed,
    }


def _data_columns(data: Mapping[str, Any]) -> tuple[str | None, bytes | None]:
    if not data:
        return None, None
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError):
        return None, packb(data)
    return (text, None) if json.loads(text) == data else (None, packb(data))


def _event(run_id: str, row: Mapping[str, Any]) -> Event:
    data = unpackb(row["packed"]) if row["packed"] is not None else json.loads(row["data"] or "{}")
    return Event(
        type=EventType(row["type"]),
        timestamp_ms=row["timestamp"],
        run_id=run_id,
        data=data,
        **{name: row[name] for name in ("cursor", "step_key", "asset", "partition", "attempt", "worker", "message")},
    )


def write_events(path: str, events: Iterable[Event]) -> tuple[int, str]:
    """Write a local file, a bounded number of events in memory at once; returns how many, and the last cursor."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, count, last, rows, size = event_schema(), 0, "", list[dict[str, Any]](), 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            columns = {name: [row[name] for row in rows] for name in schema.names}
            writer.write_table(pa.table(columns, schema=schema), row_group_size=GROUP_EVENTS)

        for event in events:
            rows.append(_row(event))
            count, last, size = count + 1, event.cursor, size + len(rows[-1]["data"] or rows[-1]["packed"] or b"")
            if len(rows) >= GROUP_EVENTS or size >= GROUP_BYTES:
                flush()
                rows, size = [], 0
        if rows:
            flush()
    return count, last


@contextmanager
def _opened(path: UPath) -> Iterator[Any]:
    """A Parquet file to read.

    Raises:
        StorageError: It is gone, damaged, or pyarrow is not installed here.
    """
    if not is_available():
        raise StorageError(f"{path} is an archive in Parquet, and pyarrow is not installed here: {INSTALL}.")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            yield pq.ParquetFile(file)
    except FileNotFoundError:
        raise StorageError(
            f"The archive file {path} is gone. Put it back, or point ASSETQ_STORAGE (ASSETQ_ARCHIVE) to where it is."
        ) from None
    except pa.ArrowInvalid as error:
        raise StorageError(f"The archive file {path} cannot be read: {error}.") from error


@lru_cache(maxsize=CACHED_INDEXES)
def _index(path: UPath) -> tuple[Span, ...]:
    """First and last `ms` of each row group. Files never change once they are named."""
    with _opened(path) as file:
        at = file.schema_arrow.get_field_index("ms")
        parts = (file.metadata.row_group(number).column(at).statistics for number in range(file.num_row_groups))
        return tuple((part.min, part.max) for part in parts)


@lru_cache(maxsize=CACHED_GROUPS)
def _group(path: UPath, number: int) -> tuple[Any, tuple[tuple[int, ...], ...]]:
    """The rows of a row group, still packed, and the places of its events."""
    with _opened(path) as file:
        # In this thread: a pool of threads would outlive it, and forks do not like that.
        table = file.read_row_group(number, use_threads=False)
    return table, tuple(cursor_place(cursor) for cursor in table.column("cursor").to_pylist())


def read_events(path: UPath, run_id: str, after: tuple[int, ...]) -> Iterator[Event]:
    """Events of a file behind a place, in order. Reads the row groups that it needs, one by one."""
    for number, (_, last_ms) in enumerate(_index(path)):
        if last_ms < after[0]:
            continue
        table, places = _group(path, number)
        for at in range(bisect_right(places, after), len(places), 500):
            for row in _plain(table.slice(at, 500)):
                yield _event(run_id, row)


def find_events(path: UPath, run_id: str, wanted: Sequence[tuple[int, ...]]) -> Iterator[Event]:
    """The events at some places, those of them that the file has."""
    for number, (first_ms, last_ms) in enumerate(_index(path)):
        inside = {place for place in wanted if first_ms <= place[0] <= last_ms}
        if not inside:
            continue
        table, places = _group(path, number)
        for at, place in enumerate(places):
            if place in inside:
                yield _event(run_id, _plain(table.slice(at, 1))[0])


def _plain(table: Any) -> list[dict[str, Any]]:
    import pyarrow as pa

    at = table.schema.get_field_index("timestamp")
    rows: list[dict[str, Any]] = table.set_column(at, "timestamp", table.column(at).cast(pa.int64())).to_pylist()
    return rows


def write_run(path: str, row: Mapping[str, Any]) -> None:
    """Write the file of a run: one row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    moment, number = pa.timestamp("ms", tz="UTC"), pa.int64()
    states = pa.list_(pa.struct([("node", pa.int32()), ("state", pa.string()), ("start", number), ("stop", number)]))
    kinds = {"plan": pa.binary(), "states": states, "priority": number}
    kinds |= {name: moment for name in row if name.endswith("_at")}
    kinds |= {name: number for name in row if name.startswith("steps_")}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in row])
    pq.write_table(pa.table({name: [value] for name, value in row.items()}, schema=schema), path, compression="zstd")


def read_run(path: UPath, column: str) -> Any:
    """One value of the file of a run."""
    with _opened(path) as file:
        return file.read(columns=[column], use_threads=False).column(column).to_pylist()[0]
