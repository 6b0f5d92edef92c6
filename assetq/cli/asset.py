"""`assets`: the catalog."""

from __future__ import annotations

from typing import Any

import click

from assetq.broker.settings import Settings
from assetq.cli.group import Group
from assetq.cli.option import Code, code_options, connect, json_option
from assetq.cli.output import print_facts, print_json, print_table
from assetq.execution import AssetRecord, Instance
from assetq.execution.event import iso


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
    if as_json:
        print_json([record.to_json() for record in records])
        return
    rows = [
        (
            r.key,
            r.group,
            r.partitions["kind"] if r.partitions else "-",
            r.pool,
            r.kinds,
            iso(r.latest.timestamp_ms) if r.latest else "never",
        )
        for r in records
    ]
    print_table(("ASSET", "GROUP", "PARTITIONS", "POOL", "KINDS", "MATERIALIZED"), rows, "The catalog is empty.")


@assets.command()
@click.argument("key")
@code_options
@json_option
def show(key: str, module: str | None, file: str | None, as_json: bool) -> None:
    """One asset."""
    with _open(module, file) as instance:
        record = instance.get_asset(key)
        status = instance.asset_status(key)
    if as_json:
        print_json({**record.to_json(), **status.to_json()})
        return
    facts = {name: value for name, value in record.to_json().items() if name != "latest_materialization"}
    counts = ", ".join(f"{count} {name}" for name, count in status.to_json()["partitions"].items() if count)
    print_facts({**facts, "partitions": counts, **_latest(record)})


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
