"""Every example of two documentation pages of software-defined assets, and what the pages say happens.

First the page of the `@asset` decorator, then the guide to software-defined assets. What surrounds an example (a
database, an API, a module) is real and local.
"""

import inspect
import json
import pickle
import random
import sqlite3
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest
from pydantic import Field

from assetq import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetDep,
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetOut,
    AssetSpec,
    AutomationCondition,
    BackfillPolicy,
    Config,
    ConfigurableResource,
    DailyPartitionsDefinition,
    Definitions,
    FilesystemIOManager,
    Instance,
    IOManager,
    MetadataValue,
    Output,
    RetryPolicy,
    SourceAsset,
    asset,
    build_asset_context,
    build_op_context,
    define_asset_job,
    load_assets_from_package_module,
    load_definitions,
    materialize,
    multi_asset,
    success_hook,
)
from assetq.errors import ConfigError, DefinitionError

from ..parity.world import outcome_of


def recorded(result):
    """What the run put on record."""
    return outcome_of(result.all_events, result.success, result.asset_value)


@pytest.fixture
def database(tmp_path):
    """A database with a table of cereals."""
    connection = sqlite3.connect(tmp_path / "cereals.db")
    connection.execute("CREATE TABLE cereals (name TEXT, sugar INTEGER)")
    rows = [("oats", 0), ("loops", 12), ("puffs", 14)]
    connection.executemany("INSERT INTO cereals VALUES (?, ?)", rows)
    yield connection
    connection.close()


class Api(BaseHTTPRequestHandler):
    """Answers /data and /facts."""

    def do_GET(self):
        body = json.dumps({"/data": {"value": 37}, "/facts": {"foo": "bar"}}[self.path]).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args): ...


