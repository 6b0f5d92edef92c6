"""Writes the reference pages that follow from the code: commands, settings, Redis keys, names of Dagster.

`make docs` runs it; a test compares its output with the committed pages. With `--found` it first marks the names in
`dagster_compat.toml` that have come to be there.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import assetq.dagster
from assetq.broker.keys import LAYOUT_VERSION, PATTERNS
from assetq.broker.settings import Settings
from assetq.cli.main import cli

HERE = Path(__file__).parent
COMPAT = HERE / "dagster_compat.toml"

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
pyproject.toml; the environment wins. Times are in milliseconds, or in seconds where the name says so. `assetq doctor`
prints the ones that hold, with passwords hidden.
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
what grows: some hundred bytes for each. An [archived](howto/keep-the-record-small.md) run has its hash and the list of
its parts here, and nothing else.
"""

COMPAT_HEAD = """# Coming from Dagster

`import assetq.dagster as dg` gives assetq's classes and functions under Dagster's names, so code that was written for
`import dagster as dg` runs after that one change. This page lists every public name of Dagster {version}: {there} of
{total} are there. The notes come from running the same code against both and from comparing signatures. A row without a
note has no difference that is known, which is less than a proof that there is none.

| | |
| --- | --- |
| yes | under the same name |
| renamed | assetq calls it otherwise; `assetq.dagster` has Dagster's name |
| not yet | it belongs here and is missing |
| never | it belongs to Dagster's daemon, components, web page, cloud or past |

What to know first:

- **An unknown upstream is an error**, whether an argument or `deps` names it: a typing error would otherwise read
  nothing. Declare what is made elsewhere: `AssetSpec("raw")`.
- **A string that names an asset is split at "/"**, as the command line writes keys: `deps=["shop/orders"]` means
  `AssetKey(["shop", "orders"])`, for which Dagster has `AssetKey.from_user_string`.
- **A backfill is one run**, however many partitions it has.
- **`materialize` gives assetq's events**, flat records with a type, an asset and data; Dagster's `DagsterEvent` and the
  methods that pick from it are not rebuilt.
- **A partitioned asset needs a partition key**: without one nothing runs, even if the function does not ask for it.
- **Values of `materialize` live as long as its result**, also with `DagsterInstance.ephemeral()`; give an I/O manager
  with a folder to keep them. Runs of the command line and the fleet store under `ASSETQ_STORAGE`, or `.assetq/storage`.
"""

COMPAT_TAIL = """
## Only in assetq

`assetq.dagster` also has the names below, which Dagster's module does not have.
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
    shown = {
        "storage": "`.assetq/storage`", "broker_url": "the same server", "archive": "`<storage>/.archive`",
        "module": "", "file": "",
    }  # fmt: skip
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


def compat_group(group: dict[str, Any]) -> list[str]:
    """A section of the page of Dagster's names, without regard to case in order of the alphabet."""
    names = sorted(group["names"].items(), key=lambda item: item[0].lower())
    rows = [row(f"`{name}`", shown_state(name, given["state"]), given.get("note", "")) for name, given in names]
    return ["", f"## {group['title']}", "", group["about"], "", *table("name", "here", "how it differs"), *rows]


def shown_state(name: str, state: str) -> str:
    """The state, with assetq's name for what is renamed."""
    if state != "renamed":
        return state
    found = assetq.dagster.RENAMED[name]
    home = "" if found.__module__.startswith("assetq.") else f"{found.__module__}."
    return f"renamed: `{home}{found.__name__}`"


def dagster_names() -> str:
    """The page of Dagster's names, from `dagster_compat.toml`."""
    data = tomllib.loads(COMPAT.read_text(encoding="utf-8"))
    states = [given["state"] for group in data["group"] for given in group["names"].values()]
    there = sum(state in ("yes", "renamed") for state in states)
    head = COMPAT_HEAD.format(version=data["dagster"], there=there, total=len(states))
    sections = [line for group in data["group"] for line in compat_group(group)]
    own = [row(f"`{name}`", meaning) for name, meaning in sorted(data["own"].items())]
    return "\n".join([head.rstrip(), *sections, COMPAT_TAIL, *table("name", "what it is"), *own]) + "\n"


def mark_found() -> None:
    """Mark the names as there that are missing in the data file and not in the code."""
    lines = COMPAT.read_text(encoding="utf-8").splitlines(keepends=True)
    for at, line in enumerate(lines):
        name = line.partition(" ")[0]
        if name in assetq.dagster.__all__:
            state = "renamed" if name in assetq.dagster.RENAMED else "yes"
            lines[at] = re.sub(r'state = "(not yet|never)"', f'state = "{state}"', line)
    COMPAT.write_text("".join(lines), encoding="utf-8")


PAGES = {
    "dagster_compat.md": dagster_names,
    "reference/cli.md": commands,
    "reference/settings.md": settings,
    "redis-keys.md": redis_keys,
}


def main() -> int:
    """Write the pages."""
    if "--found" in sys.argv:
        mark_found()
    for name, make in PAGES.items():
        (HERE / name).write_text(make(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
