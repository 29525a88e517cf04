"""Decides which dependencies of which umbrella charts are updated to which release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from kubeaid_ci.charts import source
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import select_release, upstream_status
from kubeaid_ci.charts.update import upstream_status as charts_release
from kubeaid_ci.charts.update.bump import Bump, RefusedUpdate, at
from kubeaid_ci.charts.update.tracked import TrackedDependency, tracked_dependencies
from kubeaid_ci.charts.update.upstream_status import Look, Progress
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.helm.chart import Chart
from kubeaid_ci.helm.published import Wanted
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.settings import Settings


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """The requested updates: charts by name (none: all) except those to `skip`, and the version `to` update to."""

    charts: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """One umbrella chart and its bumps; without any it is up to date, or skipped for a reason in `findings`."""

    chart: Chart
    bumps: tuple[Bump, ...] = ()
    refused: RefusedUpdate | None = None
    group: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class UpdatePlan:
    """The planned update of each umbrella chart, and the upstream releases that it is based on."""

    charts: tuple[PlannedUpdate, ...]
    looks: tuple[Look, ...] = ()
    asked: int = 0
    """The number of dependencies that were looked up."""


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans updates. `changed` are dependencies by key that an interrupted update left, with their old version."""

    repo: ChartRepo
    upstreams: Upstreams
    settings: Settings
    today: date
    jobs: int | None
    changed: Mapping[str, str] = field(default_factory=dict)
    progress: Progress | None = None

    def plan(self, request: UpdateRequest) -> UpdatePlan:
        """Plan the update of each umbrella chart that has an upstream, in order of folder.

        The archives are fetched on the way, several at a time. Raises `UserError` for an unknown chart and for a
        version that does not exist.
        """
        asked = self._asked(request)
        own = [tracked for tracked in asked if self._is_own(tracked)]
        if request.to is not None:
            looks, planned = [], [self._to(asked, request.to)]
        else:
            looks = self._look([tracked for tracked in asked if tracked not in own])
            folders = dict.fromkeys(tracked.chart.folder for tracked in asked)
            planned = [self._chart(folder, looks, own, is_named=bool(request.charts)) for folder in folders]
        self._fetch(planned, request.to)
        return UpdatePlan(tuple(planned), tuple(looks), len(asked) - len(own))

    def _asked(self, request: UpdateRequest) -> tuple[TrackedDependency, ...]:
        chosen = source.selected(self.repo.charts, request.charts)
        asked = tracked_dependencies(chosen.charts, request.charts)
        source.selected(self.repo.charts, request.skip)  # a misspelled name would skip nothing
        skipped = (
            {tracked.key for tracked in tracked_dependencies(self.repo.charts.charts, request.skip)}
            if request.skip
            else set()
        )
        return tuple(tracked for tracked in asked if tracked.key not in skipped)

    def _is_own(self, tracked: TrackedDependency) -> bool:
        entry = self.repo.ledger.entries.get(tracked.key)
        return entry is not None and not entry.is_compared

    def _look(self, wanted: Sequence[TrackedDependency]) -> list[Look]:
        return upstream_status.look(
            self.repo,
            wanted,
            self.upstreams,
            settings=self.settings,
            today=self.today,
            jobs=self.jobs,
            progress=self.progress,
        )

    def _chart(
        self, folder: str, looks: Sequence[Look], own: Sequence[TrackedDependency], *, is_named: bool
    ) -> PlannedUpdate:
        """Plan one umbrella chart. One dependency whose upstream failed stops the whole chart."""
        mine = [look for look in looks if look.tracked.chart.folder == folder]
        not_updated = [tracked for tracked in own if tracked.chart.folder == folder]
        if not mine:
            return _own(not_updated, is_named=is_named)
        chart = mine[0].tracked.chart
        group = next((look.policy.group for look in mine if look.policy.group), None)
        failures = tuple((look.tracked, look.releases) for look in mine if isinstance(look.releases, Failed))
        if failures:
            refused = RefusedUpdate(chart, failures[0][1].message, failures=failures)
            return PlannedUpdate(chart, refused=refused, group=group)
        bumps = tuple(bump for look in mine if (bump := self._bump(look)))
        findings = _own(not_updated, is_named=False).findings if not_updated else ()
        return PlannedUpdate(chart, bumps, group=group, findings=findings)

    def _bump(self, look: Look) -> Bump | None:
        """Return the newest allowed release; at least the declared one, if that is not what is vendored."""
        one, release = look.tracked, look.choice.newest
        if release is None and not isinstance(look.releases, Failed):
            declared = one.dependency.version.lstrip("= ")
            if look.policy.pin is None and select_release.is_behind(one.current, declared):
                release = select_release.find(look.releases, declared)
            elif one.key in self.changed:
                release = select_release.find(look.releases, one.current)
        return Bump(one, release, self.changed.get(one.key, one.current)) if release else None

    def _to(self, asked: Sequence[TrackedDependency], version: str) -> PlannedUpdate:
        if len(asked) != 1:
            names = ", ".join(tracked.key for tracked in asked[:10]) or "none"
            raise UserError(f"--to {version}: name one chart to update, as umbrella/chart; chosen are {names}")
        one = asked[0]
        if self._is_own(one):
            return _own([one], is_named=True)
        release = charts_release.published(self.upstreams, one.dependency, version, option="--to")
        if isinstance(release, Failed):
            refused = RefusedUpdate(one.chart, release.message, failures=((one, release),))
            return PlannedUpdate(one.chart, refused=refused)
        if one.current == release.version and one.key not in self.changed:
            return PlannedUpdate(one.chart)
        return PlannedUpdate(one.chart, (Bump(one, release, self.changed.get(one.key, one.current)),))

    def _fetch(self, planned: Sequence[PlannedUpdate], to: str | None) -> None:
        bumps = [bump for update in planned for bump in update.bumps]
        dependencies = [(bump.tracked.dependency, bump.release.version) for bump in bumps]
        wanted = [Wanted(dependency.name, version, dependency.repository) for dependency, version in dependencies]
        progress = partial(self.progress, "archives fetched") if self.progress else None
        for answer in self.upstreams.fetch_all(wanted, progress=progress):
            if to is not None and isinstance(answer, Failed) and answer.kind is FailedKind.NO_SUCH_VERSION:
                raise UserError(f"--to {to}: {answer.message}")


def _own(own: Sequence[TrackedDependency], *, is_named: bool) -> PlannedUpdate:
    """Return the result for charts that are our own by the ledger: an error if the update was requested by name."""
    chart = own[0].chart
    messages = [f"{one.key} is our own by the ledger, so no upstream can update it" for one in own]
    if is_named:
        return PlannedUpdate(chart, refused=RefusedUpdate(chart, messages[0]))
    findings = [
        at(one, "chart/unverifiable", message, severity=Severity.INFO)
        for one, message in zip(own, messages, strict=True)
    ]
    return PlannedUpdate(chart, findings=tuple(findings))
