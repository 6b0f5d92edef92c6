"""A length of time on the command line: `30d`, `12h`, `1.5h`, `90s`."""

from __future__ import annotations

import re

import click

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
FORM = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")


class Age(click.ParamType):  # type: ignore[type-arg]  # not generic in every version of click
    """Reads it as seconds."""

    name = "age"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds of a text."""
        if isinstance(value, float):
            return value
        match = FORM.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"'{value}' is no length of time; write a number and s, m, h, d or w, as in 30d.", param, ctx)
        return float(match[1]) * SECONDS[match[2]]
