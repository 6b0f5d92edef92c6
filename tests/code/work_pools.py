"""Steps that hold slots of one pool, of two, or several of one; every body writes when it ran."""

import time

import trail

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(20)])


def timed(context: AssetExecutionContext, kind: str) -> None:
    with trail.interval(f"{kind}/{context.partition_key}"):
        time.sleep(0.04)


@asset(partitions_def=some, pool="db")
def light(context: AssetExecutionContext) -> None:
    timed(context, "light")


@asset(partitions_def=some, pool={"db": 2, "api": 1})
def heavy(context: AssetExecutionContext) -> None:
    timed(context, "heavy")


@asset(partitions_def=some, pool="api")
def calls(context: AssetExecutionContext) -> None:
    timed(context, "calls")


defs = Definitions([light, heavy, calls], pools={"db": 3, "api": 2})
