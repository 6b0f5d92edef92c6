"""Writes the reference pages that follow from the code: commands, settings, Redis keys.

`make docs` runs it; a test compares its output with the committed pages.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from assetq.broker.keys import LAYOUT_VERSION, PATTERNS
from assetq.broker.settings import Settings
from assetq.cli.main import cli

HERE = Path(__file__).parent

COMMANDS_HEAD = """# Commands

`-m MODULE` or `-f FILE` names the code: a `Definitions` object, or loose assets. Without either it is what
`[tool.assetq]` says. Only commands that take `-m` need the code. With `--json` a command prints one JSON document on
stdout and nothing else; logs and progress go to stderr.

A run's ID may be a unique beginning of it, or `last`. When assets with different partitions run together, partition
keys name partitions of the roots, or of the asset given with `--anchor`.

| exit code | meaning |
| --- | --- |
| 0 | success |
| 1 | the run failed or was canceled |
| 2 | bad usage, bad definitions, unknown asset, partition, pool or run |
| 3 | no server is reachable |
| 130 | interrupted |
"""

SETTINGS_HEAD = """# Settings

Each setting can be given as `ASSETQ_<NAME>` in the environment, or as `<name>` under `[tool.assetq]` in the nearest
pyproject.toml; the environment wins. Times are in milliseconds. `assetq doctor` prints the ones that hold, with
passwords hidden.
"""

SETTINGS_TAIL = """
The log level of workers is `ASSETQ_LOG_LEVEL` (default `INFO`).

```toml
[tool.assetq]
module = "my_assets"
storage = "/mnt/shared/assetq"
lease_ms = 15000
```
"""

KEYS_HEAD = f"""# Redis keys

Every key begins with `{{<namespace>}}`; the braces keep a namespace in one slot of a Redis cluster. `broker/keys.py`
declares them all, for Python and for Lua. The layout has a version, which is checked on connect: this is layout
{LAYOUT_VERSION}.
"""

KEYS_TAIL = """
Celery's queues lie beside them under `{<namespace>}:broker:`, one list for each pool: `<namespace>.<pool>`.

## Memory

While a run is under way its memory follows its frontier: one member for each contiguous range of ready steps, one
field for each step that has some of its upstream steps, one hash for each grant in flight, and one bit for each step
and final state. When it ends, everything but the run hash, the plan, the bitmaps and the events is removed. Events are
what grows: some hundred bytes for each.
"""


def row(*cells: str) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def table(*columns: str) -> list[str]:
    """The head of a Markdown table."""
    return [row(*columns), row(*("---" for _ in columns))]


def leaves(command: click.Command, context: click.Context, path: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """The section of every command below `command`."""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from leaves(child, click.Context(child, info_name=name, parent=context), (*path, name))
        return
    arguments = [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]
    options = [o.get_help_record(context) for o in command.params if isinstance(o, click.Option)]
    lines = [f"## `{' '.join(['assetq', *path, *arguments])}`", "", inspect.cleandoc(command.help or ""), ""]
    if options:
        lines += [*table("option", "meaning"), *(row(f"`{o[0]}`", o[1]) for o in options if o), ""]
    yield lines


def commands() -> str:
    """The page of commands."""
    sections = leaves(cli, click.Context(cli, info_name="assetq"))
    return "\n".join([COMMANDS_HEAD, *(line for lines in sections for line in lines)]).rstrip() + "\n"


def settings() -> str:
    """The page of settings, from the docstring and fields of `Settings`."""
    text = (inspect.getdoc(Settings) or "").partition("Attributes:")[2]
    meanings = {
        m[1]: " ".join(m[2].split()) for m in re.finditer(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", text, re.M | re.S)
    }
    shown = {"storage": "`.assetq/storage`", "broker_url": "the same server", "module": "", "file": ""}
    rows = [
        row(f"`{name}`", shown.get(name, f"`{field.default}`"), meanings[name])
        for name, field in Settings.model_fields.items()
        if name != "project_directory"
    ]
    return "\n".join([SETTINGS_HEAD, *table("setting", "default", "meaning"), *rows, SETTINGS_TAIL])


def redis_keys() -> str:
    """The page of keys, from `broker/keys.py`."""
    rows = [row(f"`{{<namespace>}}{p.pattern}`", p.type, p.meaning) for p in PATTERNS]
    return "\n".join([KEYS_HEAD, *table("key", "type", "meaning"), *rows, KEYS_TAIL])


PAGES = {"reference/cli.md": commands, "reference/settings.md": settings, "redis-keys.md": redis_keys}


def main() -> int:
    """Write the pages."""
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
