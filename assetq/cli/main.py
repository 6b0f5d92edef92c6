"""`assetq`: the command line. Commands live in modules of their own and are imported when they are called."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from assetq.cli.group import Group
from assetq.errors import AssetqError

# Command -> module and attribute, and what `assetq --help` says of it without importing it.
COMMANDS = {
    "assets": ("assetq.cli.asset:assets", "The catalog of assets and their partitions."),
    "backfill": ("assetq.cli.submit:backfill", "Submit one run over many partitions; prints its id."),
    "demo": (
        "assetq.cli.demo:demo",
        "Backfill the flights of 2013 with two workers; a report at the end.",
    ),
    "dev": ("assetq.cli.dev:dev", "Embedded server and workers for this folder; Ctrl-C stops all."),
    "doctor": ("assetq.cli.doctor:doctor", "Check the server, the settings, the fleet and the pools."),
    "events": ("assetq.cli.run:events", "The event log of a run."),
    "jobs": ("assetq.cli.job:jobs", "Jobs: list them, launch one by its NAME."),
    "materialize": ("assetq.cli.submit:materialize", "Materialize assets in one run."),
    "new": ("assetq.cli.new:new", "Write a small working project into the folder NAME."),
    "partitions": ("assetq.cli.partition:partitions", "Keys of dynamic partitions, by the NAME of their definition."),
    "plan": ("assetq.cli.submit:plan", "Show what would run."),
    "pools": ("assetq.cli.pool:pools", "Concurrency pools and their limits."),
    "runs": ("assetq.cli.run:runs", "Runs: list, show, watch, wait, cancel, retry, logs."),
    "worker": ("assetq.cli.worker:worker", "Run one worker until it is told to stop."),
    "workers": ("assetq.cli.worker:workers", "The fleet."),
}


class LazyGroup(Group):
    """A group that imports a command's module when the command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in sorted(COMMANDS.items())])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="assetq")
def cli() -> None:
    """Software-defined assets on a Celery fleet: plan, backfill, watch, limit, repair."""


def report(error: AssetqError) -> None:
    """Print an error for people, on stderr."""
    click.secho(f"Error: {error}", fg="red" if sys.stderr.isatty() else None, err=True)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        result: Any = cli.main(args=arguments, prog_name="assetq", standalone_mode=False)
    except AssetqError as error:
        report(error)
        return error.exit_code
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `assetq` command."""
    sys.exit(run())


if __name__ == "__main__":
    main()
