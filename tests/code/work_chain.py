"""Days into months into one number; one pool has a limit."""

from assetq import (
    AssetExecutionContext,
    DailyPartitionsDefinition,
    Definitions,
    MonthlyPartitionsDefinition,
    Output,
    asset,
)

days = DailyPartitionsDefinition("2013-01-01", end_date="2013-04-01")
months = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-04-01")


@asset
def rate() -> int:
    return 3


@asset(partitions_def=days)
def raw(context: AssetExecutionContext) -> int:
    context.log.info("reading %s", context.partition_key)
    return int(context.partition_key[-2:])


@asset(partitions_def=days, pool="enrich", code_version="7")
def priced(raw: int, rate: int) -> Output[int]:
    return Output(raw * rate, metadata={"raw": raw})


@asset(partitions_def=months)
def monthly(priced: dict[str, int]) -> int:
    return sum(priced.values())


@asset
def total(monthly: dict[str, int]) -> int:
    return sum(monthly.values())


defs = Definitions([rate, raw, priced, monthly, total], pools={"enrich": 2})
EXPECTED = 3 * (sum(range(1, 32)) + sum(range(1, 29)) + sum(range(1, 32)))
