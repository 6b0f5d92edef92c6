"""How answers are printed: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from assetq.execution import Event, RunRecord, RunStatus

COLORS = {
    "SUCCESS": "green",
    "FAILURE": "red",
    "CANCELED": "yellow",
    "CANCELING": "yellow",
    "STARTED": "blue",
}


def print_json(document: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=None if not sys.stdout.isatty() else 2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str) -> None:
    """A table that fits the terminal; `empty` when there are no rows."""
    if not rows:
        click.echo(empty)
        return
    if not sys.stdout.isatty():
        _print_plain(columns, rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    Console().print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values, one a line; empty ones are left out."""
    shown = {name: value for name, value in facts.items() if value not in (None, [], {}, "", ())}
    width = max(map(len, shown), default=0)
    for name, value in shown.items():
        text = ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, Mapping) else _cell(value)
        click.echo(f"{name:<{width}}  {text}")


def _print_plain(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    lines = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def status_text(status: RunStatus) -> str:
    """A status, in colour on a terminal."""
    return click.style(str(status), fg=COLORS.get(str(status))) if sys.stdout.isatty() else str(status)


def summary(record: RunRecord) -> str:
    """A run in one line."""
    steps = record.steps
    parts = [f"{steps.succeeded}/{steps.total} succeeded"]
    for name in ("failed", "skipped", "canceled", "running", "queued", "ready", "waiting"):
        count = getattr(steps, name)
        if count:
            parts.append(f"{count} {name}")
    return f"{record.run_id}  {status_text(record.status)}  {', '.join(parts)}"


def event_line(event: Event) -> str:
    """An event in one line."""
    moment = event.to_json()["timestamp"][11:23]
    parts = [moment, f"{event.type:<22}", event.step_key or ""]
    if event.attempt and event.attempt > 1:
        parts.append(f"(attempt {event.attempt})")
    if "batch" in event.data:
        parts.append(f"(batch of {event.data['batch']})")
    if event.message:
        parts.append(event.message)
    return " ".join(part for part in parts if part)


def exit_code_of(record: RunRecord) -> int:
    """0 for a run that succeeded, 1 for one that ended otherwise."""
    return 0 if record.status is RunStatus.SUCCESS else 1
