"""``kubeaid-ci charts update`` and ``charts add``, which write to a checkout or publish change requests."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, resolve
from kubeaid_ci.cli.publish_options import (
    chart_publish_options,
    chosen_publish_options,
    print_previews,
    refuse_without_effect,
    scan_note,
    scan_report_option,
)
from kubeaid_ci.cli.settings_in_force import read_settings
from kubeaid_ci.cli.shared_options import charts_argument
from kubeaid_ci.cli.terminal import notice
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.charts.update.offer import ChartPublication
    from kubeaid_ci.charts.update.result import Updates
    from kubeaid_ci.settings.publish import PublishOptions


@command("update", idle=("kubeaid_ref",))
@charts_argument
@click.option("--to", metavar="VERSION", help="The version to update one chart to, regardless of its policy.")
@click.option(
    "--skip",
    multiple=True,
    metavar="CHART",
    shell_complete=completion.charts,
    help="A chart not to update; repeatable.",
)
@click.option("--overwrite", is_flag=True, help="Discard undeclared local edits to vendored charts.")
@scan_report_option
@click.option("--publish", is_flag=True, help="Do not change the checkout; open or update change requests.")
@chart_publish_options
@common_options
@click.pass_context
def charts_update(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    *,
    to: str | None,
    skip: tuple[str, ...],
    overwrite: bool,
    scan_reports: tuple[Path, ...],
    publish: bool,
    **values: Any,
) -> None:
    """Update vendored charts (default: all) to the newest allowed release.

    Each umbrella chart is updated atomically. An update is refused, and the exit code is 1, if the chart was edited,
    if the archive does not match its digest, or if the chart no longer renders. Other charts are still updated.

    With --publish, each chart gets a change request that shows what the update does. It also shows the effect on
    each cluster if a config repo is named. Tokens come from the environment only.

    \b
    Example: kubeaid-ci charts update traefik argo-cd --kubeaid ../KubeAid
             kubeaid-ci charts update argo-cd --to 10.4.0
             kubeaid-ci charts update --dry-run
             kubeaid-ci charts update --publish --config-repo ../kubernetes-config --kubeaid .
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.update.publish import publish_charts
    from kubeaid_ci.charts.update.update import update_charts
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import checkout_folder

    note = scan_note(ctx, scan_reports, publish=publish)
    options = resolve(ctx, values)
    asked = _publish_options(ctx, options, values, publish=publish)
    which: dict[str, Any] = {"charts": charts, "to": to, "skip": skip, "overwrite": overwrite}
    with Progress(quiet=options.quiet) as progress:
        how: dict[str, Any] = {**which, **options.run_arguments, "progress": progress.counted}
        if asked is None:
            updates = update_charts(checkout_folder(options), dry_run=bool(values.get("dry_run")), **how)
        else:
            publication = publish_charts(
                _address(options), config_repo=_config_repo(options), options=asked, scan_note=note, **how
            )
    ran = () if charts or skip else rules.UPDATE_RULES
    if asked is None:
        _end_written(ctx, options, updates, command="charts update", ran=ran)
    _end_published(ctx, options, publication, asked, command="charts update", ran=ran)


