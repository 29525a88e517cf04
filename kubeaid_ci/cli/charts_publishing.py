"""Shared by the commands that change charts: whether to publish, where to, and how they end."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.charts.update.result import Updates, UpdateStatus
from kubeaid_ci.cli.options import Options, read_settings
from kubeaid_ci.cli.publish_options import print_previews, refuse_without_effect, wishes
from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.change_request import Wishes

if TYPE_CHECKING:
    from kubeaid_ci.charts.update.offer import ChartPublication


def wishes_of(ctx: click.Context, options: Options, given: dict[str, Any], *, publish: bool) -> Wishes | None:
    """Return how to publish, or None if the checkout is written to. The settings of a config repo do not apply.

    Raises for options that have no effect.
    """
    refuse_without_effect(ctx, publish=publish, forge=given.get("forge"), others=("dry_run",))
    if not publish:
        return None
    from kubeaid_ci.settings import Settings

    folder = Path(options.kubeaid) if options.kubeaid else None
    own = read_settings(folder) if folder and folder.is_dir() else Settings()
    return wishes(given, own.publish)


def address(options: Options) -> str:
    """Return the KubeAid repo to publish to: an address, or a checkout whose origin is published to."""
    from kubeaid_ci.cli.repositories import kubeaid_target

    if options.kubeaid_ref != "worktree":
        raise UserError(f"updates start from the base branch; leave out --kubeaid-ref {options.kubeaid_ref}")
    return kubeaid_target(options)


def config_repo(options: Options) -> Path | None:
    """Return the config repo whose clusters are compared, or None if none is named."""
    from kubeaid_ci.cli.repositories import config_folder

    folder = config_folder(options, beside=address(options))
    if (folder / "k8s").is_dir():
        return folder
    if options.config_repo_is_explicit:
        raise UserError(f"{folder}: not a config repo: it has no k8s/")
    return None


def written(
    ctx: click.Context, options: Options, found: Updates, *, command: str, ran: Collection[str] = ()
) -> NoReturn:
    """End a command that updated a checkout. `ran` is as for `done`."""
    from kubeaid_ci.charts.update.report import report
    from kubeaid_ci.cli.ending import done

    if found.dry_run:
        notice("dry run: nothing was written")
    told = report(found, command=command, version=__version__)
    failed = _failed(found)
    done(ctx, told, options, ran=() if failed else ran, failure=3 if failed else 2 if found.unwritten else 0)


def offered(
    ctx: click.Context,
    options: Options,
    found: "ChartPublication",
    asked: Wishes,
    *,
    command: str,
    ran: Collection[str] = (),
) -> NoReturn:
    """End a command that published change requests. `ran` is as for `done`."""
    from kubeaid_ci.charts.update.report import report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.publishing.report import request_outputs

    print_previews(asked)
    told = report(found.updates, found.findings, command=command, version=__version__)
    codes = [one.error.exit_code for one in found.failed] + [3] * _failed(found.updates)
    ran = () if codes else ran
    done(ctx, told, options, ran=ran, outputs=request_outputs(found.requests), failure=max(codes, default=0))


def _failed(found: Updates) -> bool:
    return any(one.status is UpdateStatus.FAILED for one in found.results)
