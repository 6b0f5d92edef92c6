"""Reads the histories of assets: where each event stands, and the event itself from its stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from redis import Redis

from assetq.broker.archive import Archive
from assetq.broker.event_log import unpack_event
from assetq.broker.keys import Keys
from assetq.broker.message import text
from assetq.broker.run_reader import RunReader
from assetq.errors import UnknownRunError
from assetq.execution.event import Event
from assetq.execution.history import MATERIALIZATION, HistoryPage
from assetq.planning import Plan

ENTRY_SIZE, PAGE_SIZE, PLACE_SIZE = 13, 1024, 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands: run number (0: the asset's own stream) and stream id."""

    run: int
    id: str

    @classmethod
    def from_entry(cls, entry: bytes) -> Place:
        """Decode what `lib/history.lua` packs."""
        ms, sequence, run = (int.from_bytes(entry[a:b]) for a, b in ((0, 6), (6, 9), (9, 13)))
        return cls(run, f"{ms}-{sequence}")


@dataclass(slots=True)
class AssetHistory:
    """The histories of one namespace."""

    client: Redis
    keys: Keys
    runs: RunReader
    archive: Archive
    _ids: dict[int, str] = field(default_factory=dict)

    def read(self, asset: str, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """Positions and events, in the order of the page; events of deleted runs are left out."""
        start = int(self.client.hget(self.keys("asset", asset), f"wiped:{kind}") or 0)
        key = self.keys("history", asset, kind)
        wanted = page.within(start, start + self.client.strlen(key) // ENTRY_SIZE)
        if not wanted:
            return []
        low, high = min(wanted[0], wanted[-1]) - start, max(wanted[0], wanted[-1]) - start
        packed = self.client.getrange(key, low * ENTRY_SIZE, (high + 1) * ENTRY_SIZE - 1)
        entries = [packed[at : at + ENTRY_SIZE] for at in range(0, len(packed), ENTRY_SIZE)]
        ordered = entries if page.ascending else entries[::-1]
        found = self.events(asset, ordered)
        return [(position, event) for position, event in zip(wanted, found, strict=False) if event is not None]

    def exists(self, asset: str) -> bool:
        """Whether anything but checks was recorded of an asset."""
        names = [self.keys("history", asset, kind) for kind in (MATERIALIZATION, "observation")]
        return bool(self.client.exists(*names)) or bool(self.client.hexists(self.keys("asset", asset), "latest"))

    def latest(self, asset: str, identity: str, index: int) -> Event | None:
        """The latest materialization of the partition at an absolute index; None when it is not materialized."""
        page, offset = divmod(index, PAGE_SIZE)
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.getbit(self.keys("status", asset, identity, "materialized"), index)
            at = offset * PLACE_SIZE
            pipeline.getrange(self.keys("places", asset, identity, page), at, at + PLACE_SIZE - 1)
            pipeline.hget(self.keys("asset", asset), f"wiped:{MATERIALIZATION}")
            is_materialized, place, start = pipeline.execute()
        position = int.from_bytes(place) - 1 if is_materialized and len(place) == PLACE_SIZE else -1
        if position < int(start or 0):
            return None
        found = self.read(asset, MATERIALIZATION, HistoryPage(after=position - 1, before=position + 1))
        return found[0][1] if found else None

    def checks(self, asset: str) -> dict[str, Event]:
        """Name of a check -> its latest evaluation, by name."""
        entries = {text(name): entry for name, entry in self.client.hgetall(self.keys("checks", asset)).items()}
        names = sorted(entries)
        found = self.events(asset, [entries[name] for name in names])
        return {name: event for name, event in zip(names, found, strict=True) if event is not None}

    def check(self, asset: str, name: str) -> Event | None:
        """The latest evaluation of a check."""
        entry = self.client.hget(self.keys("checks", asset), name)
        return None if entry is None else self.events(asset, [entry])[0]

    def events(self, asset: str, entries: Sequence[bytes]) -> list[Event | None]:
        """The events of entries; None for those whose run was deleted. Two round trips, and files of archived runs."""
        places = [Place.from_entry(entry) for entry in entries]
        self._learn({place.run for place in places if place.run})
        with self.client.pipeline(transaction=False) as pipeline:
            for place in places:
                pipeline.xrange(self._stream(asset, place), min=place.id, max=place.id)
            rows = pipeline.execute() if places else []
        moved = self._archived([place for place, row in zip(places, rows, strict=True) if not row])
        return [self._event(place, row) or moved.get(place) for place, row in zip(places, rows, strict=True)]

    def _archived(self, places: Sequence[Place]) -> dict[Place, Event]:
        """Those of the events that are not in streams any more."""
        by_run: dict[int, list[str]] = {}
        for place in places:
            if place.run in self._ids:
                by_run.setdefault(place.run, []).append(place.id)
        found = {number: self.archive.find(self._ids[number], cursors) for number, cursors in by_run.items()}
        return {place: found[place.run][place.id] for place in places if place.id in found.get(place.run, ())}

    def _learn(self, numbers: Iterable[int]) -> None:
        unknown = sorted(set(numbers) - set(self._ids))
        if unknown:
            names = self.client.hmget(self.keys("run_numbers"), [str(number) for number in unknown])
            self._ids.update((n, text(name)) for n, name in zip(unknown, names, strict=True) if name is not None)

    def _stream(self, asset: str, place: Place) -> str:
        if place.run == 0:
            return self.keys("asset_events", asset)
        return self.keys("events", self._ids.get(place.run, ""))

    def _event(self, place: Place, row: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> Event | None:
        if not row:
            return None
        run_id = self._ids[place.run] if place.run else ""
        try:
            plan = self.runs.plan(run_id) if run_id else Plan((), ())
        except UnknownRunError:
            return None
        return unpack_event(run_id, plan, place.id, row[0][1])
