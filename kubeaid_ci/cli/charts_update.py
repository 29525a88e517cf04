"""``kubeaid-ci charts update``."""

from pathlib import Path
from typing import Any

import click

from kubeaid_ci.cli import completion
from kubeaid_ci.cli.grouped import GroupedCommand
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.publish_options import chart_publish_options
from kubeaid_ci.cli.scan_note import scan_note, scan_report_option


@click.command("update", cls=GroupedCommand)
@click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)
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
    **given: Any,
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
    from kubeaid_ci.charts import complete_rules
    from kubeaid_ci.charts.update.publish import publish_charts
    from kubeaid_ci.charts.update.update import update_charts
    from kubeaid_ci.cli import charts_publishing
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import checkout_folder

    note = scan_note(ctx, scan_reports, publish=publish)
    options = resolve(ctx, given)
    asked = charts_publishing.wishes_of(ctx, options, given, publish=publish)
    same: dict[str, Any] = {
        "charts": charts,
        "to": to,
        "skip": skip,
        "overwrite": overwrite,
        "settings": options.settings,
        "jobs": options.jobs,
        "cache": options.cache,
    }
    with Progress(quiet=options.quiet) as progress:
        same["progress"] = progress.counted
        if asked is None:
            updates = update_charts(checkout_folder(options), dry_run=bool(given.get("dry_run")), **same)
        else:
            config = charts_publishing.config_repo(options)
            same["scan_note"] = note
            found = publish_charts(charts_publishing.address(options), config_repo=config, wishes=asked, **same)
    ran = () if charts or skip else complete_rules.UPDATE
    if asked is None:
        charts_publishing.written(ctx, options, updates, command="charts update", ran=ran)
    charts_publishing.offered(ctx, options, found, asked, command="charts update", ran=ran)
