"""``kubeaid-ci charts list`` and ``charts outdated``."""

from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.shared_options import charts_argument, ref_option


@command("list")
@charts_argument
@ref_option
@common_options
@click.pass_context
def charts_list(ctx: click.Context, /, charts: tuple[str, ...], ref: str, **values: Any) -> None:
    """List umbrella charts: declared and vendored versions, where they come from, lock and ledger.

    \b
    Example: kubeaid-ci charts list cert-manager --kubeaid ../KubeAid
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.list import list_charts
    from kubeaid_ci.charts.report import listing
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import charts_folder

    options = resolve(ctx, values)
    kubeaid, revision = charts_folder(options, ref)
    found = list_charts(kubeaid, charts=charts, ref=revision, cache=options.cache)
    report = listing(found.lines, found.findings, version=__version__, has_ledger=found.has_ledger)
    done(ctx, report, options, ran=() if charts else rules.LIST_RULES, failure=2 if found.findings else 0)


@command("outdated")
@charts_argument
@click.option("--update-ledger", is_flag=True, help="Record when each release was first seen.")
@ref_option
@common_options
@click.pass_context
def charts_outdated(
    ctx: click.Context, /, charts: tuple[str, ...], *, update_ledger: bool, ref: str, **values: Any
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

    options = resolve(ctx, values)
    kubeaid, revision = charts_folder(options, ref)
    with Progress(quiet=options.quiet) as progress:
        found = outdated_charts(
            kubeaid,
            charts=charts,
            ref=revision,
            update_ledger=update_ledger,
            progress=progress.counted,
            **options.run_arguments,
        )
    failure = 2 if any(finding.rule.id == "chart/invalid" for finding in found.findings) else 3 if found.may_pass else 0
    ran = () if charts or found.may_pass else rules.OUTDATED_RULES
    done(ctx, outdated_report(found, version=__version__), options, ran=ran, failure=failure)
