"""`partitions`: the keys of dynamic partitions."""

from __future__ import annotations

import click

from assetq.cli.group import Group
from assetq.cli.option import connect, json_option
from assetq.cli.output import print_json
from assetq.errors import UsageError, suggest
from assetq.execution import Instance


@click.group(cls=Group)
def partitions() -> None:
    """Keys of dynamic partitions, by the NAME of their definition."""


@partitions.command("list")
@click.argument("name")
@json_option
def list_keys(name: str, as_json: bool) -> None:
    """Every key, in the order of addition."""
    with connect() as instance:
        _show(instance, name, as_json)


@partitions.command()
@click.argument("name")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@json_option
def add(name: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Add keys; those that exist stay where they are."""
    with connect() as instance:
        instance.add_dynamic_partitions(name, keys)
        _show(instance, name, as_json)


@partitions.command()
@click.argument("name")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@json_option
def delete(name: str, keys: tuple[str, ...], as_json: bool) -> None:
    """Delete keys. What was recorded of them comes back when they are added again."""
    with connect() as instance:
        known = instance.get_dynamic_partitions(name)
        for key in keys:
            if key not in known:
                raise UsageError(f"'{name}' has no partition '{key}'; nothing was deleted.{suggest(key, known)}")
        for key in keys:
            instance.delete_dynamic_partition(name, key)
        _show(instance, name, as_json)


def _show(instance: Instance, name: str, as_json: bool) -> None:
    keys = list(instance.get_dynamic_partitions(name))
    if as_json:
        print_json({"name": name, "partitions": keys})
    elif keys:
        click.echo("\n".join(keys))
    else:
        click.echo(f"'{name}' has no partitions. Add one with `assetq partitions add {name} KEY`.", err=True)
