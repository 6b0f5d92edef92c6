"""Ten assets of a hundred thousand hours that do nothing, each read by the next; one before and one behind them all."""

from assetq import AssetDep, Definitions, HourlyPartitionsDefinition, TimeWindowPartitionsDefinition, asset

hours = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2024-06-01-00:00")
fives = TimeWindowPartitionsDefinition(
    cron_schedule="*/5 * * * *", start="2013-01-01-00:00", end="2024-06-01-00:00", fmt="%Y-%m-%d-%H:%M"
)


def row(number: int):  # type: ignore[no-untyped-def]
    @asset(name=f"row_{number}", partitions_def=hours, deps=[f"row_{number - 1}"] if number else [])
    def nothing() -> None:
        """Nothing."""

    return nothing


@asset
def source() -> None:
    """What every hour of `wide` waits for."""


@asset(partitions_def=hours, deps=[source])
def wide() -> None:
    """Nothing."""


@asset(deps=[AssetDep(wide)])
def sink() -> None:
    """Waits for every hour."""


@asset(partitions_def=fives, pool="other")
def beside() -> None:
    """Steps of another run, in a pool of their own: a million, so that they do not end before."""


defs = Definitions([*map(row, range(10)), source, wide, sink, beside])
