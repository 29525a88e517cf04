"""The options of every command that publishes changes, and what they come to."""

import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli.environment import PathList, is_on_command_line
from kubeaid_ci.cli.shared_options import with_options
from kubeaid_ci.cli.terminal import notice

if TYPE_CHECKING:
    from kubeaid_ci.diff.comparison import ScanNote
    from kubeaid_ci.settings.publish import PublishOptions

# Options that change requests need a forge for.
_OF_REQUESTS = frozenset(
    ("forge_url", "reviewers", "team_reviewers", "assignees", "labels", "milestone", "draft", "auto_merge")
)
# Options with several values, separated by commas.
_LISTS = ("reviewers", "team_reviewers", "assignees", "labels")

_F = TypeVar("_F", bound=Callable[..., Any])

_REACH_OPTIONS = (
    click.option(
        "--forge",
        type=click.Choice(["auto", "github", "gitlab", "gitea", "none"]),
        help="Git hosting service (default: auto); none only pushes the branch.",
    ),
    click.option("--forge-url", metavar="URL", help="API base URL of a self-hosted forge."),
    click.option("--ca-bundle", metavar="FILE", help="File with additional CA certificates (PEM)."),
)
_FORGE_OPTIONS = (
    *_REACH_OPTIONS,
    click.option("--base", metavar="BRANCH", help="The branch to propose to (default: the remote's default)."),
)
_PER_CLUSTER = click.option("--per-cluster", is_flag=True, default=None, help="One change request for each cluster.")
_OPTIONS = (
    *_FORGE_OPTIONS,
    click.option("--title", help="The title of the change request."),
    click.option("--reviewers", metavar="NAMES", help="Reviewers, comma-separated."),
    click.option("--team-reviewers", metavar="TEAMS", help="Teams to request reviews from, comma-separated."),
    click.option("--assignees", metavar="NAMES", help="Assignees, comma-separated."),
    click.option("--labels", metavar="LABELS", help="Labels, comma-separated."),
    click.option("--milestone", help="The milestone."),
    click.option(
        "--draft", is_flag=True, default=None, help="Open as a draft. Always a draft while a cluster fails to build."
    ),
    click.option(
        "--auto-merge", is_flag=True, default=None, help="Merge when all checks pass. Argo CD deploys merged changes."
    ),
    click.option("--author", metavar='"NAME <MAIL>"', help="Commit author."),
    click.option("--sign", type=click.Choice(["ssh", "gpg"]), help="Sign the commits with Git's own key."),
    click.option("--sign-off", is_flag=True, default=None, help="Add Signed-off-by to the commits."),
    click.option(
        "--commit-via",
        type=click.Choice(["git", "api"]),
        help="git, or api: GitHub's API creates the commits and signs them.",
    ),
    click.option(
        "--on-foreign-commits",
        type=click.Choice(["stop", "stack", "overwrite"]),
        help="If others pushed commits to the branch: leave it (default), add to it, or replace them.",
    ),
    click.option(
        "--dry-run", is_flag=True, default=None, help="Write and push nothing; to publish, write only the preview."
    ),
    click.option(
        "--preview",
        metavar="DIR",
        help="Write the text and a patch of each change request to DIR (default with --dry-run: a new folder).",
    ),
)


def publish_options(function: _F) -> _F:
    """Add the options of publishing clusters to a command."""
    return with_options((*_OPTIONS, _PER_CLUSTER), function)


def chart_publish_options(function: _F) -> _F:
    """Add the options of publishing charts, each of which has a change request of its own."""
    return with_options(_OPTIONS, function)


