"""Values that several steps of a run read, kept in the process where their op asks for it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.type_check import TypeCheck
from assetq.execution.data_version import VersionMark
from assetq.execution.event import StepEvent

MOST, UNUSED_S, LOOK_S = 16, 300.0, 0.02

Marks = Mapping[int, VersionMark | None]


@dataclass(slots=True)
class Loaded:
    """What an argument was given.

    Attributes:
        value: The value.
        details: What the log is told of it.
        events: What its I/O manager told when it loaded it.
        is_for_one: True when it depends on the step that reads it.
        marks: Data versions under which it is kept, by partition.
        check: What the check against its type found, once it has passed.
    """

    value: Any
    details: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[StepEvent, ...] = ()
    is_for_one: bool = False
    marks: Marks = field(default_factory=dict)
    check: TypeCheck | None = None

    @property
    def is_passing(self) -> bool:
        """True for what the next step cannot be given: an iterator, which can be read once, or several of them."""
        held = self.value.values() if isinstance(self.value, dict) else (self.value,)
        return self.is_for_one or any(isinstance(one, Iterator) for one in held)


@dataclass(slots=True, eq=False)
class _Entry:
    used: float = 0.0
    loaded: Loaded | None = None
    is_passing: bool = False
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
    _entries: OrderedDict[tuple[str, Hashable], _Entry] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _sweeper: threading.Timer | None = None

    def get(self, run_id: str, place: Hashable, marks: Marks, load: Callable[[], Loaded]) -> tuple[Loaded, bool]:
        """What is kept, else what `load` gives, and whether it was kept; threads that ask together load it once.

        Args:
            run_id: The run.
            place: Which argument of which op, and what it reads.
            marks: Data versions of what it reads. What is kept under others is let go.
            load: Loads it.
        """
        if not self.most:
            return load(), False
        entry = self._entry((run_id, place))
        while entry.loading.locked() and not entry.is_passing:
            time.sleep(LOOK_S)  # a step that waits for a lock could not be told to stop
        if entry.is_passing:
            return load(), False
        with entry.loading:
            if entry.loaded is not None and entry.loaded.marks == marks:
                return entry.loaded, True
            entry.loaded = None
            loaded = load()
            loaded.marks = marks
            entry.is_passing = loaded.is_passing
            if not entry.is_passing:
                entry.loaded, entry.used = loaded, time.monotonic()
            return loaded, False

    def forget(self, run_id: str) -> None:
        """Let go what is kept for a run."""
        with self._guard:
            for key in [key for key in self._entries if key[0] == run_id]:
                del self._entries[key]
            self._rest()

    def clear(self) -> None:
        """Let everything go."""
        with self._guard:
            self._entries.clear()
            self._rest()

    def _rest(self) -> None:
        if self._sweeper is not None and not self._entries:
            self._sweeper.cancel()
            self._sweeper = None

    def _entry(self, key: tuple[str, Hashable]) -> _Entry:
        with self._guard:
            entry = self._entries.setdefault(key, _Entry())
            entry.used = time.monotonic()
            self._entries.move_to_end(key)
            while len(self._entries) > self.most:
                self._entries.popitem(last=False)
            if self._sweeper is None:
                self._sweep_after(self.unused_s)
            return entry

    def _sweep_after(self, seconds: float) -> None:
        sweeper = threading.Timer(seconds, self._sweep)
        sweeper.daemon = True
        with suppress(RuntimeError):  # no thread to be had: the next value that is read tries again
            sweeper.start()
            self._sweeper = sweeper

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
