"""Every example of the page "Graph-Backed Assets" (seed 002), as its reader would type it."""

import sqlite3

import pytest

import assetq.dagster as dg
from assetq import (
    AssetOut,
    AssetsDefinition,
    Definitions,
    OpExecutionContext,
    Out,
    Output,
    asset,
    define_asset_job,
    graph,
    graph_asset,
    graph_multi_asset,
    materialize,
    op,
)
from assetq.execution import EventType


def made(result) -> list[str]:
    return sorted(event.asset for event in result.get_asset_materialization_events())


def ran(result) -> list[str]:
    return [event.step_key.rpartition(".")[2] for event in result.get_step_success_events()]


class SlackResource(dg.ConfigurableResource):
    """Stands for dagster_slack's: the part of its client that the page uses."""

    channel: str

    def get_client(self):
        return self

    def files_list(self, channel: str):
        assert channel == self.channel
        return [{"id": 1, "created": 2, "title": "t", "permalink": "p"}]


def test_slack_files_table(tmp_path):
    database = tmp_path / "files.db"

    @op
    def fetch_files_from_slack(slack: SlackResource) -> list[dict]:
        files = slack.get_client().files_list(channel="#random")
        return [{name: file.get(name) for name in ("id", "created", "title", "permalink")} for file in files]

    @op
    def store_files(files):
        with sqlite3.connect(database) as connection:
            connection.execute("create table slack_files (id, created, title, permalink)")
            rows = [tuple(file.values()) for file in files]
            connection.executemany("insert into slack_files values (?, ?, ?, ?)", rows)
        return len(rows)

    @graph_asset
    def slack_files_table():
        return store_files(fetch_files_from_slack())

    result = materialize([slack_files_table], resources={"slack": SlackResource(channel="#random")})
    assert ran(result) == ["fetch_files_from_slack", "store_files"]
    assert result.asset_value("slack_files_table") == 1
    with sqlite3.connect(database) as connection:
        assert connection.execute("select title from slack_files").fetchall() == [("t",)]


def test_managed_loading_dependencies():
    @asset
    def upstream_asset():
        return 1

    @op
    def add_one(input_num):
        return input_num + 1

    @op
    def multiply_by_two(input_num):
        return input_num * 2

    @graph_asset
    def middle_asset(upstream_asset):
        return multiply_by_two(add_one(upstream_asset))

    @asset
    def downstream_asset(middle_asset):
        return middle_asset + 7

    result = materialize([upstream_asset, middle_asset, downstream_asset])
    assert result.asset_value("downstream_asset") == 11


def test_two_assets():
    @asset
    def upstream_asset():
        return 1

    @op(out={"one": Out(), "two": Out()})
    def two_outputs(upstream):
        return upstream + 1, upstream + 2

    @graph_multi_asset(outs={"first_asset": AssetOut(), "second_asset": AssetOut()})
    def two_assets(upstream_asset):
        one, two = two_outputs(upstream_asset)
        return {"first_asset": one, "second_asset": two}

    result = materialize([upstream_asset, two_assets])
    assert (result.asset_value("first_asset"), result.asset_value("second_asset")) == (2, 3)


def test_from_graph_powers_several_assets():
    @op
    def one():
        return 1

    @graph
    def shared():
        return one()

    names = ("left", "right")
    assets = [AssetsDefinition.from_graph(shared, keys_by_output_name={"result": dg.AssetKey(name)}) for name in names]
    assert made(materialize(assets)) == ["left", "right"]


@op(out={"foo_1": Out(is_required=False), "foo_2": Out(is_required=False)})
def foo(context: OpExecutionContext, bar_1):
    # Selectively returns outputs based on selected assets
    if "foo_1" in context.selected_output_names:
        yield Output(bar_1 + 1, output_name="foo_1")
    if "foo_2" in context.selected_output_names:
        yield Output(bar_1 + 2, output_name="foo_2")


@op(out={"bar_1": Out(), "bar_2": Out()})
def bar():
    return 1, 2


@op
def baz(foo_2, bar_2):
    return foo_2 + bar_2


@graph_multi_asset(outs={"foo_asset": AssetOut(), "baz_asset": AssetOut()}, can_subset=True)
def my_graph_assets():
    bar_1, bar_2 = bar()
    foo_1, foo_2 = foo(bar_1)
    return {"foo_asset": foo_1, "baz_asset": baz(foo_2, bar_2)}


defs = Definitions(assets=[my_graph_assets], jobs=[define_asset_job("graph_asset")])


@pytest.mark.parametrize(
    ("selection", "assets", "ops"),
    [
        (["foo_asset"], ["foo_asset"], ["bar", "foo"]),
        (["baz_asset"], ["baz_asset"], ["bar", "foo", "baz"]),
        (["foo_asset", "baz_asset"], ["baz_asset", "foo_asset"], ["bar", "foo", "baz"]),
    ],
)
def test_subsets(selection, assets, ops):
    result = materialize([my_graph_assets], selection=selection)
    assert (made(result), ran(result)) == (assets, ops)


def test_the_job_of_the_page():
    result = defs.resolve_job_def("graph_asset").execute_in_process()
    assert made(result) == ["baz_asset", "foo_asset"]


def test_a_subset_of_what_cannot_be_subset_is_an_error():
    @graph_multi_asset(outs={"foo_asset": AssetOut(), "baz_asset": AssetOut()})
    def whole():
        bar_1, bar_2 = bar()
        foo_1, foo_2 = foo(bar_1)
        return {"foo_asset": foo_1, "baz_asset": baz(foo_2, bar_2)}

    with pytest.raises(dg.DagsterInvalidSubsetError, match="baz_asset"):
        materialize([whole], selection=["foo_asset"])


def test_an_output_that_is_not_optional_materializes_unexpectedly():
    @op(out={"foo_1": Out(), "foo_2": Out()})
    def foo():
        return 1, 2

    # Will unexpectedly materialize foo_asset
    @graph_multi_asset(outs={"foo_asset": AssetOut(), "baz_asset": AssetOut()}, can_subset=True)
    def my_graph_assets():
        foo_1, foo_2 = foo()
        return {"foo_asset": foo_1, "baz_asset": baz(foo_2, foo_2)}

    result = materialize([my_graph_assets], selection=["baz_asset"])
    assert made(result) == ["baz_asset", "foo_asset"]
    warnings = [e for e in result.all_events if e.type is EventType.LOG and e.data["level"] == "WARNING"]
    assert [event.asset for event in warnings] == ["foo_asset"]
    assert "foo_1" in warnings[0].message


def test_an_output_that_is_read_and_not_selected_is_no_asset():
    @op
    def one():
        return 1

    @op
    def same(x):
        return x

    @graph_multi_asset(outs={"first": AssetOut(), "second": AssetOut()}, can_subset=True)
    def both():
        x = one()
        return {"first": x, "second": same(x)}

    result = materialize([both], selection=["second"])
    assert (made(result), ran(result)) == (["second"], ["one", "same"])
    assert result.asset_value("second") == 1
