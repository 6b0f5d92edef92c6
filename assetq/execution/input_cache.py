"""Values that several steps of a run read, kept in the process where their op asks for it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.type_check import TypeCheck
from assetq.execution.event import StepEvent

MOST, UNUSED_S = 16, 300.0


@dataclass(slots=True)
class Loaded:
    """What an argument was given.

    Attributes:
        value: The value.
        details: What the log is told of it.
        events: What its I/O manager told when it loaded it.
        check: What the check against its type found, once it has passed.
    """

    value: Any
    details: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[StepEvent, ...] = ()
    check: TypeCheck | None = None


@dataclass(slots=True, eq=False)
class _Entry:
    used: float
    loaded: Loaded | None = None
    loading: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class InputCache:
    """The values that were read last.

    Args:
        most: How many of them; 0 keeps none.
        unused_s: Seconds after which one that nobody has read is let go.
    """

    most: int = MOST
    unused_s: float = UNUSED_S
    _entries: OrderedDict[Hashable, _Entry] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _sweeper: threading.Timer | None = None

    def get(self, key: Hashable, load: Callable[[], Loaded]) -> tuple[Loaded, bool]:
        """What is kept under a key, else what `load` gives, and whether it was kept.

        Threads that ask together load it once. An iterator is not kept: it can be read once.
        """
        if not self.most:
            return load(), False
        entry = self._entry(key)
        with entry.loading:
            if entry.loaded is not None:
                return entry.loaded, True
            try:
                loaded = load()
            except BaseException:
                self._drop(key, entry)
                raise
            if isinstance(loaded.value, Iterator):
                self._drop(key, entry)
            else:
                entry.loaded, entry.used = loaded, time.monotonic()
            return loaded, False

    def clear(self) -> None:
        """Let everything go."""
        with self._guard:
            self._entries.clear()
            if self._sweeper is not None:
                self._sweeper.cancel()
                self._sweeper = None

    def _entry(self, key: Hashable) -> _Entry:
        with self._guard:
            entry = self._entries.setdefault(key, _Entry(0))
            entry.used = time.monotonic()
            self._entries.move_to_end(key)
            while len(self._entries) > self.most:
                self._entries.popitem(last=False)
            if self._sweeper is None:
                self._sweep_after(self.unused_s)
            return entry

    def _drop(self, key: Hashable, entry: _Entry) -> None:
        with self._guard:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def _sweep_after(self, seconds: float) -> None:
        self._sweeper = threading.Timer(seconds, self._sweep)
        self._sweeper.daemon = True
        self._sweeper.start()

    def _sweep(self) -> None:
        with self._guard:
            now = time.monotonic()
            unused = [k for k, e in self._entries.items() if now - e.used >= self.unused_s and not e.loading.locked()]
            for key in unused:
                del self._entries[key]
            self._sweeper = None
            if self._entries:
                last = min(entry.used for entry in self._entries.values())
                self._sweep_after(max(last + self.unused_s - now, self.unused_s / 10))
