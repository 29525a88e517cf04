"""Help texts that list the options of a command first, then groups that other commands have too."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import click

# The parameters of each group, in the order of the help text. Options of the command itself come first.
_GROUPS: Mapping[str, Collection[str]] = {
    "Change request": (
        *("title", "reviewers", "team_reviewers", "assignees", "labels", "milestone", "draft", "auto_merge"),
        *("per_cluster", "together", "on_foreign_commits", "dry_run", "preview"),
    ),
    "Commits": ("author", "sign", "sign_off", "commit_via"),
    "Forge": ("forge", "forge_url"),
    "Network": ("allow", "plain_http", "mirror", "ca_bundle"),
    "Common options": (
        *("config_repo", "kubeaid", "kubeaid_ref", "jobs", "fmt", "report", "fail_on", "dotenv", "no_cache"),
        *("debug", "quiet", "verbose"),
    ),
}
_PUBLISHING = "title"


class Command(click.Command):
    """A command whose help lists its options in groups, without those that have no effect in it."""

    def __init__(self, *args: Any, idle: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in self.params:
            if isinstance(parameter, click.Option) and parameter.name in idle:
                parameter.hidden = True

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        publishes = any(option.name == _PUBLISHING for option in options)
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *_GROUPS)}
        for option in options:
            if (record := option.get_help_record(ctx)) is not None:
                rows[_group(option, publishes=publishes)].append(record)
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def _group(option: click.Option, *, publishes: bool) -> str:
    """Return the title of the group of an option. Elsewhere than in publishing, the same names are a command's own."""
    if "--help" in option.opts:
        return "Common options"
    title = next((title for title, names in _GROUPS.items() if option.name in names), "Options")
    if option.metavar == "BRANCH":
        title = "Change request"
    return title if publishes or title not in ("Change request", "Commits") else "Options"


command = partial(click.command, cls=Command)
"""Decorator of every command. ``idle`` names options that have no effect in it, which its help does not show."""
