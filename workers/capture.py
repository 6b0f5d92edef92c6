"""Captures what an attempt prints and logs, and puts it on shared storage while it runs and when it has ended.

A process of its own (prefork) is captured at its file descriptors, so that C code and subprocesses are there as well.
Threads share their descriptors: there it is what Python code prints and logs in the thread of the step. An attempt that
prints nothing costs no file.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from assetq.execution.attempt_log import LIMIT_BYTES, append_log, is_local, write_log

logger = logging.getLogger("assetq.capture")

FLUSH_S = 1.0
TAIL_BYTES = 2048


class Source(Protocol):
    """Where the output of the attempt under way gathers."""

    def size(self) -> int:
        """Bytes so far."""

    def read(self, start: int, stop: int) -> bytes:
        """Some of them."""


@dataclass(frozen=True, slots=True)
class Captured:
    """What an attempt printed: how much, how many lines, and the end of it."""

    path: str
    size: int
    lines: int
    tail: str


@dataclass(slots=True)
class Spool:
    """The output of one attempt, and how much of it stands in storage."""

    source: Source
    place: Callable[[], str]
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_closed: bool = False

    def flush(self) -> None:
        """Bring storage up to date while the attempt runs; the rest of a very long log waits for its end."""
        with self.lock:
            size = self.source.size()
            if not self.is_closed and self.sent < size <= LIMIT_BYTES:
                self._send(size)

    def close(self) -> Captured | None:
        """Bring storage up to date for good; None when nothing was printed."""
        with self.lock:
            self.is_closed = True
            size = self.source.size()
            if size == 0:
                return None
            with contextlib.suppress(OSError):  # told in the worker's own log
                self._send(size)
            kept = self.source.read(max(0, size - LIMIT_BYTES), size)
            return Captured(self.place(), size, kept.count(b"\n"), kept[-TAIL_BYTES:].decode("utf-8", "replace"))

    def _send(self, size: int) -> None:
        path = self.place()
        try:
            if is_local(path) and size <= LIMIT_BYTES:
                if size > self.sent:
                    append_log(path, self.source.read(self.sent, size))
            else:
                write_log(path, bounded(self.source, size))
        except OSError as error:
            logger.warning("cannot write the log %s: %s", path, error)
            raise
        self.sent = size


def bounded(source: Source, size: int) -> bytes:
    """All of it, or its beginning and its end."""
    if size <= LIMIT_BYTES:
        return source.read(0, size)
    half = LIMIT_BYTES // 2
    note = f"\n... {size - 2 * half} bytes are left out here ...\n".encode()
    return source.read(0, half) + note + source.read(size - half, size)


@dataclass(slots=True)
class Flusher:
    """One thread that brings the logs of running attempts to storage, so that they can be followed."""

    open: dict[int, Spool] = field(default_factory=dict)
    thread: threading.Thread | None = None

    def add(self, spool: Spool) -> None:
        """An attempt begins."""
        self.open[id(spool)] = spool
        if self.thread is None:
            self.thread = threading.Thread(target=self._run, name="assetq-logs", daemon=True)
            self.thread.start()

    def remove(self, spool: Spool) -> None:
        """It has ended."""
        self.open.pop(id(spool), None)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(FLUSH_S)
            for spool in list(self.open.values()):
                with contextlib.suppress(OSError):
                    spool.flush()


class Capture(Protocol):
    """Captures the attempts of one thread, one after the other."""

    def begin(self, place: Callable[[], str]) -> None:
        """An attempt begins; `place` tells where its log goes, when there is one."""

    def end(self) -> Captured | None:
        """It has ended; None when it printed nothing."""


class ProcessCapture:
    """Points this process's standard output and error to a file for as long as an attempt runs."""

    def __init__(self, path: str) -> None:
        self.own = os.dup(1), os.dup(2)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.flusher = Flusher()
        self.libc = ctypes.CDLL(None)
        self.spool: Spool | None = None
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True)  # what a killed process had printed is there

    def size(self) -> int:
        """Bytes so far."""
        return os.fstat(self.file).st_size

    def read(self, start: int, stop: int) -> bytes:
        """Some of them."""
        return os.pread(self.file, stop - start, start)

    def begin(self, place: Callable[[], str]) -> None:
        """Output goes to the file."""
        self._flush_streams()
        self.spool = Spool(self, place)
        os.dup2(self.file, 1)
        os.dup2(self.file, 2)
        self.flusher.add(self.spool)

    def end(self) -> Captured | None:
        """Output goes to where it went before; so does a copy of what was captured."""
        self._flush_streams()
        os.dup2(self.own[0], 1)
        os.dup2(self.own[1], 2)
        if self.spool is None:
            return None
        self.flusher.remove(self.spool)
        captured = self.spool.close()
        if captured is not None:
            self._pass_on(bounded(self, captured.size))
            os.ftruncate(self.file, 0)
        return captured

    def _pass_on(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            while data:
                data = data[os.write(self.own[1], data) :]

    def _flush_streams(self) -> None:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
            sys.stderr.flush()
        self.libc.fflush(None)


_current = threading.local()


class Lines:
    """The output of one attempt in a thread, in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    def size(self) -> int:
        """Bytes so far."""
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        """Some of them."""
        return bytes(self.data[start:stop])


class _Stream:
    """Stands for sys.stdout or sys.stderr: what a step's thread writes is kept as well."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        lines: Lines | None = getattr(_current, "lines", None)
        if lines is not None:
            lines.data += text.encode("utf-8", "replace")
        written: int = self._stream.write(text)
        if lines is not None and "\n" in text:
            self._stream.flush()  # a file is buffered by blocks: the worker's own output is to show it now, too
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines: Lines | None = getattr(_current, "lines", None)
        if lines is not None:
            lines.data += f"{self.format(record)}\n".encode("utf-8", "replace")


def install_streams(log_format: str) -> None:
    """Have this process's streams and loggers know which thread runs an attempt."""
    handler = _Handler()
    handler.setFormatter(logging.Formatter(log_format))
    logging.getLogger().addHandler(handler)
    sys.stdout, sys.stderr = _Stream(sys.stdout), _Stream(sys.stderr)


class ThreadCapture:
    """Captures what the calling thread prints and logs."""

    def __init__(self, flusher: Flusher) -> None:
        self.flusher = flusher
        self.spool: Spool | None = None

    def begin(self, place: Callable[[], str]) -> None:
        """Output of this thread is kept."""
        _current.lines = Lines()
        self.spool = Spool(_current.lines, place)
        self.flusher.add(self.spool)

    def end(self) -> Captured | None:
        """It is kept no longer."""
        _current.lines = None
        if self.spool is None:
            return None
        self.flusher.remove(self.spool)
        return self.spool.close()
