"""A thousand steps that sleep for 20 to 200 ms, each behind some earlier ones, drawn with a seed."""

import os
import random
import time

from assetq import Definitions, asset

STEPS, REACH, MOST = 1000, 100, 3
chance = random.Random(int(os.environ.get("BENCH_SEED", "7")))
SECONDS = [chance.uniform(0.02, 0.2) for _ in range(STEPS)]
ABOVE = [sorted(chance.sample(range(max(0, n - REACH), n), min(n, chance.randint(0, MOST)))) for n in range(STEPS)]


def sleeping(number: int):  # type: ignore[no-untyped-def]
    @asset(name=f"s{number:04d}", deps=[f"s{above:04d}" for above in ABOVE[number]])
    def sleep() -> None:
        time.sleep(SECONDS[number])

    return sleep


defs = Definitions([sleeping(number) for number in range(STEPS)])
