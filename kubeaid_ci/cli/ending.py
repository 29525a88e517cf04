"""The end of every command: suppressions, the baseline, report, exit code."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NoReturn, TextIO

import click

from kubeaid_ci.baseline.baseline import new_findings
from kubeaid_ci.ci import job
from kubeaid_ci.cli.finish import finish
from kubeaid_ci.cli.new_only import Baseline
from kubeaid_ci.cli.options import Options
from kubeaid_ci.findings import suppress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report.report import Report

Failure = int | Callable[[Sequence[Finding]], int]
"""The exit code of what could not be done, or how to get it from the findings that are reported."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The findings to report, those that the settings suppress marked. `known` counts those of a base, if asked for."""

    findings: tuple[Finding, ...]
    base: str | None = None
    known: int = 0

    def of(self, report: Report) -> Report:
        """Return the report with these findings."""
        summary = report.summary if self.base is None else {**report.summary, "known": self.known}
        return replace(report, findings=self.findings, base=self.base, summary=summary)


def judge(
    findings: Sequence[Finding], options: Options, *, ran: Collection[str] = (), baseline: Baseline | None = None
) -> Judged:
    """Add what the settings weaken, apply suppressions, and take out the findings of the `baseline`.

    `ran` has the rules or families that looked at everything, so that an unused suppression can be reported.
    """
    found = (*options.settings_findings, *findings)
    marked = suppress.apply(found, options.settings.suppress, today=date.today(), ran=ran)
    if baseline is None:
        return Judged(marked)
    new, known = new_findings(marked, baseline.findings)
    return Judged(tuple(new), baseline.ref, known)


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
    """Show a report by the options, and exit.

    `ran` and `baseline` are as for `judge`, the rest as for `conclude`.
    """
    report = judge(report.findings, options, ran=ran, baseline=baseline).of(report)
    code = failure if isinstance(failure, int) else failure(report.findings)
    conclude(ctx, report, options, outputs=outputs, repository=repository, failure=code, stdout=stdout, post=post)


def conclude(
    ctx: click.Context,
    report: Report,
    options: Options,
    *,
    outputs: Mapping[str, str] | None = None,
    repository: str | None = None,
    failure: int = 0,
    stdout: TextIO | None = None,
    post: Callable[[], int] | None = None,
    revisions: Callable[[], Mapping[str, Any]] | None = None,
) -> NoReturn:
    """Show a report whose findings are judged, and exit.

    `repository` is the folder that the findings' paths are relative to (default: the config repo). `failure` is 2 or
    3 if something could not be done, 1 for a difference that fails the run. `stdout` is where the report goes if
    standard output has the result itself. `post` puts the result on a forge after the report was written. `revisions`
    are those of the report (default: those of the options).
    """
    code = finish(
        _with_provenance(report, options, revisions),
        fmt=options.fmt,
        fail_on=options.fail_on,
        reports=options.reports,
        outputs=outputs,
        dotenv=options.dotenv,
        folder=job.below_checkout(repository or options.config_repo),
        failure=failure,
        stdout=stdout,
        post=post,
        verbose=options.verbose,
    )
    ctx.exit(code)


def _with_provenance(report: Report, options: Options, revisions: Callable[[], Mapping[str, Any]] | None) -> Report:
    """Add where the report comes from, if a format shows it: text on a terminal does not."""
    if options.fmt == "text" and not options.reports and not job.github(os.environ):
        return report
    from kubeaid_ci.cli import provenance

    found = revisions() if revisions else provenance.of_options(options)
    return replace(report, revisions=found, made=datetime.now(UTC), run=provenance.run_address())
