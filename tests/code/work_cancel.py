"""A run of 100,000 tiny steps, and runs that are retried; bodies write when they begin."""

import os
import time

import trail

from assetq import (
    AssetExecutionContext,
    Config,
    Definitions,
    HourlyPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
)

hours = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2024-05-29-16:00")
four = StaticPartitionsDefinition(["a", "b", "c", "d"])


@asset(partitions_def=hours)
def tiny(context: AssetExecutionContext) -> None:
    trail.write(f"tiny {context.partition_key} {time.time():.6f}")


class Level(Config):
    level: int


def is_mended() -> bool:
    return os.path.exists(os.environ["TRAIL_FILE"] + ".mended")


@asset(partitions_def=four)
def first(context: AssetExecutionContext, config: Level) -> int:
    trail.write(f"first {context.partition_key} {config.level}")
    if context.partition_key == "b" and not is_mended():
        raise ValueError("not yet")
    return config.level


@asset(partitions_def=four)
def second(context: AssetExecutionContext, first: int) -> int:
    trail.write(f"second {context.partition_key} {first}")
    if context.partition_key == "c" and not is_mended():
        time.sleep(60)
    return first + 1


defs = Definitions([tiny, first, second])