@pytest.fixture
def api():
    """Address of an API on a free port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def get_json(url):
    with urllib.request.urlopen(url, timeout=5) as response:
        return json.load(response)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder whose modules can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


# The page of the decorator.

PARAMETERS = [
    *("name", "key_prefix", "ins", "deps", "metadata", "tags", "description", "config_schema"),
    *("required_resource_keys", "resource_defs", "hooks", "io_manager_def", "io_manager_key", "dagster_type"),
    *("partitions_def", "op_tags", "group_name", "output_required", "automation_condition", "backfill_policy"),
    *("retry_policy", "code_version", "key", "check_specs", "owners", "kinds", "pool"),
]


def test_the_signature_is_that_of_the_page():
    parameters = inspect.signature(asset).parameters
    assert [name for name in parameters if name in PARAMETERS] == PARAMETERS
    defaults = {name: parameters[name].default for name in PARAMETERS}
    assert defaults.pop("output_required") is True
    assert set(defaults.values()) == {None}


@pytest.mark.parametrize(
    "options",
    [
        {"name": "no spaces"},
        {"key": "one", "name": "two"},
        {"key": "one", "key_prefix": "two"},
        {"io_manager_def": FilesystemIOManager(), "io_manager_key": "io_manager"},
        {"owners": ["nobody"]},
    ],
    ids=lambda options: "+".join(options),
)
def test_what_the_page_forbids_is_refused(options):
    with pytest.raises(DefinitionError):

        @asset(**options)
        def refused(): ...


def test_every_parameter_at_once():
    happened = []

    @success_hook
    def tell(context):
        happened.append(context.op.name)

    class Stored(IOManager):
        def handle_output(self, context, obj):
            happened.append((context.asset_key.to_user_string(), context.partition_key, obj))

        def load_input(self, context):
            return 20

    @asset(
        name="table",
        key_prefix=["db", "schema"],
        ins={"up": AssetIn("other", input_manager_key="store")},
        deps=[AssetDep("one"), AssetKey("two"), SourceAsset("three"), "four"],
        metadata={"rows": 1},
        tags={"domain": "finance"},
        description="A table.",
        config_schema={"factor": int},
        required_resource_keys={"api"},
        resource_defs={"api": 3},
        hooks={tell},
        io_manager_key="store",
        dagster_type=int,
        partitions_def=DailyPartitionsDefinition("2024-01-01"),
        op_tags={"cpu": {"cores": 2}},
        group_name="team/finance",
        output_required=True,
        automation_condition=AutomationCondition.eager(),
        backfill_policy=BackfillPolicy.multi_run(5),
        retry_policy=RetryPolicy(max_retries=1),
        code_version="7",
        check_specs=[AssetCheckSpec("positive", asset=["db", "schema", "table"])],
        owners=["team:finops", "a@example.com"],
        kinds={"python", "duckdb"},
        pool="database",
    )
    def made(context, up):
        if context.retry_number == 0:
            raise RuntimeError("once")
        yield Output(up + context.op_config["factor"] * context.resources.api)
        yield AssetCheckResult(check_name="positive", passed=True)

    day = DailyPartitionsDefinition("2024-01-01")
    others = [AssetSpec(name, partitions_def=day) for name in ("other", "one", "two", "three", "four")]
    run_config = {"ops": {"db__schema__table": {"config": {"factor": 5}}}}
    result = materialize(
        [made, *others], partition_key="2024-01-02", resources={"store": Stored()}, run_config=run_config
    )
    assert happened == [("db/schema/table", "2024-01-02", 35), "db__schema__table"]
    assert recorded(result).checks == {"db/schema/table:positive": True}
    spec = made.get_asset_spec()
    assert {dep.asset_key.to_user_string() for dep in spec.deps} == {"other", "one", "two", "three", "four"}
    assert (spec.description, spec.group_name, spec.code_version) == ("A table.", "team/finance", "7")
    assert spec.tags == {"domain": "finance", "dagster/kind/python": "", "dagster/kind/duckdb": ""}
    assert spec.automation_condition == AutomationCondition.eager()
    assert (made.op.tags, made.op.pool) == ({"cpu": '{"cores": 2}'}, "database")
    assert made.backfill_policy == BackfillPolicy.multi_run(5)


def test_a_basic_asset():
    @asset
    def my_asset():
        return [1, 2, 3]

    assert my_asset.key == AssetKey("my_asset")
    assert my_asset.op.name == "my_asset"
    assert materialize([my_asset]).output_for_node("my_asset") == [1, 2, 3]


def test_an_argument_is_loaded():
    @asset
    def upstream_asset():
        return pd.DataFrame({"column": [1, 2, 3]})

    @asset
    def downstream_asset(upstream_asset: pd.DataFrame) -> pd.DataFrame:
        return upstream_asset * 2

    result = materialize([upstream_asset, downstream_asset])
    assert list(result.output_for_node("downstream_asset")["column"]) == [2, 4, 6]


def test_a_dependency_that_is_no_argument_is_not_loaded():
    @asset
    def source_data():
        return {"data": [1, 2, 3]}

    @asset(deps=[source_data])
    def processed_data():
        return {"processed": True}

    result = materialize([processed_data, source_data])
    assert recorded(result).materialized == ["source_data", "processed_data"]
    assert result.output_for_node("processed_data") == {"processed": True}


def test_configuration():
    class MyAssetConfig(Config):
        api_key: str = Field(description="API key for external service")
        num_records: int = Field(default=100)

    @asset
    def configurable_asset(config: MyAssetConfig):
        return f"Fetched {config.num_records} records"

    def run(**config):
        run_config = {"ops": {"configurable_asset": {"config": config}}}
        return materialize([configurable_asset], run_config=run_config).output_for_node("configurable_asset")

    assert run(api_key="k") == "Fetched 100 records"
    assert run(api_key="k", num_records=7) == "Fetched 7 records"
    for wrong in ({}, {"api_key": "k", "num_records": "many"}, {"api_key": "k", "unknown": 1}):
        with pytest.raises(ConfigError):
            run(**wrong)


@pytest.mark.parametrize("should_materialize", [True, False])
def test_conditional_materialization(should_materialize):
    @asset(output_required=False)
    def conditional_asset():
        if should_materialize:
            yield Output(5)

    @asset
    def downstream_asset(conditional_asset):
        return conditional_asset + 1

    result = materialize([conditional_asset, downstream_asset])
    assert result.success
    assert recorded(result).materialized == (["conditional_asset", "downstream_asset"] if should_materialize else [])
    if should_materialize:
        assert result.output_for_node("downstream_asset") == 6


def test_metadata_and_tags():
    def calculate_metrics():
        return {"revenue": 12.5}

    @asset(
        metadata={"owner": "finance@example.com", "priority": "high", "docs": MetadataValue.url("https://example.com")},
        tags={"domain": "finance", "pii": "true"},
        group_name="finance_assets",
        owners=["team:data-platform"],
    )
    def important_asset():
        return calculate_metrics()

    [spec] = important_asset.specs
    assert spec.metadata["owner"] == "finance@example.com"
    assert spec.metadata["priority"] == "high"
    assert spec.tags == {"domain": "finance", "pii": "true"}
    assert spec.group_name == "finance_assets"
    assert list(spec.owners) == ["team:data-platform"]
    instance = Instance.ephemeral()
    result = materialize([important_asset], tags={"run": "mine"}, instance=instance)
    assert "domain" not in instance.get_run(result.run_id).tags
    assert recorded(result).metadata["important_asset"] == {}
    assert result.output_for_node("important_asset") == {"revenue": 12.5}


def test_a_partitioned_asset():
    sales = {"2024-01-01": [3, 4], "2024-01-02": [5]}

    def load_sales_for_date(date):
        return sales[date]

    @asset(partitions_def=DailyPartitionsDefinition(start_date="2024-01-01"))
    def daily_sales(context):
        partition_date = context.partition_key
        return load_sales_for_date(partition_date)

    for day, rows in sales.items():
        result = materialize([daily_sales], partition_key=day)
        assert result.output_for_node("daily_sales") == rows
        assert recorded(result).partitions == [day]


# The guide.


def test_assets_are_pickle_files_by_default(tmp_path):
    @asset(key_prefix="folder")
    def my_asset():
        return [1, 2, 3]

    materialize([my_asset], resources={"io_manager": FilesystemIOManager(base_dir=str(tmp_path))})
    [file] = [path for path in tmp_path.rglob("my_asset*") if path.is_file()]
    assert file.parent == tmp_path / "folder"
    assert pickle.loads(file.read_bytes()) == [1, 2, 3]


def test_tables_in_a_database(database):
    def execute_query(query):
        database.execute(query)

    @asset
    def sugary_cereals() -> None:
        execute_query("CREATE TABLE sugary_cereals AS SELECT * FROM cereals WHERE sugar > 10")

    @asset(deps=[sugary_cereals])
    def shopping_list() -> None:
        execute_query("CREATE TABLE shopping_list AS SELECT name FROM sugary_cereals")

    result = materialize([shopping_list, sugary_cereals])
    assert recorded(result).materialized == ["sugary_cereals", "shopping_list"]
    assert database.execute("SELECT * FROM shopping_list").fetchall() == [("loops",), ("puffs",)]


def test_an_argument_by_its_name():
    @asset
    def upstream_asset():
        return [1, 2, 3]

    @asset
    def downstream_asset(upstream_asset):
        return [*upstream_asset, 4]

    assert materialize([upstream_asset, downstream_asset]).output_for_node("downstream_asset") == [1, 2, 3, 4]


@pytest.mark.parametrize("asset_in", [AssetIn("upstream_asset"), AssetIn(key="upstream_asset")], ids=["place", "key"])
def test_an_argument_by_its_key(asset_in):
    @asset
    def upstream_asset():
        return [1, 2, 3]

    @asset(ins={"upstream": asset_in})
    def downstream_asset(upstream):
        return [*upstream, 4]

    assert materialize([upstream_asset, downstream_asset]).output_for_node("downstream_asset") == [1, 2, 3, 4]


def test_an_argument_by_a_key_of_several_segments():
    @asset(key_prefix="some_db_schema")
    def upstream_asset():
        return [1, 2, 3]

    @asset(ins={"upstream": AssetIn(key=["some_db_schema", "upstream_asset"])})
    def another_downstream_asset(upstream):
        return [*upstream, 10]

    result = materialize([upstream_asset, another_downstream_asset])
    assert result.output_for_node("another_downstream_asset") == [1, 2, 3, 10]


def test_a_source_asset_that_is_not_loaded(database):
    database.executescript("CREATE TABLE a_source_asset (n INTEGER); INSERT INTO a_source_asset VALUES (1), (2)")
    my_source_asset = SourceAsset(key=AssetKey("a_source_asset"))

    class Rows(list):
        def as_list(self):
            return [row[0] for row in self]

    def execute_query(query):
        return Rows(database.execute(query))

    @asset(deps=[my_source_asset])
    def my_derived_asset():
        return execute_query("SELECT * FROM a_source_asset").as_list() + [4]  # noqa: RUF005

    result = materialize([my_derived_asset, my_source_asset])
    assert recorded(result).materialized == ["my_derived_asset"]
    assert result.output_for_node("my_derived_asset") == [1, 2, 4]


def test_a_source_asset_that_an_io_manager_loads(database):
    class TableIOManager(IOManager):
        def handle_output(self, context, obj):
            name = context.asset_key.path[-1]
            database.execute(f"CREATE TABLE {name} (n INTEGER)")
            database.executemany(f"INSERT INTO {name} VALUES (?)", [(n,) for n in obj])

        def load_input(self, context):
            return [row[0] for row in database.execute(f"SELECT n FROM {context.asset_key.path[-1]}")]

    database.executescript("CREATE TABLE a_source_asset (n INTEGER); INSERT INTO a_source_asset VALUES (1), (2)")
    my_source_asset = SourceAsset(key=AssetKey("a_source_asset"), io_manager_key="tables")

    @asset(io_manager_key="tables")
    def my_derived_asset(a_source_asset):
        return [*a_source_asset, 4]

    result = materialize([my_derived_asset, my_source_asset], resources={"tables": TableIOManager()})
    assert result.output_for_node("my_derived_asset") == [1, 2, 4]


def test_an_asset_of_another_code_location(tmp_path):
    shared = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}

    @asset
    def code_location_1_asset():
        return 5

    code_location_1 = Definitions(assets=[code_location_1_asset], resources=shared)

    @asset
    def code_location_2_asset(code_location_1_asset):
        return code_location_1_asset + 6

    external = SourceAsset(key=AssetKey("code_location_1_asset"))
    code_location_2 = Definitions(assets=[code_location_2_asset, external], resources=shared)

    for location in (code_location_1, code_location_2):
        assert materialize(location.assets, resources=location.resources).success
    assert code_location_2.load_asset_value("code_location_2_asset") == 11


def test_an_api_endpoint_in_configuration(api):
    @asset
    def my_upstream_asset() -> int:
        return 5

    class MyDownstreamAssetConfig(Config):
        api_endpoint: str

    @asset
    def my_downstream_asset(config: MyDownstreamAssetConfig, my_upstream_asset: int) -> int:
        data = get_json(f"{config.api_endpoint}/data")
        return data["value"] + my_upstream_asset

    run_config = {"ops": {"my_downstream_asset": {"config": {"api_endpoint": api}}}}
    result = materialize([my_upstream_asset, my_downstream_asset], run_config=run_config)
    assert result.output_for_node("my_downstream_asset") == 42


def test_the_context_tells_the_run_and_logs():
    lines = []

    @asset
    def context_asset(context: AssetExecutionContext):
        context.log.info(f"My run ID is {context.run_id}")
        lines.append(context.run_id)

    result = materialize([context_asset])
    assert lines == [result.run_id]
    assert any(event.message == f"My run ID is {result.run_id}" for event in result.all_events)


@pytest.mark.parametrize(("drawn", "expected"), [(1, ["may_not_materialize", "downstream"]), (5, [])])
def test_an_asset_that_may_not_materialize(monkeypatch, drawn, expected):
    monkeypatch.setattr(random, "randint", lambda low, high: drawn)
    stored = {}

    class Watched(IOManager):
        def handle_output(self, context, obj):
            stored[context.asset_key.to_user_string()] = obj

        def load_input(self, context):
            return stored[context.asset_key.to_user_string()]

    @asset(output_required=False)
    def may_not_materialize():
        if random.randint(1, 10) < 5:
            yield Output([1, 2, 3, 4])

    @asset
    def downstream(may_not_materialize):
        return [*may_not_materialize, 5]

    resources = {"io_manager": Watched()}
    result = materialize([may_not_materialize, downstream], resources=resources)
    assert result.success
    assert recorded(result).materialized == list(stored) == expected


def code_versions(result):
    """Asset -> code version of its materialization."""
    return {e.asset: e.data.get("code_version") for e in result.all_events if str(e.type) == "ASSET_MATERIALIZATION"}


def test_a_materialization_carries_the_code_version():
    @asset(code_version="1")
    def asset_with_version():
        return 100

    @asset
    def asset_without_version():
        return 100

    result = materialize([asset_with_version, asset_without_version])
    assert code_versions(result) == {"asset_with_version": "1", "asset_without_version": None}


def test_outputs_of_a_multi_asset_carry_their_own_code_versions():
    @multi_asset(outs={"a": AssetOut(code_version="1"), "b": AssetOut(code_version="2")})
    def multi_asset_with_versions():
        yield Output(100, output_name="a")
        yield Output(200, output_name="b")

    assert code_versions(materialize([multi_asset_with_versions])) == {"a": "1", "b": "2"}


def test_assets_and_jobs_in_one_code_location():
    @asset
    def number_asset():
        return [1, 2, 3]

    number_asset_job = define_asset_job(name="number_asset_job", selection="number_asset")
    defs = Definitions(assets=[number_asset], jobs=[number_asset_job])
    result = defs.resolve_job_def("number_asset_job").execute_in_process()
    assert recorded(result).materialized == ["number_asset"]
    with Instance.ephemeral() as instance:
        assert instance.submit_job(defs, "number_asset_job").wait(30).status == "SUCCESS"


MODULE = """
from assetq import asset

