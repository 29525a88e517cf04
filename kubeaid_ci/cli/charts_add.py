"""``kubeaid-ci charts add``."""

from typing import Any

import click

from kubeaid_ci.cli.grouped import GroupedCommand
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.publish_options import chart_publish_options


@click.command("add", cls=GroupedCommand)
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
    **given: Any,
) -> None:
    """Add an umbrella chart around a published chart, vendored, locked and in the ledger.

    Example: kubeaid-ci charts add podinfo --repository https://stefanprodan.github.io/podinfo
    """
    from kubeaid_ci.charts.update.add import add_chart
    from kubeaid_ci.charts.update.publish import publish_new_chart
    from kubeaid_ci.cli import charts_publishing
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import checkout_folder

    options = resolve(ctx, given)
    asked = charts_publishing.wishes_of(ctx, options, given, publish=publish)
    same: dict[str, Any] = {
        "repository": repository,
        "version": chart_version,
        "settings": options.settings,
        "jobs": options.jobs,
        "cache": options.cache,
    }
    with Progress(quiet=options.quiet) as progress:
        same["progress"] = progress.counted
        if asked is None:
            updates = add_chart(checkout_folder(options), name, dry_run=bool(given.get("dry_run")), **same)
        else:
            found = publish_new_chart(charts_publishing.address(options), name, wishes=asked, **same)
    if asked is None:
        charts_publishing.written(ctx, options, updates, command="charts add")
    charts_publishing.offered(ctx, options, found, asked, command="charts add")
