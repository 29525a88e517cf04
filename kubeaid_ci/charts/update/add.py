"""Adds an umbrella chart to a checkout: our own chart around a vendored published chart."""

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.charts import source
from kubeaid_ci.charts.update import upstream_status
from kubeaid_ci.charts.update import upstream_status as charts_release
from kubeaid_ci.charts.update.bump import Bump, PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.job import PreparedUpdates, Ready, TestRender, UpdateJob
from kubeaid_ci.charts.update.prepare import UpdateContext
from kubeaid_ci.charts.update.result import Updates
from kubeaid_ci.charts.update.tracked import TrackedDependency
from kubeaid_ci.charts.update.update import held, lock_time
from kubeaid_ci.charts.update.upstream_status import Progress
from kubeaid_ci.charts.update.write import ChartWriter, HeadCharts
from kubeaid_ci.documents.scalars import one_line
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.git.revision import WORK_TREE
from kubeaid_ci.git.tree import REGULAR, File
from kubeaid_ci.helm.chart import CHARTS, Chart, Dependency, RepositoryKind
from kubeaid_ci.helm.published import Release
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.settings import Settings

# Helm's rule for `helm create`, and it ignores folders in charts/ that begin with a dot or an underscore.
# https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/util/create.go
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,249}")
_VERSION = "1.0.0"


def add_chart(
    kubeaid: str | os.PathLike[str],
    name: str,
    *,
    repository: str,
    version: str | None = None,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    today: date | None = None,
    jobs: int | None = None,
    cache: bool = True,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Updates:
    """Add an umbrella chart for the chart `name` of a repository: its newest allowed release, or `version`.

    Its archive is held to the same rules as that of an update. With `dry_run` nothing is written. Raises `UserError` if
    the umbrella chart exists, and if there is no such version or no allowed release; `OutsideError` if the repository
    lacks the chart.
    """
    root, known = Path(kubeaid).resolve(), settings or Settings()
    upstreams = upstreams or upstream_status.connect(known, jobs=jobs, cache=cache)
    with held(root):
        repo = source.read(root, WORK_TREE, cache=cache)
        with repo.snapshot:
            day = today or datetime.now(UTC).date()
            context = UpdateContext(repo, upstreams, day, lock_time(root), kubernetes=known.kubernetes_versions)
            job = UpdateJob(context, root, WORK_TREE, known, jobs, cache, {}, progress)
            updates = NewChart(name, repository, version).prepare(job)
            head = HeadCharts.read(root, repo, cache=cache)
        written = ChartWriter.begin(root, repo, head, dry_run=dry_run).write_all(updates)
    return replace(written, command="charts add")


@dataclass(frozen=True, slots=True)
class NewChart:
    """The chart to add: its name, where it is published, and its version (None: the newest allowed one)."""

    name: str
    repository: str
    version: str | None

    def prepare(self, job: UpdateJob) -> PreparedUpdates:
        """Return what adding the chart changes, rendered. Raises as `add_chart` does."""
        one = new_chart(self.name, self.repository)
        self._check_free(one, job)
        release = self._release(one, job)
        if isinstance(release, Failed):
            if release.kind is FailedKind.NO_SUCH_CHART:
                raise OutsideError(release.message)
            return job.new_chart(RefusedUpdate(one.chart, release.message, failures=((one, release),)))
        return _with_warnings(job.new_chart(self._prepared(job.context, release)))

    def _check_free(self, tracked: TrackedDependency, job: UpdateJob) -> None:
        folders = {chart.folder for chart in job.context.repo.charts.charts}
        if (job.root / tracked.chart.path).exists() or self.name in folders:
            raise UserError(f"{tracked.chart.path} already exists; update it with `charts update {self.name}`")
        # A checkout on macOS or Windows cannot hold both.
        if other := next((folder for folder in sorted(folders) if folder.lower() == self.name.lower()), None):
            raise UserError(f"{tracked.chart.path} differs from the chart {other} only in upper and lower case")

    def _release(self, tracked: TrackedDependency, job: UpdateJob) -> Release | Failed:
        context = job.context
        if self.version is not None:
            return charts_release.published(context.upstreams, tracked.dependency, self.version, option="--version")
        (look,) = upstream_status.look(
            context.repo, [tracked], context.upstreams, settings=job.settings, today=context.today, jobs=1
        )
        if isinstance(look.releases, Failed):
            return look.releases
        if look.choice.newest is None:
            held = look.choice.held[:3]
            why = "; ".join(f"{each.version} is {each.reason}" for each in held) or "none is published"
            raise UserError(f"{self.name}: no release may be taken: {why}; name one with --version")
        return look.choice.newest

    def _prepared(self, context: UpdateContext, release: Release) -> PreparedUpdate | RefusedUpdate:
        one = new_chart(self.name, self.repository, release.version)
        made = context.prepare(one.chart, [Bump(one, release, "")], text=metadata(one))
        if isinstance(made, RefusedUpdate):
            return made
        stub = File(REGULAR, values(one).encode())
        return replace(made, files={**made.files, f"{one.chart.path}/values.yaml": stub})


def _with_warnings(updates: PreparedUpdates) -> PreparedUpdates:
    """Warn about charts that do not render: many need values that only clusters have, so they are added anyway."""
    ready: list[Ready] = []
    for update in updates.ready:
        trial = updates.trials.get(update.chart.folder)
        if trial and isinstance(update, PreparedUpdate):
            ready.append(replace(update, findings=(*update.findings, *_unrendered(trial))))
        else:
            ready.append(update)
    return replace(updates, ready=tuple(ready))


def _unrendered(trial: TestRender) -> tuple[Finding, ...]:
    return tuple(
        replace(
            finding, severity=Severity.WARNING, message=f"does not render with its default values: {finding.message}"
        )
        for finding in trial.findings
    )


def new_chart(name: str, repository: str, version: str = "") -> TrackedDependency:
    """Return the dependency of a new umbrella chart. Raises `UserError` for an invalid name or repository."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}: not the name of a chart; use letters, digits, -, _ and .")
    if not RepositoryKind.of(repository).is_published:
        raise UserError(
            f"{without_credentials(repository)!r}: not a chart repository; name one as https://… or oci://…"
        )
    path = f"{CHARTS}/{name}"
    dependency = Dependency(name, version, repository, path=f"{path}/Chart.yaml")
    return TrackedDependency(Chart(path, name, _VERSION, dependencies=(dependency,)), dependency, None)


def metadata(tracked: TrackedDependency) -> str:
    """Return its Chart.yaml."""
    wrapped = tracked.dependency
    return (
        f"apiVersion: v2\nname: {one_line(tracked.chart.name)}\nversion: {tracked.chart.version}\ndependencies:\n"
        f"  - name: {one_line(wrapped.name)}\n"
        f"    version: {one_line(wrapped.version)}\n"
        f"    repository: {one_line(wrapped.repository)}\n"
    )


def values(tracked: TrackedDependency) -> str:
    """Return a values.yaml to begin with."""
    name = one_line(tracked.dependency.name)
    about = f"# Our values over those of {tracked.dependency.name}, which are in charts/{tracked.folder}/values.yaml."
    return f"{about}\n{name}: {{}}\n"
