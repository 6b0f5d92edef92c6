"""Tables that do not change from day to day."""

import polars as pl

from assetq import Output, asset
from flights.source import FlightData

common = {
    "group_name": "reference",
    "kinds": {"polars", "parquet"},
    "owners": ["team:flights"],
    "code_version": "1",
}


@asset(**common)
def airlines(data: FlightData) -> Output[pl.DataFrame]:
    """Carrier codes and names."""
    table = data.table("airlines")
    return Output(table, metadata={"carriers": table["carrier"].n_unique()})


@asset(**common)
def airports(data: FlightData) -> Output[pl.DataFrame]:
    """Airports with position and time zone."""
    table = data.table("airports")
    return Output(table, metadata={"airports": len(table)})


@asset(**common)
def planes(data: FlightData) -> Output[pl.DataFrame]:
    """Planes by tail number."""
    table = data.table("planes")
    return Output(table, metadata={"planes": len(table)})
