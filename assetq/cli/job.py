"""`jobs`: what can be launched by its name."""

from __future__ import annotations

import click

from assetq.broker.settings import Settings
from assetq.cli.group import Group
from assetq.cli.option import (
    Code,
    code_options,
    connect,
    json_option,
    parse_tags,
    partition_options,
    read_config,
    tag_option,
)
from assetq.cli.output import exit_code_of, print_json, print_table
from assetq.cli.submit import show_run
from assetq.definitions import Definitions, JobDefinition
from assetq.planning import PartitionScope


@click.group(cls=Group)
def jobs() -> None:
    """Jobs: list them, launch one by its NAME."""


def job_json(job: JobDefinition) -> dict[str, object]:
    """A job as `--json` prints it."""
    return {
        "job": job.name,
        "kind": "assets" if job.is_asset_job else "ops",
        "selection": str(job.selection) if job.is_asset_job else None,
        "ops": [step.op.name for step in job.steps],
        "partitioned": job.partitions_def is not None,
        "executor": job.executor_def.name,
        "tags": job.tags,
        "description": job.description,
    }


def _load(module: str | None, file: str | None, settings: Settings) -> Definitions:
    return Code.choose(module, file, settings).load()


@jobs.command("list")
@code_options
@json_option
def list_jobs(module: str | None, file: str | None, as_json: bool) -> None:
    """The jobs that the code defines."""
    found = [job_json(job) for job in _load(module, file, Settings.load()).resolve_all_job_defs()]
    if as_json:
        print_json(found)
        return
    rows = [(j["job"], j["kind"], j["selection"] or j["ops"], "yes" if j["partitioned"] else "-") for j in found]
    print_table(("JOB", "KIND", "SELECTION OR OPS", "PARTITIONED"), rows, "No jobs are defined.")


@jobs.command()
@click.argument("name")
@code_options
@partition_options
@click.option("--config", "config_path", help="Run config: a YAML or JSON file; instead of the job's own.")
@click.option("--op", "ops", multiple=True, help="Only this op of the job; may be repeated. `*op` with what it reads.")
@click.option("--priority", type=int, default=None, help="A larger one goes first; by default the job's own.")
@tag_option
@click.option("--wait", "waiting", is_flag=True, help="Wait for the end of the run.")
@json_option
def launch(
    name: str,
    module: str | None,
    file: str | None,
    scope: PartitionScope,
    config_path: str | None,
    ops: tuple[str, ...],
    priority: int | None,
    tags: tuple[str, ...],
    waiting: bool,
    as_json: bool,
) -> int:
    """Launch a job; prints the run."""
    settings = Settings.load()
    defs = _load(module, file, settings)
    with connect(settings) as instance:
        handle = instance.submit_job(
            defs,
            name,
            partitions=scope,
            run_config=read_config(config_path) or None,
            tags=parse_tags(tags),
            priority=priority,
            op_selection=list(ops) or None,
        )
        record = handle.wait() if waiting else handle.status()
    show_run(record, as_json)
    return exit_code_of(record) if waiting else 0
