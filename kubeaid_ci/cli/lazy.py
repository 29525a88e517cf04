"""A group of commands that are loaded when they are called, so that starting up stays fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from kubeaid_ci.cli.environment import from_environment


class LazyGroup(click.Group):
    """Its commands by name: the module that each lives in, under the module's own name, and what it does."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command in order of name."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return the command of a name; None if it does not exist."""
        if cmd_name not in self.table:
            return None
        module = self.table[cmd_name][0]
        command: click.Command = getattr(import_module(module), module.rpartition(".")[2])
        return from_environment(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. An unknown name is an error that suggests similar names."""
        if args[0] in self.table or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from kubeaid_ci.suggestion import NAME, suggestion

        advice = suggestion(args[0], self.list_commands(ctx), likeness=NAME)
        raise click.UsageError(f"No such command {args[0]!r}; {advice}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name][1]) for name in self.list_commands(ctx)])
