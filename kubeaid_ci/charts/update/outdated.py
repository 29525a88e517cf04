"""Lists newer releases of vendored charts, and the reasons why some are not taken."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from kubeaid_ci.charts import source, structure
from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger
from kubeaid_ci.charts.update import changelog, select_release, upstream_status
from kubeaid_ci.charts.update.select_release import SkippedRelease
from kubeaid_ci.charts.update.tracked import TrackedDependency, tracked_dependencies, unmatched_policies
from kubeaid_ci.charts.update.upstream_status import Look, Progress
from kubeaid_ci.charts.verify import upstream
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, WorkTree, parse_tree_revision
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.runtime.files import write_atomically
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import Step


class OutdatedStatus(StrEnum):
    """The status of a vendored chart. An unreachable upstream is never reported as current."""

    CURRENT = "current"
    OUTDATED = "outdated"
    HELD = "held"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OutdatedResult:
    """One dependency, what is newer, and what a person wants to know before taking it.

    `newest` is what an update takes, `latest` what there is; `released` is the day that the index gives
    to `newest` (often rewritten later), `first_seen` the day on which it was first seen from here.
    """

    chart: str
    subchart: str
    status: OutdatedStatus
    current: str
    newest: str | None = None
    latest: str | None = None
    step: Step | None = None
    held: tuple[SkippedRelease, ...] = ()
    released: date | None = None
    first_seen: date | None = None
    app_version: str | None = None
    kube_version: str | None = None
    deprecated: bool = False
    repository: str = ""
    group: str | None = None
    links: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class OutdatedCharts(JsonResult):
    """Every requested dependency, in order of chart. `may_pass` is true if a retry may help."""

    results: tuple[OutdatedResult, ...]
    findings: tuple[Finding, ...]
    ledger: tuple[str, ...] = ()
    """The changes written to the ledger, one plain line each."""
    may_pass: bool = False


def outdated_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    settings: Settings | None = None,
    upstreams: Upstreams | None = None,
    update_ledger: bool = False,
    today: date | None = None,
    jobs: int | None = None,
    cache: bool = True,
    progress: Progress | None = None,
) -> OutdatedCharts:
    """Return what is newer than the vendored charts of a KubeAid repo: all of them, or those named.

    `ref` is a revision, or the work tree. `settings` hold the policies and the
    clusters' versions of Kubernetes. `update_ledger` records on which day each newer release was first
    seen, from which its age counts. An upstream that fails is in the result. `progress` is called after each
    chart.
    """
    revision = parse_tree_revision(ref)
    if update_ledger and not isinstance(revision, WorkTree):
        raise UserError(f"the ledger of a revision cannot be written; leave out --ref {ref}")
    root, known, day = Path(kubeaid).resolve(), settings or Settings(), today or datetime.now(UTC).date()
    repo = source.read(root, revision, cache=cache)
    with repo.snapshot:
        chosen = source.selected(repo.charts, charts)
    asked = tracked_dependencies(chosen.charts, charts)
    upstreams = upstreams or upstream_status.connect(known, jobs=jobs, cache=cache)
    looks = upstream_status.look(repo, asked, upstreams, settings=known, today=day, jobs=jobs, progress=progress)
    results = tuple(outdated_result(look) for look in looks)
    sightings = _record(root, repo.ledger, looks, everything=not charts) if update_ledger else ()
    unused = unmatched_policies(known.charts, asked) if not charts else ()
    findings = (
        *map(structure.invalid, chosen.bad),
        *_findings(looks, results),
        *unused_policies(unused),
    )
    may_pass = any(isinstance(look.releases, Failed) and look.releases.may_pass for look in looks)
    return OutdatedCharts(results, findings, sightings, may_pass)


def outdated_result(look: Look) -> OutdatedResult:
    """Return the result for one dependency."""
    one, choice = look.tracked, look.choice
    base = OutdatedResult(
        one.chart.folder,
        one.folder,
        OutdatedStatus.UNKNOWN,
        one.current,
        repository=one.dependency.repository,
        group=look.policy.group,
    )
    if isinstance(look.releases, Failed):
        return replace(base, error=look.releases.message)
    release = choice.newest or choice.latest
    if release is None:
        return replace(base, status=OutdatedStatus.CURRENT, deprecated=look.releases[0].deprecated)
    return replace(
        base,
        status=OutdatedStatus.OUTDATED if choice.newest else OutdatedStatus.HELD,
        newest=choice.newest.version if choice.newest else None,
        latest=choice.latest.version if choice.latest else None,
        step=select_release.step(one.current, release.version),
        held=choice.held,
        released=select_release.released(release),
        first_seen=select_release.sighting(release, look.context).day
        if release.version in (look.context.seen or {})
        else None,
        app_version=release.app_version,
        kube_version=release.kube_version,
        deprecated=look.releases[0].deprecated,
        links=changelog.links(release.annotations, release.sources, release.home),
    )


def _findings(looks: Sequence[Look], results: Sequence[OutdatedResult]) -> Iterator[Finding]:
    failures = [(look.tracked, look.releases) for look in looks if isinstance(look.releases, Failed)]
    yield from upstream.unreachable_findings(failures, asked=len(looks))
    for look, result in zip(looks, results, strict=True):
        yield from release_findings(look.tracked, result)


def _record(root: Path, ledger: Ledger, looks: Sequence[Look], *, everything: bool) -> tuple[str, ...]:
    """Record the first sightings, and report them."""
    after = upstream_status.with_sightings(ledger, looks, everything=everything)
    if after.seen != ledger.seen:
        write_atomically(root / LEDGER, ledgers.text(after).encode())
    return ledgers.first_seen_lines(ledger, after)


def release_findings(tracked: TrackedDependency, result: OutdatedResult) -> Iterator[Finding]:
    """Yield findings for a vendored chart whose releases are known."""
    if result.status is OutdatedStatus.OUTDATED:
        step = f"{result.current} → {result.newest}" if result.current else f"is not vendored, {result.newest}"
        yield _at(tracked, "chart/outdated", f"{tracked.key} {step} available")
    if result.deprecated and not (tracked.subchart and tracked.subchart.chart and tracked.subchart.chart.deprecated):
        yield _at(tracked, "chart/deprecated", f"{tracked.key} is deprecated by its publisher")


def unused_policies(names: Iterable[str]) -> Iterator[Finding]:
    """Yield the policies that hold for no chart."""
    for name in names:
        message = f"charts: {name}: there is no such chart with an upstream, so its policy holds for none"
        yield RULES["chart/policy-unused"].at(SETTINGS_FILE, message, subject=name, key="unused")


def _at(tracked: TrackedDependency, rule: str, message: str) -> Finding:
    place = tracked.dependency
    return RULES[rule].at(place.path, message, subject=tracked.key, line=place.line, key=rule)
