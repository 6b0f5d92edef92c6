"""What happens day by day: raw data, clean flights, weather at departure, delays by carrier."""

import polars as pl

from assetq import AssetExecutionContext, Output, RetryPolicy, asset
from flights.partition import days
from flights.source import FlightData

raw = {"group_name": "raw", "kinds": {"csv", "parquet"}, "owners": ["team:flights"], "code_version": "1"}
derived = {
    "group_name": "enriched",
    "kinds": {"polars", "parquet"},
    "owners": ["team:flights"],
    "code_version": "1",
}

WEATHER = ["temp", "wind_speed", "precip", "visib"]


@asset(partitions_def=days, retry_policy=RetryPolicy(max_retries=2, delay=0.5), **raw)
def raw_flights(context: AssetExecutionContext, data: FlightData) -> Output[pl.DataFrame]:
    """Every flight that was planned for the day, as recorded."""
    table = data.day("flights", context.partition_key)
    return Output(table, metadata={"bytes_in_memory": table.estimated_size()})


@asset(partitions_def=days, retry_policy=RetryPolicy(max_retries=2, delay=0.5), **raw)
def raw_weather(context: AssetExecutionContext, data: FlightData) -> Output[pl.DataFrame]:
    """Hourly weather at the three airports, as recorded."""
    return Output(data.day("weather", context.partition_key))


@asset(partitions_def=days, **derived)
def flights_clean(raw_flights: pl.DataFrame) -> Output[pl.DataFrame]:
    """Flights that took off, with proper types. The cancelled ones are counted, and dropped."""
    flown = raw_flights.filter(pl.col("dep_time").is_not_null()).select(
        pl.date("year", "month", "day").alias("date"),
        "carrier",
        "flight",
        "tailnum",
        "origin",
        "dest",
        "hour",
        pl.col("dep_delay").cast(pl.Float64),
        pl.col("arr_delay").cast(pl.Float64),
        pl.col("distance").cast(pl.Int64),
    )
    return Output(flown, metadata={"cancelled": len(raw_flights) - len(flown)})


@asset(partitions_def=days, pool="enrich", **derived)
def flights_weather(flights_clean: pl.DataFrame, raw_weather: pl.DataFrame) -> Output[pl.DataFrame]:
    """Each flight with the weather at its airport in the hour of departure."""
    hourly = raw_weather.select("origin", "hour", *(pl.col(name).cast(pl.Float64) for name in WEATHER))
    joined = flights_clean.join(hourly.unique(["origin", "hour"], keep="first"), on=["origin", "hour"], how="left")
    return Output(joined, metadata={"without_weather": joined["temp"].null_count()})


@asset(partitions_def=days, pool="enrich", **derived)
def delays_by_carrier(flights_weather: pl.DataFrame, airlines: pl.DataFrame) -> Output[pl.DataFrame]:
    """Flights and delays of the day by carrier; delays in minutes."""
    delays = (
        flights_weather.group_by("carrier")
        .agg(
            pl.len().alias("flights"),
            pl.col("dep_delay").sum().alias("dep_delay_sum"),
            pl.col("arr_delay").sum().alias("arr_delay_sum"),
            pl.col("arr_delay").count().alias("arrived"),
        )
        .join(airlines.select("carrier", "name"), on="carrier", how="left")
        .sort("carrier")
    )
    return Output(delays, metadata={"carriers": len(delays), "flights": int(delays["flights"].sum())})
