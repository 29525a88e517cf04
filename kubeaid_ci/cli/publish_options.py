"""The options of every command that publishes changes, and what they come to."""

import secrets
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli.environment import PathList, is_on_command_line
from kubeaid_ci.cli.shared_options import with_options
from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.forge.change_request import CommitVia, OnForeignCommits, Wishes

if TYPE_CHECKING:
    from kubeaid_ci.diff.comparison import ScanNote
    from kubeaid_ci.settings import PublishSettings

# Options that change requests need a forge for.
_OF_REQUESTS = frozenset(
    ("forge_url", "reviewers", "team_reviewers", "assignees", "labels", "milestone", "draft", "auto_merge")
)

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
    """The parameters of the options of publishing."""

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


def wishes(values: dict[str, Any], settings: "PublishSettings") -> Wishes:
    """Return the options, else the values of the settings file; removes the options from `values`."""

    def chosen(name: str) -> Any:
        value = values.pop(name, None)
        return value if value is not None else getattr(settings, name, None)

    def several(name: str) -> tuple[str, ...]:
        value = chosen(name)
        return (
            tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value or ()
        )

    dry_run = bool(chosen("dry_run"))
    return Wishes(
        forge=chosen("forge") or "auto",
        forge_url=values.pop("forge_url", None),
        settings_forge_url=settings.forge_url,
        base=chosen("base"),
        per_cluster=bool(chosen("per_cluster")),
        title=chosen("title"),
        reviewers=several("reviewers"),
        team_reviewers=several("team_reviewers"),
        assignees=several("assignees"),
        labels=several("labels"),
        milestone=chosen("milestone"),
        draft=bool(chosen("draft")),
        auto_merge=bool(chosen("auto_merge")),
        author=chosen("author"),
        sign=chosen("sign"),
        sign_off=bool(chosen("sign_off")),
        commit_via=CommitVia(chosen("commit_via") or CommitVia.GIT),
        on_foreign_commits=OnForeignCommits(chosen("on_foreign_commits") or OnForeignCommits.STOP),
        ca_bundle=chosen("ca_bundle"),
        dry_run=dry_run,
        preview=chosen("preview") or (_new_folder() if dry_run else None),
    )


def _new_folder() -> str:
    """Return the name of a folder outside of any checkout that no other run uses. It is created once it has a file."""
    return str(Path(tempfile.gettempdir(), f"kubeaid-ci-preview-{secrets.token_hex(8)}"))


def print_previews(asked: Wishes) -> None:
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
