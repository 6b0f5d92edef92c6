"""What a finished backfill must hold, counted from the stored files."""

from pathlib import Path
from typing import Any


def totals(storage: str) -> dict[str, Any]:
    """Rows, partitions and carriers under a storage folder, and where the report lies."""
    import polars as pl

    base = Path(storage)
    raw = sorted((base / "raw_flights").glob("*.parquet"))
    months = sorted((base / "monthly_delays").glob("*.parquet"))
    report = base / "report"
    return {
        "raw_flights_rows": int(pl.scan_parquet(raw).select(pl.len()).collect().item()) if raw else 0,
        "raw_flights_partitions": len(raw),
        "carriers": int(pl.concat([pl.read_parquet(m, columns=["carrier"]) for m in months])["carrier"].n_unique())
        if months
        else 0,
        "monthly_partitions": len(months),
        "report": str(report / "year_report.md"),
        "plot": str(report / "delay_by_month_and_carrier.png"),
    }
