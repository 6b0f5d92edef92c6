"""`runs` and `events`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from assetq.cli.age import Age
from assetq.cli.group import Group
from assetq.cli.option import connect, json_option
from assetq.cli.output import event_line, exit_code_of, print_facts, print_json, print_table, status_text, summary
from assetq.cli.pool import HOLDER_HEAD, holder_rows
from assetq.cli.submit import show_run
from assetq.errors import UsageError
from assetq.execution import Event, Instance
from assetq.execution.event import iso
from assetq.execution.record import StepWait
from assetq.execution.step_graph import step_graph, tree_lines


@click.group(cls=Group)
def runs() -> None:
    """Runs: list, show, watch, wait, cancel, retry, logs. ID is an id, a unique beginning of one, or "last"."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--status", "statuses", multiple=True, help="Only runs with this status; may be repeated.")
@json_option
def list_runs(limit: int, statuses: tuple[str, ...], as_json: bool) -> None:
    """Newest runs first."""
    with connect() as instance:
        records = instance.list_runs(limit, [status.upper() for status in statuses])
    if as_json:
        print_json([record.to_json() for record in records])
        return
    rows = [
        (
            r.run_id,
            status_text(r.status),
            f"{r.steps.done}/{r.steps.total}",
            r.steps.failed,
            iso(r.submitted_at_ms),
            r.selection,
        )
        for r in records
    ]
    print_table(("RUN", "STATUS", "STEPS", "FAILED", "SUBMITTED", "SELECTION"), rows, "There are no runs yet.")


@runs.command()
@click.argument("run_id", metavar="ID")
@click.option("--graph", "with_graph", is_flag=True, help="Its steps, and what waits for what.")
@click.option("--step", help="Where this step is and what it waits for, for example 'orders[2024-01-01]'.")
@json_option
def show(run_id: str, with_graph: bool, step: str | None, as_json: bool) -> None:
    """One run."""
    with connect() as instance:
        found = instance.resolve_run_id(run_id)
        if step is not None:
            _show_step(instance.explain_step(found, step), as_json)
            return
        record = instance.get_run(found)
        graph = step_graph(instance, found) if with_graph else None
    if as_json:
        print_json({**record.to_json(), **({"graph": graph} if graph else {})})
        return
    click.echo(summary(record))
    if graph is not None:
        click.echo("\n".join(tree_lines(graph)))
        return
    shown = {"run_id", "status", "steps"}
    print_facts({name: value for name, value in record.to_json().items() if name not in shown})


def _show_step(wait: StepWait, as_json: bool) -> None:
    if as_json:
        print_json(wait.to_json())
        return
    pools = ", ".join(f"{pool} x {slots}" for pool, slots in wait.pools.items())
    click.echo(f"{wait.step}: {wait.state}, needs {pools}")
    if wait.note:
        click.echo(wait.note)
    if wait.position is not None:
        click.echo(f"runs before it in turn: {wait.position}")
    for kind, sentence in wait.missing.items():
        click.echo(f"missing ({kind}): {sentence}")
    if wait.holders:
        print_table(HOLDER_HEAD, holder_rows(wait.holders), "")


@runs.command()
@click.argument("run_id", metavar="ID")
@json_option
def watch(run_id: str, as_json: bool) -> int:
    """Progress until the run ends."""
    from assetq.cli.progress import watch as watch_run

    with connect() as instance:
        record = watch_run(instance, instance.resolve_run_id(run_id))
    show_run(record, as_json)
    return exit_code_of(record)


@runs.command()
@click.argument("run_id", metavar="ID")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds.")
@json_option
def wait(run_id: str, timeout: float | None, as_json: bool) -> int:
    """Wait for the end."""
    from assetq.execution import RunHandle

    with connect() as instance:
        handle = RunHandle(instance, instance.resolve_run_id(run_id))
        try:
            record = handle.wait(timeout)
        except TimeoutError as error:
            click.echo(str(error), err=True)
            show_run(handle.status(), as_json)
            return 1
    show_run(record, as_json)
    return exit_code_of(record)


@runs.command()
@click.argument("run_id", metavar="ID")
@json_option
def cancel(run_id: str, as_json: bool) -> None:
    """Cancel: nothing of the run starts any more, what runs is interrupted."""
    with connect() as instance:
        record = instance.cancel_run(instance.resolve_run_id(run_id))
    show_run(record, as_json)


