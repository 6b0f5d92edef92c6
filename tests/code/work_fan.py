"""A dynamic output with as many values as a file says, two ops mapped over each, and a collect."""

import os
import time
from pathlib import Path

import trail

from assetq import Definitions, DynamicOut, DynamicOutput, RetryPolicy, define_asset_job, graph_asset, op

HOME = Path(os.environ.get("TRAIL_FILE", "/tmp/trail")).parent
STEP_S = float(os.environ.get("WORK_STEP_S", "0"))
COUNT = 40
again = RetryPolicy(max_retries=1000, delay=0.02)


def told(name: str, default: str = "") -> str:
    """What the test has written into a file beside the trail."""
    path = HOME / name
    return path.read_text() if path.exists() else default


@op(out=DynamicOut(), retry_policy=again)
def many(context):
    with trail.attempt("many", "-"):
        count = int(told("count", str(COUNT)))
    for number in range(count):
        yield DynamicOutput(number, mapping_key=f"k{number}")
    if told("fails") == "many":
        raise SystemExit("not now")


@op(pool="narrow", retry_policy=again)
def doubled(context, x):
    key = context.get_mapping_key()
    with trail.attempt("doubled", key):
        time.sleep(STEP_S)
    if context.retry_number == 0 and x % 7 == 3:
        raise RuntimeError("not at the first try")
    return 2 * x


@op
def checked(context, x):
    key = context.get_mapping_key()
    with trail.attempt("checked", key):
        time.sleep(STEP_S)
    if key in told("bad").split():
        raise ValueError(f"{key} is bad")
    return x


@op
def total(numbers):
    with trail.attempt("total", "-"):
        return sum(numbers)


@graph_asset
def summed():
    return total(many().map(doubled).map(checked).collect())


LIMIT = 3
defs = Definitions(assets=[summed], jobs=[define_asset_job("sum_it", "summed")], pools={"narrow": LIMIT})


def tell(name: str, text: str) -> None:
    """Write what the workers are told."""
    (HOME / name).write_text(text)
