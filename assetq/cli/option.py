"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from assetq.broker.settings import Settings
from assetq.definitions import Definitions, load_definitions
from assetq.definitions.time_limit import RUN_TIMEOUT_TAG
from assetq.errors import UsageError
from assetq.execution import Instance
from assetq.planning import PartitionScope
from assetq.planning.scope import RANGE_END_TAG, RANGE_START_TAG

Command = Callable[..., Any]


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")(command)


def code_options(command: Command) -> Command:
    """`-m` and `-f`."""
    command = click.option("-f", "--file", help="Python file with the definitions.")(command)
    return click.option("-m", "--module", help="Module with the definitions.")(command)


def select_option(command: Command) -> Command:
    """`--select`; several arrive as one text, their union."""
    return click.option(
        "--select", "-s", multiple=True, default=("*",), show_default=True,
        callback=lambda _context, _option, texts: ", ".join(texts), help="Which assets; may be repeated.",
    )(command)  # fmt: skip


def partition_options(command: Command) -> Command:
    """The options that say which partitions; they arrive as one `scope`."""
    options = [
        click.option(
            "--partition",
            "keys",
            multiple=True,
            help="A partition key; may be repeated. Of dimensions: day=...,region=...",
        ),
        click.option("--partitions", "ranges", multiple=True, help="FIRST..LAST, both included."),
        click.option("--all", "everything", is_flag=True, help="Every partition."),
        click.option("--missing", is_flag=True, help="Partitions without a materialization."),
        click.option("--failed", is_flag=True, help="Partitions whose last attempt failed."),
        click.option("--stale", is_flag=True, help="Partitions that are out of date, and what is made from them."),
        click.option(
            "--anchor", help="Asset whose partitions the keys name; what reads them, and what they read, goes along."
        ),
        click.option("--reverse", is_flag=True, help="The newest partitions first."),
    ]

    @functools.wraps(command)
    def with_scope(**values: Any) -> Any:
        scope = PartitionScope(
            keys=values.pop("keys"),
            ranges=read_ranges(values.pop("ranges")),
            all=values.pop("everything"),
            **{name: values.pop(name) for name in ("missing", "failed", "stale", "anchor", "reverse")},
        )
        return command(scope=scope, **values)

    wrapped: Command = with_scope
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def read_ranges(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """First and last keys of `--partitions FIRST..LAST`.

    Raises:
        UsageError: A text has another form.
    """
    pairs = []
    for text in texts:
        first, dots, last = text.partition("..")
        if not (first and dots and last):
            raise UsageError(
                f"--partitions takes FIRST..LAST, for example 2024-01-01..2024-01-31, not '{text}'. Every partition is "
                "--all, a single one --partition."
            )
        pairs.append((first, last))
    return tuple(pairs)


def range_tags(text: str | None) -> dict[str, str]:
    """The tags by which Dagster names the range of `--partition-range FIRST...LAST`; none without.

    Raises:
        UsageError: The text has another form.
    """
    if text is None:
        return {}
    first, dots, last = text.partition("...")
    if not (first and dots and last):
        raise UsageError(f"--partition-range takes FIRST...LAST, for example 2024-01-01...2024-01-31, not '{text}'.")
    return {RANGE_START_TAG: first, RANGE_END_TAG: last}


def tag_option(command: Command) -> Command:
    """`--tag k=v`."""
    return click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Tag of the run; may be repeated.")(
        command
    )


def timeout_option(command: Command) -> Command:
    """`--timeout`; it arrives as a tag of the run."""
    option = click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
        help="Fail the run when it takes longer, from its start; its steps are interrupted.",
    )  # fmt: skip

    @functools.wraps(command)
    def with_tag(*, timeout: float | None, tags: tuple[str, ...], **values: Any) -> Any:
        limit = () if timeout is None else (f"{RUN_TIMEOUT_TAG}={timeout:g}",)
        return command(tags=(*tags, *limit), **values)

    wrapped: Command = with_tag
    return option(wrapped)


def parse_tags(texts: tuple[str, ...]) -> dict[str, str]:
    """Tags from `k=v` texts."""
    tags = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--tag takes KEY=VALUE, not '{text}'.")
        tags[key] = value
    return tags


@dataclass(frozen=True, slots=True)
class Code:
    """Where the definitions are: exactly one of both."""

    module: str | None
    file: str | None

    @classmethod
    def choose(cls, module: str | None, file: str | None, settings: Settings) -> Code:
        """What was given, or the default of the settings."""
        if module or file:
            return cls(module, file)
        return cls(settings.default_module, None if settings.default_module else settings.default_file)

    def load(self) -> Definitions:
        """The definitions, validated."""
        defs = load_definitions(self.module, self.file)
        defs.validate()
        return defs


def connect(settings: Settings | None = None) -> Instance:
    """The instance that the settings name."""
    chosen = settings or Settings.load()
    return Instance.connect(chosen.redis_url, namespace=chosen.namespace)


def read_config(path: str | None) -> Any:
    """Run config from a YAML or JSON file.

    Raises:
        UsageError: The file cannot be read, or is neither.
    """
    if path is None:
        return None
    import yaml

    from assetq.definitions.config_file import read_yaml

    try:
        with open(path, encoding="utf-8") as file:
            return read_yaml(file.read())
    except OSError as error:
        raise UsageError(f"Cannot read config file '{path}': {error.strerror}.") from None
    except yaml.YAMLError as error:
        raise UsageError(f"Config file '{path}' is neither YAML nor JSON: {error}.") from None
