"""Many short steps, memory that grows, and steps that seem dead and are not; each writes who ran it."""

import contextlib
import ctypes
import os
import time

import trail

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

many = StaticPartitionsDefinition([f"p{i:04d}" for i in range(600)])
kept: list[bytearray] = []


@asset(partitions_def=many)
def quick(context: AssetExecutionContext) -> None:
    trail.write(f"quick {context.partition_key} {os.getpid()}")
    time.sleep(0.005)


@asset(partitions_def=many)
def hungry(context: AssetExecutionContext) -> None:
    trail.write(f"hungry {context.partition_key} {os.getpid()}")
    kept.append(bytearray(os.urandom(1024)) * 2048)


@asset
def held_lock() -> None:
    """C code that holds the interpreter for longer than a lease."""
    trail.write(f"held_lock - {os.getpid()}")
    ctypes.PyDLL(None).usleep(3_500_000)


@asset
def patient() -> None:
    trail.write(f"patient - {os.getpid()}")
    until = time.monotonic() + 2
    while time.monotonic() < until:
        time.sleep(0.01)


@asset
def endless() -> None:
    trail.write(f"endless - {os.getpid()}")
    while not os.path.exists(os.environ["TRAIL_FILE"] + ".end"):
        time.sleep(0.02)


@asset
def deaf() -> None:
    trail.write(f"deaf - {os.getpid()}")
    until = time.monotonic() + 20
    while time.monotonic() < until and not os.path.exists(os.environ["TRAIL_FILE"] + ".end"):
        with contextlib.suppress(BaseException):
            time.sleep(0.3)


defs = Definitions([quick, hungry, held_lock, patient, endless, deaf])
