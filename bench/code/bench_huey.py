"""A bare huey task that does nothing."""

import os

from huey import RedisHuey

huey = RedisHuey("bench", url=os.environ["BENCH_BROKER"], results=False)


@huey.task()
def nothing(number: int) -> None:
    """Nothing."""