@command("add", idle=("kubeaid_ref",))
@click.argument("name")
@click.option("--repository", required=True, metavar="URL", help="The chart repository: https://… or oci://….")
@click.option("--version", "chart_version", metavar="VERSION", help="The chart version (default: the newest allowed).")
@click.option("--publish", is_flag=True, help="Do not change the checkout; open or update a change request.")
@chart_publish_options
@common_options
@click.pass_context
def charts_add(
    ctx: click.Context,
    /,
    name: str,
    *,
    repository: str,
    chart_version: str | None,
    publish: bool,
    **values: Any,
) -> None:
    """Add an umbrella chart around a published chart, vendored, locked and in the ledger.

    \b
    Example: kubeaid-ci charts add podinfo --repository https://stefanprodan.github.io/podinfo
    """
    from kubeaid_ci.charts.update.add import add_chart
    from kubeaid_ci.charts.update.publish import publish_new_chart
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import checkout_folder

    options = resolve(ctx, values)
    asked = _publish_options(ctx, options, values, publish=publish)
    which: dict[str, Any] = {"repository": repository, "version": chart_version}
    with Progress(quiet=options.quiet) as progress:
        how: dict[str, Any] = {**which, **options.run_arguments, "progress": progress.counted}
        if asked is None:
            updates = add_chart(checkout_folder(options), name, dry_run=bool(values.get("dry_run")), **how)
        else:
            publication = publish_new_chart(_address(options), name, options=asked, **how)
    if asked is None:
        _end_written(ctx, options, updates, command="charts add")
    _end_published(ctx, options, publication, asked, command="charts add")


def _publish_options(
    ctx: click.Context, options: Options, values: dict[str, Any], *, publish: bool
) -> "PublishOptions | None":
    """Return how to publish, or None if the checkout is written to. The settings of a config repo do not apply.

    Raises for options that have no effect.
    """
    refuse_without_effect(ctx, publish=publish, forge=values.get("forge"), others=("dry_run",))
    if not publish:
        return None
    from kubeaid_ci.settings import Settings

    folder = Path(options.kubeaid) if options.kubeaid else None
    own = read_settings(folder) if folder and folder.is_dir() else Settings()
    return chosen_publish_options(values, own.publish)


def _address(options: Options) -> str:
    """Return the KubeAid repo to publish to: an address, or a checkout whose origin is published to."""
    from kubeaid_ci.cli.repositories import kubeaid_target
    from kubeaid_ci.git.revision import WorkTree

    if not isinstance(options.kubeaid_ref, WorkTree):
        raise UserError(f"updates start from the base branch; leave out --kubeaid-ref {options.kubeaid_ref}")
    return kubeaid_target(options)


def _config_repo(options: Options) -> Path | None:
    """Return the config repo whose clusters are compared, or None if none is named."""
    from kubeaid_ci.cli.repositories import config_folder

    folder = config_folder(options, beside=_address(options))
    if (folder / "k8s").is_dir():
        return folder
    if options.config_repo_is_explicit:
        raise UserError(f"{folder}: not a config repo: it has no k8s/")
    return None


def _end_written(
    ctx: click.Context, options: Options, updates: "Updates", *, command: str, ran: Collection[str] = ()
) -> NoReturn:
    """End a command that updated a checkout. `ran` is as for `done`."""
    from kubeaid_ci.charts.update.report import update_report
    from kubeaid_ci.cli.ending import done

    if updates.dry_run:
        notice("dry run: nothing was written")
    result = update_report(updates, command=command, version=__version__)
    failed = _has_failed(updates)
    done(ctx, result, options, ran=() if failed else ran, failure=3 if failed else 2 if updates.unwritten else 0)


def _end_published(
    ctx: click.Context,
    options: Options,
    publication: "ChartPublication",
    asked: "PublishOptions",
    *,
    command: str,
    ran: Collection[str] = (),
) -> NoReturn:
    """End a command that published change requests. `ran` is as for `done`."""
    from kubeaid_ci.charts.update.report import update_report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.publishing.report import request_outputs

    print_previews(asked)
    result = update_report(publication.updates, publication.findings, command=command, version=__version__)
    codes = [failed.error.exit_code for failed in publication.failed] + [3] * _has_failed(publication.updates)
    ran = () if codes else ran
    done(ctx, result, options, ran=ran, outputs=request_outputs(publication.requests), failure=max(codes, default=0))


def _has_failed(updates: "Updates") -> bool:
    """Return whether an upstream could not be reached."""
    from kubeaid_ci.charts.update.result import UpdateStatus

    return any(update.status is UpdateStatus.FAILED for update in updates.results)