@runs.command(context_settings={"ignore_unknown_options": True})
@click.argument("run_id", metavar="ID")
@click.argument("priority", metavar="N", type=int)
@json_option
def priority(run_id: str, priority: int, as_json: bool) -> None:
    """Give a run another priority, at once; a larger one goes first."""
    with connect() as instance:
        found = instance.resolve_run_id(run_id)
        instance.set_run_priority(found, priority)
        record = instance.get_run(found)
    show_run(record, as_json)


@runs.command(context_settings={"ignore_unknown_options": True})
@click.argument("tag", required=False)
@click.argument("limit", type=int, required=False)
@click.option("--unset", is_flag=True, help="Remove the limit.")
@json_option
def limit(tag: str | None, limit: int | None, unset: bool, as_json: bool) -> None:
    """Limit how many runs with TAG go on at once: customer=acme, 'customer=*' for each value, customer, or '*'.

    Without arguments: show the limits.
    """
    if tag is not None and unset == (limit is not None):
        raise UsageError("Give a limit, or --unset.")
    with connect() as instance:
        if tag is not None:
            instance.set_run_limit(tag, limit)
        limits = instance.run_limits()
    if as_json:
        print_json(limits)
    else:
        print_table(("TAG", "RUNS AT ONCE"), sorted(limits.items()), "There are no limits of runs.")


@runs.command()
@click.argument("run_id", metavar="ID")
@click.option("--failed", is_flag=True, help="Only the steps that have not succeeded.")
@json_option
def retry(run_id: str, failed: bool, as_json: bool) -> None:
    """Submit the run again, as a new run."""
    with connect() as instance:
        handle = instance.retry_run(instance.resolve_run_id(run_id), failed_only=failed)
        record = handle.status()
    show_run(record, as_json)


@runs.command()
@click.argument("run_id", metavar="ID")
@click.option("--step", help="Only this step, for example 'orders[2024-01-01]'.")
@click.option("--follow", is_flag=True, help="Go on until the run ends.")
@json_option
def logs(run_id: str, step: str | None, follow: bool, as_json: bool) -> None:
    """What the run's steps printed and logged, and their failures."""
    from assetq.cli.log import LogReader

    with connect() as instance:
        found = instance.resolve_run_id(run_id)
        if step is not None:
            plan = instance.get_plan(found)
            step = plan.step_key(*plan.find_step(step))
        reader = LogReader(instance, found, step, follow)
        if as_json:
            print_json(list(reader.documents()))
            return
        for line in reader.lines():
            click.echo(line)


def _events(instance: Instance, run_id: str, after: str | None, follow: bool) -> Iterator[Event]:
    if follow:
        yield from instance.follow_events(run_id, after)
        return
    while page := instance.read_events(run_id, after):
        yield from page
        after = page[-1].cursor


@runs.command()
@click.argument("run_ids", metavar="[ID]...", nargs=-1)
@click.option("--older-than", metavar="AGE", type=Age(), help="Runs that ended that long ago, for example 30d or 12h.")
@json_option
def archive(run_ids: tuple[str, ...], older_than: float | None, as_json: bool) -> None:
    """Move runs that have ended to Parquet files on shared storage; they read as before. Without ID or AGE: what the
    settings say is due."""
    with connect() as instance:
        chosen = [instance.resolve_run_id(text) for text in run_ids]
        if not chosen or older_than is not None:
            chosen += instance.archivable_runs(older_than)
        moved = [run_id for run_id in chosen if instance.archive_run(run_id)]
    if as_json:
        print_json({"archived": moved})
        return
    click.echo("\n".join([*moved, f"{len(moved)} runs archived."]))


@click.command()
@click.argument("run_id", metavar="ID")
@click.option("--follow", is_flag=True, help="Go on until the run ends.")
@click.option("--after", metavar="CURSOR", help="Begin behind this event.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def events(run_id: str, follow: bool, after: str | None, as_json: bool) -> None:
    """The event log of a run."""
    with connect() as instance:
        for event in _events(instance, instance.resolve_run_id(run_id), after, follow):
            click.echo(json.dumps(event.to_json(), ensure_ascii=False) if as_json else event_line(event))
