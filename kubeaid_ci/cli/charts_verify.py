"""``kubeaid-ci charts verify``."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import base_to_subtract, charts_baseline, new_only_option, revision_of_base
from kubeaid_ci.cli.options import Options, common_options, resolve
from kubeaid_ci.cli.posting import update_issue
from kubeaid_ci.cli.publish_options import chosen_publish_options, reach_options
from kubeaid_ci.cli.shared_options import charts_argument, reaching_upstreams, ref_option, upstream_options

if TYPE_CHECKING:
    from kubeaid_ci.charts.verify.upstream import Fetch
    from kubeaid_ci.charts.verify.verdict import Verification
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.forge.interface import Forge
    from kubeaid_ci.git.revision import TreeRevision
    from kubeaid_ci.report.report import Report


@command("verify")
@charts_argument
@click.option("--offline", is_flag=True, help="Do not use the network; compare only with the ledger.")
@click.option(
    "--update-ledger", is_flag=True, help="Add charts and files missing from the ledger; never replaces content."
)
@click.option("--accept", multiple=True, metavar="CHART", help="Record the chart's current content; repeatable.")
@click.option("--reason", default="", metavar="TEXT", help="Reason for --accept; recorded in the ledger.")
@click.option(
    "--base",
    metavar="REF",
    help="Also report changes of the ledger and of repositories since REF (REF...: merge base).",
)
@ref_option
@click.option("--issue", is_flag=True, help="Keep one issue on the KubeAid repo's forge, open while there are errors.")
@new_only_option
@upstream_options
@reach_options
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
    issue: bool,
    new_only: bool,
    **values: Any,
) -> None:
    """Compare vendored charts (default: all) with the ledger and with what is published.

    \b
    Example: kubeaid-ci charts verify --offline --new-only --base origin/main --kubeaid ../KubeAid
             kubeaid-ci charts verify --issue --kubeaid https://github.com/example/KubeAid.git
             kubeaid-ci charts verify --offline --accept buzz/buzz --reason "bundled databases removed"
    """
    from kubeaid_ci.charts import rules
    from kubeaid_ci.charts.report import verification
    from kubeaid_ci.charts.verify.verify import verify_charts
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import charts_folder

    subtracted = base_to_subtract(ctx, base, new_only=new_only, base_is_used=True)
    options = resolve(ctx, values, base=base, base_of="kubeaid")
    kubeaid, revision = charts_folder(options, ref)
    asking = _asking(options, values, offline=offline)
    forge = _forge(options, values, is_partial=offline or new_only or bool(charts)) if issue else None
    with Progress(quiet=options.quiet) as progress, asking as fetch:
        versions, jobs = options.settings.kubernetes_versions, options.jobs
        verify = partial(verify_charts, kubeaid, fetch=fetch, kubernetes=versions, jobs=jobs, cache=options.cache)
        ledger: dict[str, Any] = {"update_ledger": update_ledger, "accept": accept, "reason": reason}
        before = revision_of_base(kubeaid, base, revision) if base else None
        found = verify(charts=charts, ref=revision, base=before, progress=progress.verified, **ledger)
        baseline = charts_baseline(kubeaid, subtracted, charts, partial(_findings_at, verify), head=revision)
    # What a failed upstream hides could match; a baseline takes out what suppressions match.
    is_whole = not (charts or new_only or found.may_pass)
    report = verification(found, version=__version__)
    done(
        ctx,
        report,
        options,
        ran=(rules.VERIFY_OFFLINE_RULES if offline else rules.VERIFY_RULES) if is_whole else (),
        failure=partial(_failure, found),
        baseline=baseline,
        post=partial(_update_issue, forge, report, options) if forge else None,
    )


def _findings_at(
    verify: "Callable[..., Verification]", revision: "TreeRevision", names: "Sequence[str]"
) -> "Sequence[Finding]":
    """Return the findings about charts (none: all) at another revision of the KubeAid repo."""
    return verify(charts=names, ref=revision, effects=False).findings


def _asking(options: Options, values: dict[str, Any], *, offline: bool) -> "AbstractContextManager[Fetch | None]":
    """Return a context of the function that fetches from upstreams, or of None if offline. Removes its options."""
    asked = reaching_upstreams(values, options.settings.upstreams)
    if offline:
        return nullcontext()
    from kubeaid_ci.charts.verify.upstream import upstream_charts

    return upstream_charts(cache=options.cache, **asked)


def _forge(options: Options, values: dict[str, Any], *, is_partial: bool) -> "Forge":
    from kubeaid_ci.cli.repositories import kubeaid_target
    from kubeaid_ci.errors import UserError
    from kubeaid_ci.publishing.issue import forge_of

    if is_partial:
        raise UserError("an issue is about all charts and what is published; leave out names, --offline and --new-only")
    return forge_of(kubeaid_target(options), chosen_publish_options(values, options.settings.publish))


def _update_issue(forge: "Forge", report: "Report", options: Options) -> int:
    """Update the issue with the findings that are not suppressed, and return the exit code."""
    from datetime import date

    from kubeaid_ci.charts.verify.issue import CHARTS
    from kubeaid_ci.findings import suppress

    findings = suppress.apply(tuple(report.findings), options.settings.suppress, today=date.today(), ran=())
    return update_issue(forge, replace(report, findings=findings), CHARTS)


def _failure(found: "Verification", findings: "Sequence[Finding]") -> int:
    """Return 2 if a chart cannot be read, 3 if a retry may help; both win over the findings' 1.

    `findings` are those that are reported. A change that lets runs fail less often fails itself.
    """
    if any(finding.rule.id == "chart/invalid" for finding in findings):
        return 2
    is_lenient = any(
        finding.rule.id == "chart/suppression-changed" and finding.subject == "fail-on" for finding in findings
    )
    return 3 if found.may_pass else int(is_lenient)
