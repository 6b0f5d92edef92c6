"""A graph of six ops whose fourth fails until a file is there; each op notes that it ran, and where."""

import os
from pathlib import Path

from assetq import (
    AssetOut,
    Definitions,
    OpExecutionContext,
    Out,
    Output,
    define_asset_job,
    graph_asset,
    graph_multi_asset,
    job,
    op,
)

TRAIL = Path(os.environ.get("TRAIL_FILE", "/tmp/trail"))


def note(name: str) -> None:
    with TRAIL.open("a") as file:
        file.write(f"{name} {os.getpid()}\n")


def ran() -> list[tuple[str, int]]:
    lines = TRAIL.read_text().splitlines() if TRAIL.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines]


def is_mended() -> bool:
    return TRAIL.with_name("mended").exists()


def mend() -> None:
    TRAIL.with_name("mended").touch()


@op(config_schema={"start": int})
def first(context):
    note("first")
    return context.op_config["start"]


@op
def second(x):
    note("second")
    return x + 10


@op
def third(x):
    note("third")
    return x + 100


@op
def fourth(a, b):
    note("fourth")
    if not is_mended():
        raise ValueError("not mended")
    return a + b


@op(pool="narrow")
def fifth(x):
    note("fifth")
    return x * 2


@op
def sixth(x, y):
    note("sixth")
    return x + y


@graph_asset
def six():
    start = first()
    b, c = second(start), third(start)
    d = fourth(b, c)
    return sixth(fifth(d), c)


@job(config={"ops": {"first": {"config": {"start": 1}}}})
def six_job():
    start = first()
    b, c = second(start), third(start)
    d = fourth(b, c)
    sixth(fifth(d), c)


@op(out={"bar_1": Out(), "bar_2": Out()})
def bar():
    return 1, 2


@op(out={"foo_1": Out(is_required=False), "foo_2": Out(is_required=False)})
def foo(context: OpExecutionContext, bar_1):
    if "foo_1" in context.selected_output_names:
        yield Output(bar_1 + 1, output_name="foo_1")
    if "foo_2" in context.selected_output_names:
        yield Output(bar_1 + 2, output_name="foo_2")


@op
def baz(foo_2, bar_2):
    return foo_2 + bar_2


@graph_multi_asset(outs={"foo_asset": AssetOut(), "baz_asset": AssetOut()}, can_subset=True)
def my_graph_assets():
    bar_1, bar_2 = bar()
    foo_1, foo_2 = foo(bar_1)
    return {"foo_asset": foo_1, "baz_asset": baz(foo_2, bar_2)}


defs = Definitions(assets=[six, my_graph_assets], jobs=[six_job, define_asset_job("page", "baz_asset")])
