"""Steps that hold slots of one pool, of two, or several of one; every body writes when it ran."""

import time

import trail

from assetq import AssetExecutionContext, Definitions, MultiPartitionsDefinition, StaticPartitionsDefinition, asset

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


customers, parts = StaticPartitionsDefinition(["acme", "bolt", "cook"]), StaticPartitionsDefinition(list("abcdef"))
two = MultiPartitionsDefinition({"customer": customers, "part": parts})


@asset(partitions_def=two, concurrency_key="customer")
def served(context: AssetExecutionContext) -> None:
    with trail.interval(context.partition_key.keys_by_dimension["customer"]):
        time.sleep(0.04)


defs = Definitions([light, heavy, calls, served], pools={"db": 3, "api": 2})
