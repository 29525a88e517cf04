"""Help texts whose options are in groups, for commands with many of them."""

from collections.abc import Collection, Mapping

import click

# The parameters of each group, which are shown in this order. Options of the command itself come first.
_GROUPS: Mapping[str, Collection[str]] = {
    "Change request": (
        *("base", "title", "reviewers", "team_reviewers", "assignees", "labels", "milestone", "draft", "auto_merge"),
        *("per_cluster", "together", "on_foreign_commits", "dry_run", "preview"),
    ),
    "Commits": ("author", "sign", "sign_off", "commit_via"),
    "Forge": ("forge", "forge_url", "ca_bundle"),
    "Common options": (
        *("config_repo", "kubeaid", "kubeaid_ref", "jobs", "fmt", "report", "fail_on", "dotenv", "no_cache"),
        *("debug", "quiet", "verbose", "help"),
    ),
}


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        group_of = {name: title for title, names in _GROUPS.items() for name in names}
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *_GROUPS)}
        for parameter in self.get_params(ctx):
            if (record := parameter.get_help_record(ctx)) is not None:
                rows[group_of.get(parameter.name or "", "Options")].append(record)
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
