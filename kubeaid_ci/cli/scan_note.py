"""``--scan-report``: change requests show which vulnerabilities new images fix and add."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli.environment import PathList

if TYPE_CHECKING:
    from kubeaid_ci.diff.comparison import ScanNote

_F = TypeVar("_F", bound=Callable[..., Any])


def scan_report_option(function: _F) -> _F:
    """Add ``--scan-report`` to a command that publishes."""
    return click.option(
        "--scan-report",
        "scan_reports",
        multiple=True,
        type=PathList(path_type=Path),
        metavar="FILE",
        help="With --publish: a report of trivy or grype, to show what new images fix and add; repeatable.",
    )(function)


def scan_note(ctx: click.Context, reports: Sequence[Path], *, publish: bool) -> "ScanNote | None":
    """Return what describes image changes by reports of scanners; None if no report is named.

    Raises `UsageError` if nothing is published, and `UserError` if a report cannot be read.
    """
    if not reports:
        return None
    if not publish:
        raise click.UsageError("--scan-report has no effect without --publish", ctx)
    from kubeaid_ci.scan.pairs import note_of
    from kubeaid_ci.scan.scanners import read_file

    return note_of([report for path in reports for report in read_file(path)])
