"""Days that need the day before."""

import trail

from assetq import (
    AssetDep,
    AssetExecutionContext,
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    Definitions,
    TimeWindowPartitionMapping,
    asset,
)

days = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-10")
before = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@asset(partitions_def=days, ins={"yesterday": AssetIn("total", partition_mapping=before)})
def total(context: AssetExecutionContext, yesterday: int | None) -> int:
    trail.write(f"total {context.partition_key}")
    return (yesterday or 0) + 1


@asset(partitions_def=days)
def shown(total: int) -> int:
    return total


@asset(
    partitions_def=days,
    backfill_policy=BackfillPolicy.multi_run(7),
    deps=[AssetDep("weeks", partition_mapping=before)],
)
def weeks(context: AssetExecutionContext) -> None:
    trail.write(f"weeks {context.partition_keys[0]}")


@asset(partitions_def=days, deps=[AssetDep("broken", partition_mapping=before)])
def broken(context: AssetExecutionContext) -> None:
    if context.partition_key == "2024-01-04":
        raise ValueError("no fourth day")


@asset(partitions_def=days)
def single(context: AssetExecutionContext) -> None:
    trail.write(f"single {context.partition_key}")


defs = Definitions([total, shown, weeks, broken, single])
