"""The output of every command: report files, outputs of the CI job, the report itself, and the exit code."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TextIO

from kubeaid_ci.ci import job
from kubeaid_ci.cli.options import OutputOptions
from kubeaid_ci.cli.terminal import is_coloured
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.report import markdown_page
from kubeaid_ci.report.blocks import Section
from kubeaid_ci.report.formats import parts
from kubeaid_ci.report.outcome import exit_code
from kubeaid_ci.report.report import Report
from kubeaid_ci.report.text import Kind, Line, lines, section_lines
from kubeaid_ci.runtime.files import write_atomically

_STYLES = {
    Kind.HEADING: "bold",
    Kind.ROW: "",
    Kind.ERROR: "red",
    Kind.WARNING: "yellow",
    Kind.INFO: "cyan",
    Kind.HELP: "dim",
    Kind.SUMMARY: "bold",
}
_MOST_FINDINGS = 12
"""Number of findings shown on a terminal, each with its help: with the tables, a screen of 50 lines."""


def finish(
    report: Report,
    options: OutputOptions,
    *,
    outputs: Mapping[str, str] | None = None,
    folder: str = "",
    failure: int = 0,
    env: Mapping[str, str] = os.environ,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    post: Callable[[], int] | None = None,
) -> int:
    """Write the report files, set the outputs of the CI job, show the report, then post it. Return the exit code.

    Files come first: neither a closed standard output nor a forge that fails may lose a finding.

    `outputs` go to the CI system, and to the file of ``--dotenv``. `folder` leads from the top of the checkout to the
    repository that the findings' paths are relative to. `failure` is 2 or 3 if the caller had an error: it wins over
    findings. `post` puts the result on a forge, and returns 0 or the exit code of its failure.
    """
    steps: list[Callable[[], None]] = []
    steps += [partial(_write_report, report, name, path, env) for name, path in options.reports]
    if options.dotenv is not None:
        steps.append(partial(write_atomically, options.dotenv, _encoded(job.dotenv(outputs or {}))))
    if job.github(env):
        steps.append(partial(_output_to_github, report, outputs or {}, folder, env=env, stderr=stderr or sys.stderr))
    out = stdout or sys.stdout
    steps.append(partial(show, report, options.fmt, env=env, stdout=out, verbose=options.verbose))
    errors = _attempt(steps)
    posted = post() if post else 0
    if errors:
        raise errors[0]
    return max(failure, posted) or exit_code(report.findings, options.fail_on)


def _attempt(steps: Sequence[Callable[[], None]]) -> list[KubeaidCiError | OSError]:
    """Run every step, also after one that failed: each may be the only one that shows the findings."""
    errors: list[KubeaidCiError | OSError] = []
    for step in steps:
        try:
            step()
        except (KubeaidCiError, OSError) as error:
            errors.append(error)
    return errors


def _write_report(report: Report, name: str, path: Path, env: Mapping[str, str]) -> None:
    # A device or a pipe, such as /dev/stdout, may be the log of the CI job.
    is_log = path.exists() and not path.is_file()
    texts = (job.harmless(text, env) if is_log else text for text in parts(name, report))
    write_atomically(path, map(_encoded, texts))


def _output_to_github(
    report: Report, outputs: Mapping[str, str], folder: str, *, env: Mapping[str, str], stderr: TextIO
) -> None:
    job.append_summary(env, markdown_page.parts(report))
    job.append_outputs(env, outputs)
    _write(stderr, job.annotations(_placed(report.findings, job.workspace(env) / folder), folder=folder))


def _placed(findings: Iterable[Finding], top: Path) -> Iterator[Finding]:
    """Yield findings; those in another repository than the one of the job have their path in the message.

    GitHub would mark a file that its repository does not have, such as `k8s/…` for a change of KubeAid.
    """
    for finding in findings:
        if finding.path is None or (top / finding.path.partition("/")[0]).exists():
            yield finding
        else:
            message = f"{finding.path}: {finding.message}"
            yield replace(finding, path=None, line=None, message=message)


def show(report: Report, fmt: str, *, env: Mapping[str, str], stdout: TextIO, verbose: bool = False) -> None:
    """Print a report; text is coloured on a terminal, unless ``NO_COLOR`` or ``FORCE_COLOR`` is set.

    On a terminal, text is cut to what fits on a screen unless `verbose`. Everywhere else it has all findings.
    """
    if fmt != "text":
        for text in parts(fmt, report):
            _write(stdout, job.harmless(text, env))
        return
    if job.gitlab(env):
        _write(stdout, _folded(report.sections))
    is_screen = stdout.isatty()
    width = shutil.get_terminal_size().columns if is_screen else None
    found = lines(report, verbose=verbose, most=_MOST_FINDINGS if is_screen else None, width=width)
    if is_coloured(stdout, env):
        _show_coloured(found, stdout, env)
    else:
        _write(stdout, job.harmless("".join(f"{line.text}\n" for line in found), env))


def _folded(sections: Iterable[Section]) -> str:
    """Return the sections of a report as GitLab's log folds them."""
    return "".join(
        job.section(f"kubeaid_ci_{number}", part.title, "\n".join(section_lines(part)), now=int(time.time()))
        for number, part in enumerate(sections, 1)
    )


def _show_coloured(found: Iterable[Line], stdout: TextIO, env: Mapping[str, str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stdout, highlight=False, force_terminal=True)
    for line in found:
        text = _encodable(job.harmless(line.text, env), stdout)
        console.print(Text(text, style=_STYLES[line.kind]), soft_wrap=True)


def _write(stream: TextIO, text: str) -> None:
    stream.write(_encodable(text, stream))
    stream.flush()


def _encodable(text: str, stream: TextIO) -> str:
    """Escape characters that the stream's encoding cannot write: a report must not end in an error."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
