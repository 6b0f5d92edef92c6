"""A chain of fifty steps that note when they begin and end, as assets and as bare Celery's tasks."""

import os
import time

from celery import Celery

from assetq import AssetExecutionContext, Definitions, asset

LENGTH = 50

app = Celery("bare", broker=os.environ.get("BENCH_BROKER", "redis://"))
app.conf.update(task_serializer="msgpack", accept_content=["msgpack"], task_ignore_result=True)


def note(path: str, began: float) -> None:
    with open(path, "a") as file:
        file.write(f"{began!r} {time.time()!r}\n")


@app.task(name="link")
def link(path: str) -> None:
    """One link of the bare chain."""
    note(path, time.time())


def made(number: int):  # type: ignore[no-untyped-def]
    @asset(name=f"link_{number}", deps=[f"link_{number - 1}"] if number else [])
    def one(context: AssetExecutionContext) -> None:
        note(os.path.join(os.environ["ASSETQ_STORAGE"], f"chain-{context.run_id}"), time.time())

    return one


defs = Definitions([made(number) for number in range(LENGTH)])
