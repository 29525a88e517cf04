"""The end of every command: suppressions, the baseline, the origin of the report, the exit code."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from kubeaid_ci.baseline.baseline import new_findings
from kubeaid_ci.ci import job
from kubeaid_ci.cli.new_only import Baseline
from kubeaid_ci.cli.options import Options
from kubeaid_ci.cli.output import finish
from kubeaid_ci.findings import suppress
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import WORK_TREE, Commit, Pinned, Revision, WorkTree
from kubeaid_ci.net.address import names_address, without_credentials
from kubeaid_ci.report.report import Report, RepositoryRevisions, RevisionEntry, Side

if TYPE_CHECKING:
    from kubeaid_ci.cli.repositories import Repositories
    from kubeaid_ci.diff.comparison import Revisions
    from kubeaid_ci.git.repository import Repository

Failure = int | Callable[[Sequence[Finding]], int]
"""The exit code of what could not be done, or how to get it from the findings that are reported."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The findings to report, those that the settings suppress marked. `known` counts those of the base."""

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
        options.output,
        outputs=outputs,
        folder=job.below_checkout(repository or options.config_repo),
        failure=failure,
        stdout=stdout,
        post=post,
    )
    ctx.exit(code)


def _with_provenance(report: Report, options: Options, revisions: Callable[[], Mapping[str, Any]] | None) -> Report:
    """Add where the report comes from, if a format shows it: text on a terminal does not."""
    if options.output.fmt == "text" and not options.output.reports and not job.github(os.environ):
        return report
    found = revisions() if revisions else revisions_of_command(options)
    return replace(report, revisions=found, made=datetime.now(UTC), run=run_address())


def revisions_of_command(options: Options) -> dict[str, RepositoryRevisions]:
    """Return the two repositories with the one revision that a command looks at."""
    found = {"config": _repository(options.config_repo, {"revision": WORK_TREE})}
    if options.kubeaid:
        found["kubeaid"] = _repository(options.kubeaid, {"revision": options.kubeaid_ref})
    return {name: revisions for name, revisions in found.items() if revisions}


def revisions_of_change(
    options: Options, repositories: "Repositories", before: "Revisions", after: "Revisions"
) -> dict[str, RepositoryRevisions]:
    """Return the two repositories with the revisions of both sides of a change."""
    sides = {
        "config": _repository(
            options.config_repo, {"before": before.config, "after": after.config}, repositories.config
        ),
        "kubeaid": _repository(
            str(options.kubeaid), {"before": before.kubeaid, "after": after.kubeaid}, repositories.kubeaid
        ),
    }
    return {name: revisions for name, revisions in sides.items() if revisions}


def run_address(env: Mapping[str, str] = os.environ) -> str:
    """Return the address of the CI job's page; empty outside CI."""
    if env.get("GITLAB_CI") == "true":
        return env.get("CI_JOB_URL", "")
    server, repository, run = (env.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if env.get("GITHUB_ACTIONS") == "true" and server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return ""


def _repository(place: str, at: Mapping[Side, Revision], folder: Path | None = None) -> RepositoryRevisions:
    """Return a repository's public address and its revisions; empty for a folder that is not a Git repository."""
    from kubeaid_ci.git.repository import Repository

    is_address = names_address(place) and not Path(place).exists()
    folder = folder or (None if is_address else Path(place))
    repository = Repository.at(folder.resolve()) if folder and folder.is_dir() else None
    if repository is None:
        return {"repository": without_credentials(place)} if is_address else {}
    remote = repository.remote()
    address = without_credentials(place) if is_address else str(remote) if remote else ""
    found: RepositoryRevisions = {"repository": address} if address else {}
    for side, revision in at.items():
        found[side] = _entry(repository, revision)
    return found


def _entry(repository: "Repository", revision: Revision) -> RevisionEntry:
    """Return a revision in JSON, with its commit if the repository has it."""
    entry: RevisionEntry = {"ref": str(revision)}
    match revision:
        case Pinned():
            commit = None
        case WorkTree():
            commit = repository.commit("HEAD")
        case Commit(name):
            commit = repository.commit(name)
    return {**entry, "commit": commit} if commit else entry
