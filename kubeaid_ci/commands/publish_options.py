"""The options of every command that offers changes, and what they come to."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.commands.terminal import notice
from kubeaid_ci.model.publication import CommitVia, OnForeignCommits, Wishes

if TYPE_CHECKING:
    from kubeaid_ci.settings import PublishSettings

PREVIEW = "kubeaid-ci-preview"

_F = TypeVar("_F", bound=Callable[..., Any])

_REACH_OPTIONS = (
    click.option(
        "--forge",
        type=click.Choice(["auto", "github", "gitlab", "gitea", "none"]),
        help="What the repository lives on (default: auto); with none a branch is pushed only.",
    ),
    click.option("--forge-url", metavar="URL", help="The base of a self-hosted forge's API."),
    click.option("--ca-bundle", metavar="FILE", help="Certificates to trust besides the system's."),
)
_FORGE_OPTIONS = (
    *_REACH_OPTIONS,
    click.option("--base", metavar="BRANCH", help="The branch to propose to (default: the remote's default)."),
)
_OPTIONS = (
    *_FORGE_OPTIONS,
    click.option("--per-cluster", is_flag=True, default=None, help="One change request for each cluster."),
    click.option("--title", help="The title of the change request."),
    click.option("--reviewers", metavar="NAMES", help="Who shall review, separated by commas."),
    click.option("--team-reviewers", metavar="TEAMS", help="Teams who shall review, separated by commas."),
    click.option("--assignees", metavar="NAMES", help="Who is assigned, separated by commas."),
    click.option("--labels", metavar="LABELS", help="Labels, separated by commas."),
    click.option("--milestone", help="The milestone."),
    click.option(
        "--draft", is_flag=True, default=None, help="Open as a draft; so it is too while a cluster fails to build."
    ),
    click.option(
        "--auto-merge", is_flag=True, default=None, help="Merge when all checks pass. ArgoCD deploys what is merged."
    ),
    click.option("--author", metavar='"NAME <MAIL>"', help="Who the commits are by."),
    click.option("--sign", type=click.Choice(["ssh", "gpg"]), help="Sign the commits with Git's own key."),
    click.option("--sign-off", is_flag=True, default=None, help="Add Signed-off-by to the commits."),
    click.option(
        "--commit-via",
        type=click.Choice(["git", "api"]),
        help="Let GitHub's API make the commits, which verifies them.",
    ),
    click.option(
        "--on-foreign-commits",
        type=click.Choice(["stop", "stack", "overwrite"]),
        help="When others committed to the branch: leave it (default), add to it, or replace their commits.",
    ),
    click.option("--dry-run", is_flag=True, default=None, help="Push nothing and ask no forge; write the preview."),
    click.option(
        "--preview",
        metavar="DIR",
        help=f"Write the whole text and a patch there (with --dry-run by default to {PREVIEW}).",
    ),
)


def publish_options(function: _F) -> _F:
    """Add the options of publishing to a command."""
    return _with(_OPTIONS, function)


def reach_options(function: _F) -> _F:
    """Add the options that say how to reach a forge to a command."""
    return _with(_REACH_OPTIONS, function)


def forge_options(function: _F) -> _F:
    """Add the options that say where the config repo lives to a command."""
    return _with(_FORGE_OPTIONS, function)


def _with(options: Sequence[Callable[[_F], _F]], function: _F) -> _F:
    for option in reversed(options):
        function = option(function)
    return function


def wishes(given: dict[str, Any], settings: "PublishSettings") -> Wishes:
    """What the options say, else the settings file; takes the options out of `given`."""

    def chosen(name: str) -> Any:
        value = given.pop(name, None)
        return value if value is not None else getattr(settings, name, None)

    def several(name: str) -> tuple[str, ...]:
        value = chosen(name)
        return (
            tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value or ()
        )

    dry_run = bool(chosen("dry_run"))
    return Wishes(
        forge=chosen("forge") or "auto",
        forge_url=given.pop("forge_url", None),
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
        preview=chosen("preview") or (PREVIEW if dry_run else None),
    )


def say_previews(asked: Wishes) -> None:
    """Say where the texts and patches are, and that this was all there was to a dry run."""
    pushed = "dry run, so nothing was pushed; " if asked.dry_run else ""
    if asked.preview and Path(asked.preview).is_dir():
        notice(f"{pushed}texts and patches are in {asked.preview}")
    elif asked.dry_run:
        notice("dry run; there is nothing to push and so no preview")
