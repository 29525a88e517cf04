"""How every command ends: suppressions, the baseline, report, exit code."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NoReturn, TextIO

import click

from kubeaid_ci.checks import suppress
from kubeaid_ci.checks.baseline import new_findings
from kubeaid_ci.commands.finish import finish
from kubeaid_ci.commands.new_only import Baseline
from kubeaid_ci.commands.options import Options
from kubeaid_ci.edges import ci
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.report import Report

Failure = int | Callable[[Sequence[Finding]], int]
"""The exit code of what could not be done, or how to get it from the findings that are reported."""


def done(
    ctx: click.Context,
    report: Report,
    options: Options,
    *,
    ran: Collection[str] = (),
    outputs: Mapping[str, str] | None = None,
    repository: str | None = None,
    failure: Failure = 0,
    baseline: Baseline | None = None,
    stdout: TextIO | None = None,
    post: Callable[[], int] | None = None,
) -> NoReturn:
    """Show a report as the options say, and exit.

    `ran` has the rules or families that looked at everything, so that an unused suppression can be
    told; `repository` is the folder that the findings' paths are relative to (default: the config
    repo); `failure` is 2 or 3 if something could not be done. The findings of the `baseline` are counted and not
    reported. `stdout` is where the report goes where standard output has the result itself. `post` puts the result
    on a forge after the report was written.
    """
    found = (*options.weakened, *report.findings)
    findings = suppress.apply(found, options.settings.suppress, today=date.today(), ran=ran)
    report = _without_known(replace(report, findings=findings), baseline)
    code = finish(
        report,
        fmt=options.fmt,
        fail_on=options.fail_on,
        reports=options.reports,
        outputs=outputs,
        dotenv=options.dotenv,
        folder=ci.below_checkout(repository or options.config_repo),
        failure=failure if isinstance(failure, int) else failure(report.findings),
        stdout=stdout,
        post=post,
    )
    ctx.exit(code)


def _without_known(report: Report, baseline: Baseline | None) -> Report:
    if baseline is None:
        return report
    findings, known = new_findings(report.findings, baseline.findings)
    return replace(report, findings=findings, base=baseline.ref, summary={**report.summary, "known": known})
