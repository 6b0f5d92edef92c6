"""`python -m tests.chaos --seeds 1..200`: rounds of random faults; each is replayed by its seed.

`python -m tests.chaos --rolling`: ten rolling restarts in a run of 5,000 steps, and what they cost.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from .rolling import MOST_RATIO, compare
from .storm import play


def seeds_of(text: str) -> range:
    """`7`, or `1..200` with both ends."""
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


def survives(seed: int, keep: bool) -> bool:
    """Play a round; the folder of one that failed stays."""
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
    try:
        play(seed, folder)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        print(f"seed {seed} FAILED; its files are in {folder}", flush=True)
        return False
    if not keep:
        shutil.rmtree(folder)
    return True


def main() -> int:
    """Play the rounds and say which seeds failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--seeds", type=seeds_of, metavar="A..B")
    what.add_argument("--rolling", action="store_true", help="measure rolling restarts")
    parser.add_argument("--keep", action="store_true", help="keep the folders of rounds that ended well")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the fleet ends with this process
    if options.rolling:
        with tempfile.TemporaryDirectory(prefix="chaos-rolling-") as folder:
            return 0 if compare(Path(folder)) <= MOST_RATIO else 1
    began = time.monotonic()
    failed = [seed for seed in options.seeds if not survives(seed, options.keep)]
    print(f"{len(options.seeds)} rounds in {time.monotonic() - began:.0f} s; failed: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
