"""A command group that proposes the nearest command for a mistyped one."""

from __future__ import annotations

import click

from assetq.errors import suggest


class Group(click.Group):
    """Like click's own, with a suggestion."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(
                f"There is no command '{args[0]}'.{suggest(args[0], self.list_commands(ctx))}", ctx
            ) from error
