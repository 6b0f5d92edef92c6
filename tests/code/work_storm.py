"""Every kind of step that the engine knows, 316 of them: gates, chunks, a pool, retries, fan-in."""

import errno
import os
import time

import sabotage
import trail

from assetq import (
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    MonthlyPartitionsDefinition,
    RetryPolicy,
    TimeWindowPartitionMapping,
    asset,
)

days = DailyPartitionsDefinition("2013-01-01", end_date="2013-04-11")
months = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
STEP_S = float(os.environ.get("WORK_STEP_S", "0.03"))
partial = TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)  # the last month has ten days
again = RetryPolicy(max_retries=1000, delay=0.05)


@asset(retry_policy=again)
def origin() -> int:
    with trail.attempt("origin", "-"):
        return 1


@asset(partitions_def=days, retry_policy=again)
def raw(context: AssetExecutionContext, origin: int) -> int:
    with trail.attempt("raw", context.partition_key):
        time.sleep(STEP_S)
    if context.partition_key[-1] == "5" and context.retry_number == 0:
        raise RuntimeError("not at the first try")
    return origin * int(context.partition_key[-2:])


@asset(partitions_def=days, pool="narrow", retry_policy=again)
def doubled(context: AssetExecutionContext, raw: int) -> int:
    with trail.attempt("doubled", context.partition_key):
        time.sleep(STEP_S)
    return 2 * raw


@asset(partitions_def=days, retry_policy=again)
def tripled(context: AssetExecutionContext, raw: int) -> int:
    with trail.attempt("tripled", context.partition_key):
        time.sleep(STEP_S)
    return 3 * raw


@asset(partitions_def=days, backfill_policy=BackfillPolicy.multi_run(10), retry_policy=again)
def joined(context: AssetExecutionContext, doubled: dict[str, int], tripled: dict[str, int]) -> dict[str, int]:
    keys = context.partition_keys
    with trail.attempt("joined", keys[0] if len(keys) == 1 else f"{keys[0]}...{keys[-1]}"):
        time.sleep(3 * STEP_S)
    return {key: doubled[key] + tripled[key] for key in keys}


@asset(partitions_def=months, retry_policy=again, ins={"joined": AssetIn(partition_mapping=partial)})
def monthly(context: AssetExecutionContext, joined: dict[str, int]) -> int:
    with trail.attempt("monthly", context.partition_key):
        return sum(joined.values())


@asset(retry_policy=again)
def total(monthly: dict[str, int]) -> int:
    with trail.attempt("total", "-"):
        return sum(monthly.values())


LIMIT = 2
POOLED = "doubled"
REASONS = ("not at the first try", os.strerror(errno.ENOSPC), os.strerror(errno.EFBIG))
ASSETS = {"origin": 1, "raw": 100, "doubled": 100, "tripled": 100, "joined": 100, "monthly": 4, "total": 1}
STEPS = 1 + 300 + 10 + 4 + 1

defs = Definitions(
    [origin, raw, doubled, tripled, joined, monthly, total],
    resources={"io_manager": sabotage.LeakyIOManager()},
    pools={"narrow": LIMIT},
)


def expected() -> dict[str, int]:
    """Relative path of every output, and the value that must stand in it."""
    keys = days.get_partition_keys()
    values = {"origin": 1}
    for name, factor in (("raw", 1), ("doubled", 2), ("tripled", 3), ("joined", 5)):
        values |= {f"{name}/{key}": factor * int(key[-2:]) for key in keys}
    for month in months.get_partition_keys():
        values[f"monthly/{month}"] = sum(5 * int(key[-2:]) for key in keys if key[:7] == month[:7])
    values["total"] = sum(5 * int(key[-2:]) for key in keys)
    return values
