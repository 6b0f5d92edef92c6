"""`demo`: the flights example from end to end, on a server and workers of its own."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings
from assetq.cli.dev import interrupt_on_term, running_workers
from assetq.cli.option import Code
from assetq.cli.output import exit_code_of, print_json, summary
from assetq.errors import UsageError
from assetq.execution import Instance, RunRecord

EXAMPLE = Path("examples") / "flights"
WORKERS, PROCESSES = 2, 2
POOL, LIMIT = "enrich", 2


def find_example() -> Path:
    """Folder of the flights example, in a checkout of assetq.

    Raises:
        UsageError: There is none here.
    """
    root = Path(__file__).resolve().parents[2]
    for base in (Path.cwd(), root):
        if (base / EXAMPLE / "pyproject.toml").is_file():
            return (base / EXAMPLE).resolve()
    raise UsageError("The demo runs the example in examples/flights of a checkout of assetq; none is here.")


@click.command()
@click.option(
    "--directory",
    type=click.Path(path_type=Path),
    default=Path(".assetq/demo"),
    show_default=True,
    help="Where results go.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the totals as JSON.")
def demo(directory: Path, as_json: bool) -> int:
    """Backfill the flights of 2013 with two workers; a report at the end."""
    interrupt_on_term()
    example, home = find_example(), directory.resolve()
    storage = home / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(example))
    with EmbeddedServer(home, publish=False, tied=True) as server:
        environment = {
            "ASSETQ_REDIS_URL": server.url,
            "ASSETQ_STORAGE": str(storage),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(example), os.environ.get("PYTHONPATH")])),
            "ASSETQ_LOG_LEVEL": os.environ.get("ASSETQ_LOG_LEVEL", "INFO"),
        }
        os.environ.update(environment)
        click.echo(
            f"Server at {server.url}; {WORKERS} workers with {PROCESSES} processes each; logs in {home}", err=True
        )
        with running_workers(Code("flights", None), WORKERS, PROCESSES, environment, log_folder=home):
            record, seconds = _backfill(Settings.load())
    totals = import_module("flights").totals(str(storage))
    _report(record, totals, seconds, as_json)
    return exit_code_of(record)


def _backfill(settings: Settings) -> tuple[RunRecord, float]:
    from assetq.cli.progress import watch

    with Instance.connect(settings.redis_url, namespace=settings.namespace) as instance:
        instance.set_pool_limit(POOL, LIMIT)
        _await_workers(instance)
        began = time.monotonic()
        handle = instance.submit(
            Code("flights", None).load(), selection="*", partitions="all", tags={"demo": "flights"}
        )
        click.echo(f"Run {handle.run_id}", err=True)
        record = watch(instance, handle.run_id)
        return record, time.monotonic() - began


def _await_workers(instance: Instance) -> None:
    deadline = time.monotonic() + 30
    while len(instance.list_workers()) < WORKERS and time.monotonic() < deadline:
        time.sleep(0.05)


def _report(record: RunRecord, totals: dict[str, Any], seconds: float, as_json: bool) -> None:
    if as_json:
        print_json({**totals, "run": record.to_json(), "seconds": round(seconds, 2)})
        return
    click.echo(summary(record))
    click.echo(
        f"  {record.steps.total:,} steps in {seconds:.1f} s on {WORKERS} workers with {PROCESSES} processes each, "
        f"at most {LIMIT} at once in pool '{POOL}'"
    )
    click.echo(f"  {totals['raw_flights_rows']:,} flights in {totals['raw_flights_partitions']} daily partitions")
    click.echo(f"  {totals['carriers']} carriers, {totals['monthly_partitions']} monthly partitions")
    click.echo(f"  Report: {totals['report']}")
    click.echo(f"  Plot:   {totals['plot']}")
