"""``kubeaid-ci charts add``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve


@click.command("add")
@click.argument("name")
@click.option("--repository", required=True, metavar="URL", help="Where it is published: https://… or oci://….")
@click.option("--version", "chart_version", metavar="VERSION", help="Its version (default: the newest allowed).")
@common_options
@click.pass_context
def charts_add(ctx: click.Context, /, name: str, repository: str, chart_version: str | None, **given: Any) -> None:
    """Add an umbrella chart around a published chart, vendored, locked and in the ledger.

    Example: kubeaid-ci charts add podinfo --repository https://stefanprodan.github.io/podinfo
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.repositories import checkout_folder
    from kubeaid_ci.jobs.charts_add import add_chart
    from kubeaid_ci.model.chart_update import UpdateStatus
    from kubeaid_ci.report.chart_update import report

    options = resolve(ctx, given)
    found = add_chart(
        checkout_folder(options),
        name,
        repository=repository,
        version=chart_version,
        settings=options.settings,
        jobs=options.jobs,
        cache=options.cache,
    )
    failed = any(one.status is UpdateStatus.FAILED for one in found.results)
    told = report(found, command="charts add", version=__version__)
    done(ctx, told, options, failure=3 if failed else 2 if found.unwritten else 0)
