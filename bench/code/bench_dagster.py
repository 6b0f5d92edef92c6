"""The same work for both: assets that do nothing, in a chain, beside each other, in a hundred partitions."""

from importlib import import_module
from importlib.util import find_spec
from os import environ
from typing import Any

dg: Any = import_module(environ.get("BENCH_LIBRARY", "dagster"))
partitions = dg.StaticPartitionsDefinition([f"p{number:03d}" for number in range(100)])


def nothing(name: str, **options: Any) -> Any:
    def body() -> None:
        """Nothing."""

    return dg.asset(name=name, **options)(body)


def chain(length: int) -> list[Any]:
    """Each reads the one before."""
    return [nothing(f"c{n:03d}", deps=[f"c{n - 1:03d}"] if n else []) for n in range(length)]


def independent(count: int) -> list[Any]:
    """None reads another."""
    return [nothing(f"i{n:04d}") for n in range(count)]


def on_celery(assets: list[Any]) -> list[Any]:
    """The job on Dagster's Celery executor, where that is installed."""
    if dg.__name__ != "dagster" or not find_spec("dagster_celery"):
        return []
    executor = import_module("dagster_celery").celery_executor
    return [dg.define_asset_job("fifty_on_celery", selection=assets, executor_def=executor)]


partitioned = nothing("partitioned", partitions_def=partitions)
at_once = nothing("at_once", partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
fifty = independent(50)
defs = dg.Definitions(
    assets=[partitioned, at_once, *fifty],
    jobs=[
        dg.define_asset_job("fifty", selection=fifty),
        *on_celery(fifty),
    ],
)
