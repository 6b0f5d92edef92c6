"""`pools`."""

from __future__ import annotations

from collections.abc import Iterable

import click

from assetq.cli.group import Group
from assetq.cli.option import connect, json_option
from assetq.cli.output import print_json, print_table
from assetq.errors import suggest
from assetq.execution import Instance, PoolHolder, PoolRecord
from assetq.execution.event import iso
from assetq.execution.pool_limit import DEFAULT_LIMIT, check_limit


@click.group(cls=Group)
def pools() -> None:
    """Concurrency pools and their limits."""


HOLDER_HEAD = ("HOLDER", "SLOTS", "STATE", "WORKER", "SINCE", "RUN")


def holder_rows(holders: Iterable[PoolHolder]) -> list[tuple[object, ...]]:
    """Who holds slots, for a table."""
    return [(h.steps, h.slots, h.state, h.worker, iso(h.since_ms), h.run_id) for h in holders]


def _note_unnamed(instance: Instance, pool: str) -> None:
    """A limit for a pool that nothing has named may be meant for another one."""
    names = [record.pool for record in instance.list_pools()]
    if pool not in names and pool != DEFAULT_LIMIT and "=" not in pool:
        click.echo(f"Note: nothing has named a pool '{pool}' before.{suggest(pool, names)}", err=True)


def _record(instance: Instance, pool: str) -> PoolRecord:
    return instance.show_pool(pool).record


@pools.command("list")
@json_option
def list_pools(as_json: bool) -> None:
    """Every pool."""
    with connect() as instance:
        records = instance.list_pools()
    if as_json:
        print_json([record.to_json() for record in records])
        return
    rows = [
        (r.pool, "none" if r.limit is None else r.limit, r.rate, r.in_use, r.queued, r.ready, r.workers, r.problem)
        for r in records
    ]
    head = ("POOL", "LIMIT", "RATE", "IN USE", "QUEUED", "READY", "PROCESSES", "PROBLEM")
    print_table(head, rows, "There are no pools.")


@pools.command()
@click.argument("pool")
@json_option
def show(pool: str, as_json: bool) -> None:
    """Who holds slots, who waits, and why."""
    with connect() as instance:
        detail = instance.show_pool(pool)
    if as_json:
        print_json(detail.to_json())
        return
    record = detail.record
    click.echo(
        f"{record.pool}: {_limit_text(record)}, {record.in_use} in use ({record.queued} queued), {record.ready} ready"
    )
    if record.problem:
        click.echo(f"PROBLEM: {record.problem}")
    print_table(HOLDER_HEAD, holder_rows(detail.holders), "No slot is held.")
    waiters = [(w.run_id, w.ready, w.reason) for w in detail.waiters]
    print_table(("WAITING RUN", "READY STEPS", "REASON"), waiters, "Nothing waits.")


@pools.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("pool")
@click.argument("limit", type=int)
@click.option("--rate", help="Steps that may begin in a period: 5/s, 100/m, 3/10s.")
@json_option
def set_limit(pool: str, limit: int, rate: str | None, as_json: bool) -> None:
    """Limit the pool to LIMIT slots, at once; 0 pauses it. '*' stands for every pool without a limit."""
    with connect() as instance:
        check_limit(pool, limit, rate)
        _note_unnamed(instance, pool)
        instance.set_pool_limit(pool, limit, rate)
        _show(_record(instance, pool) if pool != DEFAULT_LIMIT else PoolRecord(pool, limit, 0, 0, 0, "hand"), as_json)


@pools.command()
@click.argument("pool")
@json_option
def unset(pool: str, as_json: bool) -> None:
    """Remove the pool's limit."""
    with connect() as instance:
        if pool != DEFAULT_LIMIT:
            _record(instance, pool)
        instance.unset_pool_limit(pool)
        _show(_record(instance, pool) if pool != DEFAULT_LIMIT else PoolRecord(pool, None, 0, 0, 0), as_json)


def _show(record: PoolRecord, as_json: bool) -> None:
    if as_json:
        print_json(record.to_json())
    else:
        click.echo(f"{record.pool}: {_limit_text(record)}")


def _limit_text(record: PoolRecord) -> str:
    limit = "no limit" if record.limit is None else f"limit {record.limit}"
    return f"{limit}, at most {record.rate}" if record.rate else limit
