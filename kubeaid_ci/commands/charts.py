"""``kubeaid-ci charts``: the group, whose commands are loaded when they are called."""

from importlib import import_module

import click

from kubeaid_ci.commands.environment import from_environment

# Each command by name: where it lives and what it does, so that --help loads none of them.
COMMANDS = {
    "diff": ("kubeaid_ci.commands.charts_diff", "Say what a change does to what charts give."),
    "list": ("kubeaid_ci.commands.charts_list", "List umbrella charts and what they declare and vendor."),
    "render": ("kubeaid_ci.commands.charts_render", "Render umbrella charts with their default values."),
    "verify": ("kubeaid_ci.commands.charts_verify", "Compare vendored charts with the ledger and upstream."),
}


class _Charts(click.Group):
    """Loads a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command in order of name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command of a name; nothing where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = COMMANDS[cmd_name][0]
        command: click.Command = getattr(import_module(module), module.rpartition(".")[2])
        return from_environment(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=_Charts)
def charts() -> None:
    """The umbrella charts of a KubeAid repo and what is vendored in them.

    Example: kubeaid-ci charts verify --offline --kubeaid ../KubeAid
    """
