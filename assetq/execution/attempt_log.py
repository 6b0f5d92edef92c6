"""What attempts printed, in shared storage: `<storage>/.logs/<run>/<step>/<attempt>.log`."""

from __future__ import annotations

import os
import shutil

from upath import UPath

from assetq.io.path import escape_part

FOLDER = ".logs"
LIMIT_BYTES = 8 * 1024 * 1024


def attempt_log_path(storage: str, run_id: str, step_key: str, attempt: int) -> str:
    """Where the log of an attempt stands."""
    return f"{storage.rstrip('/')}/{FOLDER}/{run_id}/{escape_part(step_key)}/{attempt}.log"


def is_local(path: str) -> bool:
    """True for a path without a protocol."""
    return "://" not in path


def append_log(path: str, data: bytes) -> None:
    """Add to a log on a local path."""
    try:
        file = open(path, "ab")  # noqa: SIM115 - the folder is there for all but the first attempt
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(path, "ab")  # noqa: SIM115
    with file:
        file.write(data)


def write_log(path: str, data: bytes) -> None:
    """Write a whole log."""
    if is_local(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    place = UPath(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def read_log(storage: str, run_id: str, step_key: str, attempt: int, offset: int = 0) -> bytes:
    """The log of an attempt from a byte on; empty when nothing was printed."""
    place = UPath(attempt_log_path(storage, run_id, step_key, attempt))
    try:
        with place.open("rb") as file:
            file.seek(offset)
            return bytes(file.read())
    except FileNotFoundError:
        return b""


def delete_logs(storage: str, run_id: str) -> None:
    """Delete the logs of a run."""
    folder = f"{storage.rstrip('/')}/{FOLDER}/{run_id}"
    if is_local(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    place = UPath(folder)
    if place.exists():
        place.fs.rm(place.path, recursive=True)
