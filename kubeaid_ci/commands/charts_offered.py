"""What the commands that change charts share: whether to publish, where to, and how they end."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import Options, read_settings
from kubeaid_ci.commands.publish_options import say_previews, wishes
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.chart_update import Updates, UpdateStatus
from kubeaid_ci.model.publication import Wishes

if TYPE_CHECKING:
    from kubeaid_ci.jobs.charts_offer import ChartPublication


def wishes_of(options: Options, given: dict[str, Any], *, publish: bool) -> Wishes | None:
    """How to offer what changes; nothing where it is written here. What a config repo's settings say is not meant."""
    if not publish:
        if given.get("dry_run") or given.get("preview"):
            raise UserError("--dry-run and --preview are for change requests; add --publish")
        return None
    from kubeaid_ci.settings import Settings

    folder = Path(options.kubeaid) if options.kubeaid else None
    own = read_settings(folder) if folder and folder.is_dir() else Settings()
    return wishes(given, own.publish)


def address(options: Options) -> str:
    """The KubeAid repo to publish to: an address, or a checkout whose origin is meant."""
    from kubeaid_ci.commands.repositories import kubeaid_target

    if options.kubeaid_ref != "worktree":
        raise UserError(f"updates start from the base branch; leave out --kubeaid-ref {options.kubeaid_ref}")
    return kubeaid_target(options)


def config_repo(options: Options) -> Path | None:
    """The config repo whose clusters are looked at; nothing where none is named."""
    from kubeaid_ci.commands.repositories import config_folder

    folder = config_folder(options, beside=address(options))
    if (folder / "k8s").is_dir():
        return folder
    if options.config_repo != ".":
        raise UserError(f"{folder}: not a config repo: it has no k8s/")
    return None


def written(ctx: click.Context, options: Options, found: Updates, *, command: str) -> NoReturn:
    """End a command that wrote into a checkout."""
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.report.chart_update import report

    told = report(found, command=command, version=__version__)
    done(ctx, told, options, failure=3 if _failed(found) else 2 if found.unwritten else 0)


def offered(
    ctx: click.Context, options: Options, found: "ChartPublication", asked: Wishes, *, command: str
) -> NoReturn:
    """End a command that offered change requests."""
    from kubeaid_ci.checks.publish import check
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.report.chart_update import report
    from kubeaid_ci.report.publish import request_outputs

    say_previews(asked)
    failed = {one.branch: str(one.error) for one in found.failed}
    told = report(found.updates, check(found.requests, failed), command=command, version=__version__)
    codes = [one.error.exit_code for one in found.failed] + [3] * _failed(found.updates)
    done(ctx, told, options, outputs=request_outputs(found.requests), failure=max(codes, default=0))


def _failed(found: Updates) -> bool:
    return any(one.status is UpdateStatus.FAILED for one in found.results)
