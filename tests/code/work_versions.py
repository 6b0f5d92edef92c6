"""Assets with versions, for tests of what is out of date."""

from assetq import (
    AssetIn,
    BackfillPolicy,
    DailyPartitionsDefinition,
    DataVersion,
    Definitions,
    Nothing,
    Output,
    StaticPartitionsDefinition,
    asset,
)

DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04")
MANY = StaticPartitionsDefinition([f"k{i:04}" for i in range(1100)])


def make(clean: str = "1", reads_other: bool = False, keys: list[str] | None = None) -> Definitions:
    """The definitions, with another code version or dependency of `cleaned`, or other partitions of `wide`."""

    @asset
    def src() -> int:
        return 1

    @asset
    def other() -> int:
        return 1

    @asset(partitions_def=DAYS, code_version=clean, deps=["src", "other"] if reads_other else ["src"])
    def cleaned() -> int:
        return 1

    @asset(partitions_def=DAYS, ins={"cleaned": AssetIn(dagster_type=Nothing)})
    def labelled():
        return Output(2, data_version=DataVersion("always"))

    @asset(deps=["labelled"], code_version="1")
    def report() -> int:
        return 3

    @asset(
        partitions_def=StaticPartitionsDefinition(keys) if keys else MANY,
        backfill_policy=BackfillPolicy.single_run(),
        deps=["src"],
    )
    def wide(context):
        return dict.fromkeys(context.partition_keys, 1)

    return Definitions(assets=[src, other, cleaned, labelled, report, wide])


defs = make()
