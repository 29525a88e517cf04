"""How every command ends: suppressions, report, exit code."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import NoReturn, TextIO

import click

from kubeaid_ci.checks import suppress
from kubeaid_ci.commands.finish import finish
from kubeaid_ci.commands.options import Options
from kubeaid_ci.edges import ci
from kubeaid_ci.model.report import Report


def done(
    ctx: click.Context,
    report: Report,
    options: Options,
    *,
    ran: Collection[str] = (),
    outputs: Mapping[str, str] | None = None,
    repository: str | None = None,
    failure: int = 0,
    stdout: TextIO | None = None,
    post: Callable[[], int] | None = None,
) -> NoReturn:
    """Show a report as the options say, and exit.

    `ran` has the rules or families that looked at everything, so that an unused suppression can be
    told; `repository` is the folder that the findings' paths are relative to (default: the config
    repo); `failure` is 2 or 3 where something could not be done. `stdout` is where the report goes
    where standard output has the result itself. `post` puts the result on a forge after the report was written.
    """
    found = (*options.weakened, *report.findings)
    findings = suppress.apply(found, options.settings.suppress, today=date.today(), ran=ran)
    code = finish(
        replace(report, findings=findings),
        fmt=options.fmt,
        fail_on=options.fail_on,
        reports=options.reports,
        outputs=outputs,
        dotenv=options.dotenv,
        folder=ci.below_checkout(repository or options.config_repo),
        failure=failure,
        stdout=stdout,
        post=post,
    )
    ctx.exit(code)
