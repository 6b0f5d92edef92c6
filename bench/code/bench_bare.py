"""A bare Celery app with a task that does nothing."""

import os

from celery import Celery

app = Celery("bare", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_serializer="msgpack",
    accept_content=["msgpack"],
    task_ignore_result=True,
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "4")),
    task_acks_late=False,
    worker_hijack_root_logger=False,
)


@app.task(name="nothing")
def nothing(number: int) -> None:
    """Nothing."""
