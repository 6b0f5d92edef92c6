"""Steps that print and log."""

import logging
import os
import subprocess
import sys
import time

import trail

from assetq import AssetExecutionContext, Definitions, RetryPolicy, StaticPartitionsDefinition, asset

three = StaticPartitionsDefinition(["a", "b", "c"])


@asset
def chatty(context: AssetExecutionContext) -> None:
    print("to stdout: grüße")
    print("to stderr", file=sys.stderr)
    context.log.info("to the context")
    logging.getLogger("my.module").warning("to a logger")
    subprocess.run(["sh", "-c", "echo from a subprocess; echo and its stderr >&2"], check=True)
    sys.stdout.write("half a line")


@asset
def silent() -> None: ...


@asset
def logs_only(context: AssetExecutionContext) -> None:
    context.log.info("only the context")


@asset(retry_policy=RetryPolicy(max_retries=1))
def prints_twice(context: AssetExecutionContext) -> None:
    print(f"attempt {context.retry_number}")
    if context.retry_number == 0:
        raise ValueError("once more")


@asset(partitions_def=three)
def parts(context: AssetExecutionContext) -> None:
    for number in range(50):
        print(f"{context.partition_key} {number}")
        time.sleep(0.001)


@asset
def long_talk() -> None:
    print("it begins")
    trail.write("long_talk 0 0")
    while not os.path.exists(os.environ["TRAIL_FILE"] + ".end"):
        time.sleep(0.02)
    print("it ends")


@asset
def much() -> None:
    for number in range(200_000):
        print(f"line {number} {'x' * 60}")


@asset
def last_words() -> None:
    print("I was here")
    os.kill(os.getpid(), 9)


defs = Definitions([chatty, silent, logs_only, prints_twice, parts, long_talk, much, last_words])
