"""``kubeaid-ci charts verify``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.commands.options import common_options, resolve


@click.command("verify")
@click.argument("charts", nargs=-1, metavar="[CHART]...")
@click.option("--offline", is_flag=True, help="Ask nobody: compare with the ledger alone.")
@click.option("--update-ledger", is_flag=True, help="Add what the ledger does not know; never replaces content.")
@click.option("--accept", multiple=True, metavar="CHART", help="Record what a chart holds now; repeatable.")
@click.option("--reason", default="", metavar="TEXT", help="Why it is accepted; the ledger records it.")
@click.option("--base", metavar="REF", help="Call out ledger and repository changes since this revision.")
@click.option("--ref", default="worktree", show_default=True, metavar="REF", help="The revision to look at.")
@common_options
@click.pass_context
def charts_verify(
    ctx: click.Context,
    /,
    charts: tuple[str, ...],
    *,
    offline: bool,
    update_ledger: bool,
    accept: tuple[str, ...],
    reason: str,
    base: str | None,
    ref: str,
    **given: Any,
) -> None:
    """Compare vendored charts (default: all) with the ledger and with what is published.

    \b
    Example: kubeaid-ci charts verify --offline --base origin/main --kubeaid ../KubeAid
             kubeaid-ci charts verify --offline --accept buzz/buzz --reason "bundled databases removed"
    """
    from kubeaid_ci.commands.done import done
    from kubeaid_ci.commands.repositories import charts_folder
    from kubeaid_ci.errors import UserError
    from kubeaid_ci.jobs.charts_verify import verify_charts
    from kubeaid_ci.report.charts import verification

    if not offline:
        raise UserError("comparing with upstream is not possible yet; add --offline")
    options = resolve(ctx, given)
    kubeaid, ref = charts_folder(options, ref)
    found = verify_charts(
        kubeaid,
        charts=charts,
        ref=ref,
        base=base,
        update_ledger=update_ledger,
        accept=accept,
        reason=reason,
        kubernetes=options.settings.kubernetes_versions,
        jobs=options.jobs,
        cache=options.cache,
    )
    failure = 2 if any(one.rule.id == "chart/invalid" for one in found.findings) else 3 if found.may_pass else 0
    done(ctx, verification(found, version=__version__), options, failure=failure)
