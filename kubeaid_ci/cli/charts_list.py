"""``kubeaid-ci charts list``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.options import common_options, resolve


@click.command("list")
@click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)
@click.option("--ref", default="worktree", show_default=True, metavar="REF", help="The revision to look at.")
@common_options
@click.pass_context
def charts_list(ctx: click.Context, /, charts: tuple[str, ...], ref: str, **given: Any) -> None:
    """List umbrella charts: declared and vendored versions, where they come from, lock and ledger.

    Example: kubeaid-ci charts list cert-manager --kubeaid ../KubeAid
    """
    from kubeaid_ci.charts import complete_rules
    from kubeaid_ci.charts.list import list_charts
    from kubeaid_ci.charts.report import listing
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import charts_folder

    options = resolve(ctx, given)
    kubeaid, ref = charts_folder(options, ref)
    found = list_charts(kubeaid, charts=charts, ref=ref, cache=options.cache)
    report = listing(found.lines, found.findings, version=__version__, has_ledger=found.has_ledger)
    done(ctx, report, options, ran=() if charts else complete_rules.LIST, failure=2 if found.findings else 0)
