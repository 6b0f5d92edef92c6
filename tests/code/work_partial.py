"""Chunks whose partitions fail one by one; which ones is read from a file, so that a test can mend them."""

import os
import time
from pathlib import Path

import trail

from assetq import (
    AssetDep,
    AssetExecutionContext,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    Failure,
    MaterializeResult,
    Output,
    RetryPolicy,
    TimeWindowPartitionMapping,
    WeeklyPartitionsDefinition,
    asset,
)

days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-15")
weeks = WeeklyPartitionsDefinition("2024-01-01", end_date="2024-01-15", day_offset=1)
before = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
single, six = BackfillPolicy.single_run(), BackfillPolicy.multi_run(6)


def bad() -> set[str]:
    path = Path(os.environ["TRAIL_FILE"] + ".bad")
    return set(path.read_text().split()) if path.exists() else set()


def check(key: str) -> str:
    if key in bad():
        raise ValueError(f"{key} is bad")
    return key


@asset(partitions_def=days, backfill_policy=six)
def chunk(context: AssetExecutionContext) -> dict[str, str]:
    trail.write(f"chunk {' '.join(context.partition_keys)}")
    made = {}
    for key in context.partition_keys:
        with context.partition(key):
            made[key] = f"{check(key)} of {context.run_id}"
    return made


@asset(partitions_def=days)
def day(context: AssetExecutionContext, chunk: str) -> str:
    trail.write(f"day {context.partition_key}")
    return chunk


@asset(partitions_def=days, backfill_policy=BackfillPolicy.multi_run(3), deps=[chunk])
def third(context: AssetExecutionContext) -> None:
    trail.write(f"third {context.partition_keys[0]}")


@asset(partitions_def=weeks, deps=[chunk])
def week(context: AssetExecutionContext) -> None:
    trail.write(f"week {context.partition_key}")


@asset(deps=[chunk])
def whole() -> None:
    trail.write("whole")


@asset(deps=[day])
def last_of_all() -> None:
    trail.write("last")


@asset(partitions_def=days, backfill_policy=single, retry_policy=RetryPolicy(max_retries=1))
def retried(context: AssetExecutionContext) -> dict[str, str]:
    trail.write(f"retried {' '.join(context.partition_keys)}")
    made = {}
    for key in context.partition_keys:
        if key in bad() and (context.retry_number == 0 or key == "2024-01-08"):
            context.fail_partition(key, "not yet")
        else:
            made[key] = f"{key} at {context.retry_number}"
    return made


@asset(partitions_def=days, deps=[retried])
def after_retried(context: AssetExecutionContext) -> None:
    trail.write(f"after {context.partition_key}")


@asset(partitions_def=days, backfill_policy=single)
def yielded(context: AssetExecutionContext):
    for key in context.partition_keys:
        if key == "2024-01-05":
            raise Failure("no fifth day")
        yield Output(key, partition=key, metadata={"day": key[-2:]})


@asset(partitions_def=days, backfill_policy=single)
def reported(context: AssetExecutionContext):
    for key in context.partition_keys:
        with context.partition(key):
            check(key)
            yield MaterializeResult(partition=key, metadata={"day": key[-2:]})


@asset(partitions_def=days, backfill_policy=six, deps=[AssetDep("loop", partition_mapping=before)])
def loop(context: AssetExecutionContext) -> None:
    trail.write(f"loop {context.partition_keys[0]}")
    for key in context.partition_keys:
        with context.partition(key):
            check(key)


@asset(partitions_def=days, backfill_policy=six, retry_policy=RetryPolicy(max_retries=3))
def mortal(context: AssetExecutionContext) -> None:
    """Makes even days first; its second attempt takes so long that a test can kill it."""
    trail.write(f"begin {os.getpid()} {' '.join(context.partition_keys)}")
    for key in context.partition_keys:
        with context.partition(key):
            if context.retry_number == 0 and int(key[-2:]) % 2:
                raise ValueError("odd")
    if context.retry_number and "end" not in bad():
        time.sleep(60)


@asset(partitions_def=days, deps=[mortal])
def heir(context: AssetExecutionContext) -> None:
    trail.write(f"heir {context.partition_key}")


defs = Definitions(
    [chunk, day, third, week, whole, last_of_all, retried, after_retried, yielded, reported, loop, mortal, heir]
)
