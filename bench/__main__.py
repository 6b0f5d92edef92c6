"""Runs measurements and prints a table."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from bench.figure import Figure, show, write
from bench.fleet import CODE, EXAMPLE

NAMES = ("startup", "planning", "overhead", "latency", "makespan", "backfill", "pools", "throughput")


def main() -> int:
    """Run the benchmarks that were named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--with-dagster", action="store_true", help="measure Dagster beside it, where it is installed")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    sys.path[:0] = [str(CODE), str(EXAMPLE)]
    figures: list[Figure] = []
    for name in options.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"bench.{name}").measure()
    show(figures)
    if options.json:
        write(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