def refuse_without_effect(
    ctx: click.Context, *, publish: bool, forge: str | None, others: Collection[str] = ()
) -> None:
    """Raise for options on the command line that have no effect: without --publish, or without a forge.

    `others` are options of publishing that have an effect without --publish. What the environment sets may be meant
    for other commands.
    """
    names = {name for name in _names() if is_on_command_line(ctx, name)}
    if not publish and (idle := sorted(names - set(others))):
        raise click.UsageError(f"{_listed(idle)} without --publish; add --publish, or leave it out", ctx)
    if forge == "none" and (idle := sorted(names & _OF_REQUESTS)):
        raise click.UsageError(f"{_listed(idle)} with --forge none, which opens no change request", ctx)


def _names() -> Iterator[str]:
    """Return the parameters of the options of publishing."""

    def command() -> None: ...

    return (option.name for option in getattr(with_options(_OPTIONS, command), "__click_params__", ()))


def _listed(names: Sequence[str]) -> str:
    options = ", ".join(f"--{name.replace('_', '-')}" for name in names)
    return f"{options} {'has' if len(names) == 1 else 'have'} no effect"


def reach_options(function: _F) -> _F:
    """Add the options for reaching a forge to a command."""
    return with_options(_REACH_OPTIONS, function)


def forge_options(function: _F) -> _F:
    """Add the options for the forge and base branch to a command."""
    return with_options(_FORGE_OPTIONS, function)


def chosen_publish_options(values: dict[str, Any], settings: "PublishOptions") -> "PublishOptions":
    """Return the options of the command line, completed by the settings file; removes them from `values`."""
    from kubeaid_ci.settings.publish import CommitVia, OnForeignCommits, PublishOptions

    kinds: dict[str, Callable[[str], Any]] = {
        "commit_via": CommitVia,
        "on_foreign_commits": OnForeignCommits,
        **dict.fromkeys(_LISTS, _split),
    }
    raw = {option.name: values.pop(option.name, None) for option in fields(PublishOptions)}
    named = {name: value for name, value in raw.items() if value is not None}
    flags = {name: kinds[name](value) if name in kinds else value for name, value in named.items()}
    # The settings file must not choose the host that gets a token.
    in_file = replace(settings, forge_url=None, settings_forge_url=settings.forge_url)
    chosen = PublishOptions(**flags).completed_by(in_file)
    # An empty list on the command line counts too.
    chosen = replace(chosen, **{name: flags[name] for name in _LISTS if name in flags})
    return replace(chosen, preview=_new_folder()) if chosen.dry_run and not chosen.preview else chosen


def _split(names: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in names.split(",") if part.strip())


def _new_folder() -> str:
    """Return the name of a folder outside of any checkout that no other run uses. It is created once it has a file."""
    return str(Path(tempfile.gettempdir(), f"kubeaid-ci-preview-{secrets.token_hex(8)}"))


def print_previews(asked: "PublishOptions") -> None:
    """Print where the texts and patches of this run are, or that a dry run has nothing to publish."""
    from kubeaid_ci.publishing import preview

    pushed = "dry run, so nothing was pushed; " if asked.dry_run else ""
    if asked.preview and preview.existing(Path(asked.preview)):
        notice(f"{pushed}texts and patches are in {asked.preview}")
    elif asked.dry_run:
        notice("dry run: nothing to publish, so there is no preview")


def scan_report_option(function: _F) -> _F:
    """Add ``--scan-report`` to a command that publishes."""
    return click.option(
        "--scan-report",
        "scan_reports",
        multiple=True,
        type=PathList(path_type=Path),
        metavar="FILE",
        help="With --publish: a report of trivy or grype, to show what new images fix and add; repeatable.",
    )(function)


def scan_note(ctx: click.Context, reports: Sequence[Path], *, publish: bool) -> "ScanNote | None":
    """Return what describes image changes by reports of scanners; None if no report is named.

    Raises `UsageError` if nothing is published, and `UserError` if a report cannot be read.
    """
    if not reports:
        return None
    if not publish:
        raise click.UsageError("--scan-report has no effect without --publish", ctx)
    from kubeaid_ci.scan.scanners import read_file
    from kubeaid_ci.scan.update_effect import note_of

    return note_of([report for path in reports for report in read_file(path)])
