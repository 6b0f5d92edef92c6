"""Steps with time limits: they obey an interruption, or do not."""

import contextlib
import ctypes
import time

import trail

from assetq import AssetExecutionContext, Definitions, RetryPolicy, StaticPartitionsDefinition, asset

five = StaticPartitionsDefinition(["a", "b", "c", "d", "e"])
LIMIT = {"assetq/timeout": "0.5"}


def spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)


@asset(op_tags=LIMIT)
def slow() -> None:
    trail.write("slow 0 0")
    try:
        spin(60)
    except Exception:
        trail.write("swallowed 0 0")
    finally:
        trail.write("cleaned 0 0")


@asset(op_tags=LIMIT, retry_policy=RetryPolicy(max_retries=2))
def slow_twice(context: AssetExecutionContext) -> None:
    trail.write(f"slow_twice {context.retry_number} 0")
    if context.retry_number < 2:
        spin(60)


@asset(op_tags=LIMIT, retry_policy=RetryPolicy(max_retries=1))
def stubborn() -> None:
    """Does not react: only the end of its process helps."""
    trail.write("stubborn 0 0")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(BaseException):
            time.sleep(1)


@asset(op_tags=LIMIT)
def native() -> None:
    """C code that neither gives way nor lets a signal handler run."""
    trail.write("native 0 0")
    ctypes.PyDLL(None).usleep(2_000_000)


@asset(partitions_def=five, op_tags=LIMIT)
def some(context: AssetExecutionContext) -> None:
    trail.write(f"some {context.partition_key} 0")
    if context.partition_key == "c":
        spin(60)


@asset(partitions_def=five)
def endless(context: AssetExecutionContext) -> None:
    trail.write(f"endless {context.partition_key} 0")
    spin(60)


@asset
def held_lock() -> None:
    """Holds the interpreter for longer than a lease."""
    trail.write("held_lock 0 0")
    ctypes.PyDLL(None).usleep(4_000_000)


defs = Definitions([slow, slow_twice, stubborn, native, some, endless, held_lock])
