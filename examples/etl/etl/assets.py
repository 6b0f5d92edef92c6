"""Extract by hour, transform by day, sum up by month, report the year."""

from typing import Any

from etl.dg import dg
from etl.partition import days, months
from etl.source import Row, WeatherArchive
from etl.warehouse import Warehouse

common: dict[str, Any] = {"group_name": "weather", "owners": ["team:weather"], "code_version": "1"}

DAILY = """
SELECT day, origin, min(temp), max(temp), sum(precip), count(*) FROM hourly WHERE day = ?
GROUP BY origin ORDER BY origin
"""
MONTHLY = """
SELECT ?, origin, min(low), max(high), sum(rain), count(*) FROM daily WHERE substr(day, 1, 7) = ?
GROUP BY origin ORDER BY origin
"""


def number(text: str) -> float | None:
    """A reading, or None for one that is missing."""
    return None if text in ("", "NA") else float(text)


@dg.asset(partitions_def=days, kinds={"csv"}, retry_policy=dg.RetryPolicy(max_retries=2, delay=0.1), **common)
def readings(context: dg.AssetExecutionContext, archive: WeatherArchive) -> dg.Output[list[Row]]:
    """Extract: the readings of the day as they were recorded."""
    rows = archive.day(context.partition_key)
    context.log.info(f"{len(rows)} readings on {context.partition_key}")
    return dg.Output(rows, metadata={"readings": len(rows), "airports": len({row["origin"] for row in rows})})


@dg.asset(partitions_def=days, kinds={"sqlite"}, **common)
def hourly(context: dg.AssetExecutionContext, readings: list[Row], warehouse: Warehouse) -> dg.MaterializeResult:
    """Load: temperature (F), rain (inches) and wind (mph) of each hour."""
    day = context.partition_key
    rows = [
        (day, r["origin"], int(r["hour"]), number(r["temp"]), number(r["precip"]), number(r["wind_speed"]))
        for r in readings
    ]
    return dg.MaterializeResult(metadata={"rows": warehouse.replace("hourly", "day", day, rows)})


@dg.asset(partitions_def=days, deps=[hourly], kinds={"sqlite"}, **common)
def daily(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """Transform: lowest and highest temperature and rain of the day at each airport."""
    day = context.partition_key
    rows = warehouse.query(DAILY, day)
    warehouse.replace("daily", "day", day, rows)
    return dg.MaterializeResult(metadata={"airports": len(rows), "high": max(row[3] for row in rows)})


@dg.asset(partitions_def=months, deps=[daily], kinds={"sqlite"}, **common)
def monthly(context: dg.AssetExecutionContext, warehouse: Warehouse) -> dg.MaterializeResult:
    """The days of the month that were transformed, summed up by airport."""
    window = context.partition_time_window
    month = f"{window.start:%Y-%m}"
    rows = warehouse.query(MONTHLY, month, month)
    warehouse.replace("monthly", "month", month, rows)
    return dg.MaterializeResult(
        metadata={"days": max(row[5] for row in rows), "length": (window.end - window.start).days}
    )


@dg.asset(deps=[monthly], kinds={"markdown"}, **common)
def wettest_month(warehouse: Warehouse) -> dg.Output[str]:
    """The month with the most rain, over all airports."""
    rows = warehouse.query("SELECT month, sum(rain) FROM monthly GROUP BY month ORDER BY 2 DESC")
    table = "\n".join(["| Month | Inches |", "| --- | ---: |", *(f"| {month} | {rain:.2f} |" for month, rain in rows)])
    return dg.Output(rows[0][0], metadata={"table": dg.MetadataValue.md(table), "months": len(rows)})


@dg.asset_check(asset=daily, additional_deps=[hourly], blocking=True)
def daily_has_every_day(warehouse: Warehouse) -> dg.AssetCheckResult:
    """No day that was loaded is missing from the daily table."""
    [(missing,)] = warehouse.query("SELECT count(DISTINCT day) FROM hourly WHERE day NOT IN (SELECT day FROM daily)")
    return dg.AssetCheckResult(passed=missing == 0, metadata={"missing": missing})
