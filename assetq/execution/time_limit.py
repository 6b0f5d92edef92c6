"""Ends a step of this process when its time is over."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from assetq.errors import StepTimedOut, StepTimeoutError


def timeout_error(step_key: str, timeout_s: float | None) -> StepTimeoutError:
    """What becomes of a step whose time is over."""
    limit_s = timeout_s or 0.0
    return StepTimeoutError(
        f"{step_key} took longer than its limit of {limit_s:g} s (op tag 'assetq/timeout').", timeout_s=limit_s
    )


@contextmanager
def time_limit(timeout_s: float | None) -> Iterator[None]:
    """Raise `StepTimedOut` in the block when it takes longer; None for no limit.

    In the main thread a timer's signal does it, at once. Elsewhere, or where the program uses that signal itself, it
    comes as soon as the thread runs Python code again.
    """
    if timeout_s is None:
        yield
    elif threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
        with _alarm(timeout_s):
            yield
    else:
        with _timer(timeout_s):
            yield


def _on_alarm(_signum: int, _frame: FrameType | None) -> None:
    raise StepTimedOut("its time is over")


@contextmanager
def _alarm(timeout_s: float) -> Iterator[None]:
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.setitimer(signal.ITIMER_REAL, timeout_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


@contextmanager
def _timer(timeout_s: float) -> Iterator[None]:
    ident, lock, over = threading.get_ident(), threading.Lock(), False

    def end() -> None:
        with lock:
            if not over:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(StepTimedOut))

    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            over = True
