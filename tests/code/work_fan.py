"""A dynamic output with as many values as a file says, two ops mapped over each, and a collect."""

import errno
import os
import time
from pathlib import Path

import sabotage
import trail

from assetq import Definitions, DynamicOut, DynamicOutput, Failure, RetryPolicy, graph_asset, op

HOME = Path(os.environ.get("TRAIL_FILE", "/tmp/trail")).parent
STEP_S = float(os.environ.get("WORK_STEP_S", "0"))
COUNT = 100
again = RetryPolicy(max_retries=1000, delay=0.02)


def told(name: str, default: str = "") -> str:
    """What the test has written into a file beside the trail."""
    path = HOME / name
    return path.read_text() if path.exists() else default


@op(out=DynamicOut(), retry_policy=again)
def many(context):
    with trail.attempt("summed.many", "-"):
        count = int(told("count", str(COUNT)))
    for number in range(count):
        yield DynamicOutput(number, mapping_key=f"k{number}")


@op(pool="narrow", retry_policy=again)
def doubled(context, x):
    key = context.get_mapping_key()
    with trail.attempt("summed.doubled", key):
        time.sleep(STEP_S)
    if context.retry_number == 0 and x % 7 == 3:
        raise RuntimeError("not at the first try")
    return 2 * x


@op(retry_policy=again)
def checked(context, x):
    key = context.get_mapping_key()
    with trail.attempt("summed.checked", key):
        time.sleep(STEP_S)
    if told("talks"):
        print(f"checks {key}")
    if key in told("bad").split():
        raise Failure(f"{key} is bad", allow_retries=False)
    return x


@op(retry_policy=again)
def total(numbers):
    with trail.attempt("summed.total", "-"):
        return sum(numbers)


@graph_asset
def summed():
    return total(many().map(doubled).map(checked).collect())


LIMIT = 2
POOLED = "summed.doubled"
REASONS = ("not at the first try", os.strerror(errno.ENOSPC), os.strerror(errno.EFBIG))
ASSETS = {"summed": 1}
STEPS = 2 + 2 * COUNT

defs = Definitions([summed], resources={"io_manager": sabotage.LeakyIOManager()}, pools={"narrow": LIMIT})


def expected() -> dict[str, int]:
    """Relative path of every output, and the value that must stand in it."""
    return {"summed": 2 * sum(range(COUNT))}


def tell(name: str, text: str) -> None:
    """Write what the workers are told."""
    (HOME / name).write_text(text)