@asset
def {0}():
    return 1

@asset
def {1}({0}):
    return {0} + 1
"""


def test_a_module_of_assets_is_a_code_location(project):
    (project / "module_with_assets.py").write_text(MODULE.format("one", "two") + "\n\nmore = [one, two]\n")
    defs = load_definitions("module_with_assets", None)
    assert {item.key.to_user_string() for item in defs.assets} == {"one", "two"}
    assert materialize(defs.assets).output_for_node("two") == 2


LAZY = """
from assetq import Definitions, asset
from assetq.dagster import definitions

@asset
def one():
    return 1

@definitions
def defs():
    return Definitions([one])
"""


def test_a_module_whose_definitions_are_made_when_it_is_loaded(project):
    (project / "module_of_a_function.py").write_text(LAZY)
    defs = load_definitions("module_of_a_function", None)
    assert materialize(defs.assets).output_for_node("one") == 1


def test_assets_without_a_group_are_in_the_default_group():
    @asset
    def alone(): ...

    defs = Definitions([alone])
    assert defs.graph.get("alone").group_name == "default"


@pytest.fixture
def cereal(project):
    """A package with assets in two modules."""
    package = project / "my_package" / "cereal"
    package.mkdir(parents=True)
    (project / "my_package" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "raw.py").write_text(MODULE.format("cereals", "sugary_cereals"))
    (package / "lists.py").write_text(MODULE.format("shops", "shopping_list"))
    return package


def test_a_group_of_a_package(cereal):
    from my_package import cereal as module

    cereal_assets = load_assets_from_package_module(module, group_name="cereal_assets")
    assert {item.key.to_user_string() for item in cereal_assets} == {
        "cereals",
        "sugary_cereals",
        "shops",
        "shopping_list",
    }
    assert {spec.group_name for item in cereal_assets for spec in item.specs} == {"cereal_assets"}
    assert materialize(cereal_assets, selection='group:"cereal_assets"').success


def test_a_group_is_not_given_twice(cereal):
    (cereal / "own.py").write_text("from assetq import asset\n\n\n@asset(group_name='own')\ndef other(): ...\n")
    from my_package import cereal as module

    with pytest.raises(DefinitionError, match="Group name already exists on assets"):
        load_assets_from_package_module(module, group_name="cereal_assets")
    assert len(load_assets_from_package_module(module)) == 5


def test_an_asset_is_called_in_a_unit_test():
    @asset
    def my_simple_asset():
        return [1, 2, 3]

    @asset
    def more_complex_asset(my_simple_asset):
        return [*my_simple_asset, 4, 5, 6]

    assert my_simple_asset() == [1, 2, 3]
    assert more_complex_asset([0]) == [0, 4, 5, 6]
    assert more_complex_asset(my_simple_asset=[0]) == [0, 4, 5, 6]


class MyConfig(Config):
    api_url: str


class MyAPIResource(ConfigurableResource):
    def query(self, url):
        return get_json(url)


@asset
def uses_config_and_resource(config: MyConfig, my_api: MyAPIResource):
    return my_api.query(config.api_url)


def test_config_and_resource_are_given_in_a_unit_test(api):
    result = uses_config_and_resource(config=MyConfig(api_url=f"{api}/facts"), my_api=MyAPIResource())
    assert result == {"foo": "bar"}


def test_config_and_resource_are_provided_in_a_run(api):
    run_config = {"ops": {"uses_config_and_resource": {"config": {"api_url": f"{api}/facts"}}}}
    result = materialize([uses_config_and_resource], run_config=run_config, resources={"my_api": MyAPIResource()})
    assert result.output_for_node("uses_config_and_resource") == {"foo": "bar"}


@pytest.mark.parametrize("build", [build_op_context, build_asset_context])
def test_a_context_is_built_for_a_unit_test(build):
    @asset
    def uses_context(context: AssetExecutionContext):
        context.log.info(f"My run ID is {context.run_id}")
        return "bar"

    assert uses_context(build()) == "bar"


def test_a_context_is_built_with_resources():
    @asset(required_resource_keys={"my_api"})
    def uses_resources(context):
        return type(context.resources.my_api).__name__

    assert uses_resources(build_op_context(resources={"my_api": MyAPIResource()})) == "MyAPIResource"


def test_an_asset_is_loaded_outside_of_a_run(tmp_path):
    @asset
    def asset1():
        return [1, 2, 3]

    resources = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}
    defs = Definitions(assets=[asset1], resources=resources)
    materialize(defs.assets, resources=resources)
    assert defs.load_asset_value(AssetKey("asset1")) == [1, 2, 3]
    assert defs.load_asset_value("asset1", python_type=list) == [1, 2, 3]


@pytest.mark.parametrize("prefix", [["one", "two", "three"], "one/two/three"], ids=["list", "text"])
def test_a_key_of_several_segments(prefix):
    @asset(key_prefix=prefix)
    def upstream_asset():
        return [1, 2, 3]

    @asset(ins={"upstream_asset": AssetIn(key_prefix="one/two/three")})
    def downstream_asset(upstream_asset):
        return [*upstream_asset, 4]

    assert upstream_asset.key == AssetKey(["one", "two", "three", "upstream_asset"])
    result = materialize([upstream_asset, downstream_asset])
    assert result.output_for_node("downstream_asset") == [1, 2, 3, 4]
    assert result.asset_value(AssetKey(["one", "two", "three", "upstream_asset"])) == [1, 2, 3]


def test_metadata_of_an_output():
    @asset
    def table1() -> Output[pd.DataFrame]:
        df = pd.DataFrame({"col1": [1, 2], "col2": [3, 4]})
        return Output(df, metadata={"num_rows": df.shape[0]})

    result = materialize([table1])
    assert recorded(result).metadata["table1"] == {"num_rows": 2}
    assert result.output_for_node("table1").shape == (2, 2)


def test_metadata_without_a_value(database):
    @asset
    def table1() -> Output[None]:
        database.executescript("CREATE TABLE table1 AS SELECT * FROM cereals")
        return Output(None, metadata={"num_rows": 25})

    assert recorded(materialize([table1])).metadata["table1"] == {"num_rows": 25}


def test_metadata_of_an_io_manager(tmp_path):
    class BytesIOManager(IOManager):
        def handle_output(self, context, obj):
            file = tmp_path / context.asset_key.path[-1]
            context.add_output_metadata({"num_bytes": file.write_bytes(obj)})

        def load_input(self, context):
            return (tmp_path / context.asset_key.path[-1]).read_bytes()

    @asset
    def short():
        return b"abc"

    @asset
    def long(short):
        return Output(short * 3, metadata={"copies": 3})

    result = materialize([short, long], resources={"io_manager": BytesIOManager()})
    assert recorded(result).metadata == {"short": {"num_bytes": 3}, "long": {"num_bytes": 9, "copies": 3}}


def test_metadata_of_a_definition():
    @asset(metadata={"owner": "alice@example.com", "priority": 10})
    def my_asset():
        return 1

    assert dict(next(iter(my_asset.specs)).metadata) == {"owner": "alice@example.com", "priority": 10}
