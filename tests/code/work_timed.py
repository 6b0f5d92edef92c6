"""Steps that take time and write when they ran."""

import os
import time

import trail

from assetq import AssetExecutionContext, Definitions, RetryPolicy, StaticPartitionsDefinition, asset

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(60)])


@asset(partitions_def=some, pool="enrich")
def limited(context: AssetExecutionContext) -> None:
    with trail.interval(context.partition_key):
        time.sleep(0.1)


@asset(partitions_def=some)
def free(context: AssetExecutionContext) -> str:
    with trail.interval(context.partition_key):
        time.sleep(0.05)
    return context.partition_key


@asset
def long() -> None:
    trail.write("long 0 0")
    time.sleep(60)


@asset
def long_in_a_loop() -> None:
    trail.write("loop 0 0")
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


@asset(retry_policy=RetryPolicy(max_retries=2, delay=0.05))
def flaky(context: AssetExecutionContext) -> int:
    trail.write("flaky 0 0")
    if context.retry_number < 2:
        raise ValueError(f"try {context.retry_number}")
    return context.retry_number


@asset
def broken() -> None:
    raise RuntimeError("this one is broken")


@asset(deps=[broken])
def after_broken() -> None:
    trail.write("after_broken 0 0")


@asset
def poison() -> None:
    trail.write("poison 0 0")
    os.kill(os.getpid(), 9)


@asset
def segfault() -> None:
    trail.write("segfault 0 0")
    os.kill(os.getpid(), 11)


@asset
def leaves() -> None:
    trail.write("leaves 0 0")
    os._exit(7)


@asset
def crashes_once() -> None:
    trail.write("crashes_once 0 0")
    if len(trail.read()) == 1:
        os.kill(os.getpid(), 9)


defs = Definitions(
    [limited, free, long, long_in_a_loop, flaky, broken, after_broken, poison, segfault, leaves, crashes_once]
)
