"""Runs measurements and prints a table."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from bench.figure import Figure, show, write
from bench.fleet import CODE, EXAMPLE

# Command -> file, where it has another name.
FILES = {"import": "startup"}
NAMES = (
    "import",
    "memory",
    "idle",
    "planning",
    "overhead",
    "latency",
    "makespan",
    "backfill",
    "pools",
    "throughput",
    "fan",
    "scale",
    "dagster",
)


def main() -> int:
    """Run the benchmarks that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--with-dagster", action="store_true", help="measure Dagster beside it, where it is installed")
    parser.add_argument("--largest", type=int, metavar="STEPS", help="no run with more steps, in `scale` and `fan`")
    parser.add_argument("--docs", type=Path, metavar="FOLDER", help="write these parts of the page in this folder")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    sys.path[:0] = [str(CODE), str(EXAMPLE)]
    if options.largest:
        os.environ["BENCH_LARGEST"] = str(options.largest)
    figures: list[Figure] = []
    for name in options.names or NAMES[: None if options.with_dagster else -1]:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"bench.{FILES.get(name, name)}").measure()
        if options.docs:  # now, so that it stands there whatever becomes of the others
            importlib.import_module("bench.page").write_page(figures, options.docs, NAMES)
    show(figures)
    if options.json:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
