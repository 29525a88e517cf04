"""``kubeaid-ci charts list`` and ``charts outdated``."""

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
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.list import list_charts
    from kubeaid_ci.charts.report import listing
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import charts_folder

    options = resolve(ctx, given)
    kubeaid, revision = charts_folder(options, ref)
    found = list_charts(kubeaid, charts=charts, ref=revision, cache=options.cache)
    report = listing(found.lines, found.findings, version=__version__, has_ledger=found.has_ledger)
    done(ctx, report, options, ran=() if charts else rules.LIST_RULES, failure=2 if found.findings else 0)


@click.command("outdated")
@click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)
@click.option("--update-ledger", is_flag=True, help="Record when each release was first seen.")
@click.option("--ref", default="worktree", show_default=True, metavar="REF", help="The revision to look at.")
@common_options
@click.pass_context
def charts_outdated(
    ctx: click.Context, /, charts: tuple[str, ...], *, update_ledger: bool, ref: str, **given: Any
) -> None:
    """List vendored charts (default: all) with newer releases, and why a newer release is held back.

    Outdated charts do not fail the run unless --fail-on info is set.

    \b
    Example: kubeaid-ci charts outdated traefik argo-cd --kubeaid ../KubeAid
             kubeaid-ci charts outdated --update-ledger
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.update.outdated import outdated_charts
    from kubeaid_ci.charts.update.report import outdated_report
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import charts_folder

    options = resolve(ctx, given)
    kubeaid, revision = charts_folder(options, ref)
    with Progress(quiet=options.quiet) as progress:
        found = outdated_charts(
            kubeaid,
            charts=charts,
            ref=revision,
            settings=options.settings,
            update_ledger=update_ledger,
            jobs=options.jobs,
            cache=options.cache,
            progress=progress.counted,
        )
    failure = 2 if any(one.rule.id == "chart/invalid" for one in found.findings) else 3 if found.may_pass else 0
    ran = () if charts or found.may_pass else rules.OUTDATED_RULES
    done(ctx, outdated_report(found, version=__version__), options, ran=ran, failure=failure)
