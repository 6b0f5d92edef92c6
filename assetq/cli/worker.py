"""`worker` and `workers`."""

from __future__ import annotations

import os

import click

from assetq.broker.settings import Settings
from assetq.cli.group import Group
from assetq.cli.option import Code, code_options, connect, json_option
from assetq.cli.output import print_json, print_table
from assetq.execution.event import iso


@click.command()
@code_options
@click.option("--pools", default="", help="Pools to serve, comma-separated; by default all that the code names.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="cores",
    help="Processes or threads: steps at once.",
)
@click.option("--pool", "pool_class", default="prefork", show_default=True, help="prefork, threads or solo.")
@click.option("--name", help="Unique in the fleet.")
def worker(
    module: str | None, file: str | None, pools: str, concurrency: int, pool_class: str, name: str | None
) -> int:
    """Run one worker until it is told to stop."""
    from assetq.workers.launch import run_worker

    settings = Settings.load()
    code = Code.choose(module, file, settings)
    chosen = [pool.strip() for pool in pools.split(",") if pool.strip()]
    return run_worker(code.module, code.file, chosen, concurrency, pool_class, name, settings)


@click.group(cls=Group)
def workers() -> None:
    """The fleet."""


@workers.command("list")
@json_option
def list_workers(as_json: bool) -> None:
    """Live workers and what they run."""
    with connect() as instance:
        records = instance.list_workers()
    if as_json:
        print_json([record.to_json() for record in records])
        return
    rows = [(r.name, r.host, r.pid, r.pools, r.concurrency, iso(r.started_at_ms), r.running) for r in records]
    columns = ("WORKER", "HOST", "PID", "POOLS", "CONCURRENCY", "STARTED", "RUNNING")
    print_table(columns, rows, "No worker is alive. Start one with `assetq worker -m MODULE`.")
