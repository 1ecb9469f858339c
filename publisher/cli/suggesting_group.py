"""A group of commands that knows what was meant: `publish relaese` asks for `release`."""

from __future__ import annotations

import click

from publisher.text.suggest import did_you_mean


class SuggestingGroup(click.Group):
    """Names the nearest command when there is none of the name that was typed, and tells in whole what each does."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            # By itself click cuts a line short where the terminal ends.
            formatter.write_dl([(name, command.get_short_help_str(limit=200)) for name, command in commands if command])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"there is no command {name}; {did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)
