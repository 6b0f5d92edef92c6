"""A month's days into one number; every body writes when it began and when it ended, and by which process."""

import os
import time

import trail

from assetq import AssetExecutionContext, DailyPartitionsDefinition, Definitions, MonthlyPartitionsDefinition, asset

days = DailyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
months = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-05-01")
STEP_S = float(os.environ.get("WORK_STEP_S", "0.03"))


@asset(partitions_def=days)
def raw(context: AssetExecutionContext) -> int:
    with trail.attempt("raw", context.partition_key):
        time.sleep(STEP_S)
    return int(context.partition_key[-2:])


@asset(partitions_def=days, pool="enrich")
def doubled(context: AssetExecutionContext, raw: int) -> int:
    with trail.attempt("doubled", context.partition_key):
        time.sleep(STEP_S)
    return 2 * raw


@asset(partitions_def=months)
def monthly(context: AssetExecutionContext, doubled: dict[str, int]) -> int:
    with trail.attempt("monthly", context.partition_key):
        return sum(doubled.values())


@asset
def total(monthly: dict[str, int]) -> int:
    with trail.attempt("total", "-"):
        return sum(monthly.values())


defs = Definitions([raw, doubled, monthly, total], pools={"enrich": 2})
LIMIT = 2
STEPS = 120 + 120 + 4 + 1


def expected() -> dict[str, int]:
    """Relative path of every output, and the value that must stand in it."""
    keys = days.get_partition_keys()
    values = {f"raw/{key}": int(key[-2:]) for key in keys}
    values |= {f"doubled/{key}": 2 * int(key[-2:]) for key in keys}
    for month in months.get_partition_keys():
        values[f"monthly/{month}"] = sum(2 * int(key[-2:]) for key in keys if key[:7] == month[:7])
    values["total"] = sum(2 * int(key[-2:]) for key in keys)
    return values
