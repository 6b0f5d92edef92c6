"""What must be quick before anything runs: imports, commands, the embedded server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from assetq.broker.server import EmbeddedServer
from bench.figure import Figure, spread

ROUNDS = 9
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import assetq": ["-c", "import assetq"],
    "assetq --help": ["-m", "assetq.cli.main", "--help"],
}


def measure() -> Iterator[Figure]:
    """Whole processes, one after the other in turns; then the server, until it answers."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            before = time.monotonic()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            times[name].append((time.monotonic() - before) * 1000)
    for name, values in times.items():
        yield from spread("import", name, values, "ms")
    starts = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            before = time.monotonic()
            with EmbeddedServer(folder, publish=False, tied=True):
                starts.append((time.monotonic() - before) * 1000)
    yield from spread("import", "embedded server", starts, "ms")
