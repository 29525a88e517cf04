"""``kubeaid-ci charts update``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve


@click.command("update")
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@click.option("--to", metavar="VERSION", help="The version to go to, whatever the policy says; of one chart.")
@click.option("--skip", multiple=True, metavar="CHART", help="A chart to leave alone; repeatable.")
@click.option("--overwrite", is_flag=True, help="Give up edits of vendored charts that nobody declared.")
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
    **given: Any,
) -> None:
    """Take vendored charts (default: all) to their newest allowed release.

    A chart is updated as a whole or stays as it was. One that was edited here, whose archive is not the
    promised one, or that no longer renders, is refused, and stops no other.

    \b
    Example: kubeaid-ci charts update traefik argo-cd --kubeaid ../KubeAid
             kubeaid-ci charts update argo-cd --to 10.4.0
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.repositories import checkout_folder
    from kubeaid_ci.jobs.charts_update import update_charts
    from kubeaid_ci.model.chart_update import UpdateStatus
    from kubeaid_ci.report.chart_update import report

    options = resolve(ctx, given)
    found = update_charts(
        checkout_folder(options),
        charts=charts,
        to=to,
        skip=skip,
        overwrite=overwrite,
        settings=options.settings,
        jobs=options.jobs,
        cache=options.cache,
    )
    failed = any(one.status is UpdateStatus.FAILED for one in found.results)
    told = report(found, command="charts update", version=__version__)
    done(ctx, told, options, failure=3 if failed else 2 if found.unwritten else 0)
