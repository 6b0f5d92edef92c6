"""What the figures were measured on, without the name of the machine."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from assetq.broker.connection import connect
from assetq.broker.server import EmbeddedServer

PACKAGES = ("assetq", "celery", "kombu", "redis", "dagster")


def description() -> str:
    """One line."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = [processor(), f"{os.cpu_count()} cores", f"{memory_gib:.0f} GiB", platform.system()]
    return ", ".join([*parts, f"Python {platform.python_version()}", server(), *map(package, PACKAGES)]).rstrip(", ")


def processor() -> str:
    """Its name, as the kernel has it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def server() -> str:
    """The server that the measurements start."""
    with (
        TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder), publish=False, tied=True) as running,
        connect(running.url) as client,
    ):
        info = client.info("server")
    return f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"


def package(name: str) -> str:
    """Its version; empty where it is not installed."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return ""
