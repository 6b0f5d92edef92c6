"""`assets`: the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from assetq.broker.settings import Settings
from assetq.cli.group import Group
from assetq.cli.option import Code, code_options, connect, json_option
from assetq.cli.output import print_facts, print_json, print_table
from assetq.execution import AssetRecord, Instance
from assetq.execution.event import Event, iso
from assetq.execution.staleness import REASONS, Staleness


@click.group(cls=Group)
def assets() -> None:
    """The catalog of assets and their partitions."""


def _open(module: str | None, file: str | None) -> Instance:
    settings = Settings.load()
    instance = connect(settings)
    if module or file:
        instance.register_assets(Code(module, file).load())
    return instance


@assets.command("list")
@code_options
@json_option
def list_assets(module: str | None, file: str | None, as_json: bool) -> None:
    """Every asset that was submitted, or that -m names."""
    with _open(module, file) as instance:
        records = instance.list_assets()
        stale = instance.staleness_of(records, {record.key: record for record in records})
    if as_json:
        print_json([{**record.to_json(), "staleness": _staleness_json(stale.get(record.key))} for record in records])
        return
    rows = [
        (
            r.key,
            r.group,
            r.partitions["kind"] if r.partitions else "-",
            r.pool,
            r.kinds,
            iso(r.latest.timestamp_ms) if r.latest else "never",
            _state(stale.get(r.key)),
        )
        for r in records
    ]
    columns = ("ASSET", "GROUP", "PARTITIONS", "POOL", "KINDS", "MATERIALIZED", "STATE")
    print_table(columns, rows, "The catalog is empty.")


def _staleness_json(found: Staleness | None) -> dict[str, Any] | None:
    return None if found is None else found.to_json()


def _state(found: Staleness | None) -> str:
    """In a few words: "fresh", "missing", "stale: code", "3 stale: data"."""
    if found is None:
        return "external"
    if not found.stale:
        return str(found.status).lower()
    count = len(found.stale)
    causes = ", ".join(str(cause).lower() for cause in found.causes)
    return f"{f'{count} ' if count > 1 or found.fresh or found.missing else ''}stale: {causes}"


@assets.command()
@click.argument("key")
@code_options
@json_option
def show(key: str, module: str | None, file: str | None, as_json: bool) -> None:
    """One asset."""
    with _open(module, file) as instance:
        record = instance.get_asset(key)
        status = instance.asset_status(key)
        checks = instance.latest_checks(key)
        found = None if record.is_external else instance.staleness(key)
    if as_json:
        told = [_check(name, event) for name, event in checks.items()]
        print_json({**record.to_json(), **status.to_json(), "checks": told, "staleness": _staleness_json(found)})
        return
    facts = {name: value for name, value in record.to_json().items() if name != "latest_materialization"}
    counts = ", ".join(f"{count} {name}" for name, count in status.to_json()["partitions"].items() if count)
    reasons = "; ".join(REASONS[cause] for cause in found.causes) if found else ""
    state = f"{_state(found)} ({reasons})" if reasons else _state(found)
    print_facts({**facts, "partitions": counts, "state": state, **_latest(record), **_results(checks)})


def _check(name: str, event: Event) -> dict[str, Any]:
    """The latest evaluation of a check."""
    told = {part: event.data.get(part) for part in ("passed", "severity", "blocking", "metadata")}
    return {"check": name, **told, "timestamp": iso(event.timestamp_ms), "run_id": event.run_id or None}


def _results(checks: Mapping[str, Event]) -> dict[str, str]:
    return {
        f"check {name}": f"{'passed' if event.data['passed'] else 'failed'} {iso(event.timestamp_ms)}"
        for name, event in checks.items()
    }


def _latest(record: AssetRecord) -> dict[str, Any]:
    if record.latest is None:
        return {"materialized": "never"}
    metadata = record.latest.to_json().get("data", {}).get("metadata", {})
    return {
        "materialized": iso(record.latest.timestamp_ms),
        "by": f"{record.latest.step_key} in run {record.latest.run_id}",
        **{f"metadata {name}": entry["value"] for name, entry in metadata.items()},
    }


@assets.command()
@click.argument("key")
@code_options
@json_option
def status(key: str, module: str | None, file: str | None, as_json: bool) -> None:
    """Partitions of an asset by status."""
    with _open(module, file) as instance:
        found = instance.asset_status(key)
    if as_json:
        print_json(found.to_json())
        return
    counts = found.to_json()["partitions"]
    print_table(tuple(name.upper() for name in counts), [tuple(counts.values())], "")


@assets.command()
@click.argument("key")
@click.option("--partition", help="Only this partition.")
@json_option
def wipe(key: str, partition: str | None, as_json: bool) -> None:
    """Forget that an asset was materialized. Stored values stay where they are."""
    with connect() as instance:
        instance.wipe_asset(key, partition)
        found = instance.asset_status(key)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(f"{found.asset}: {found.missing} of {found.total} partitions missing")
