"""Lists the upstream releases of each vendored chart, and selects one: as its policy allows, or by its version."""

import difflib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from kubeaid_ci.cache.cache import cache_at
from kubeaid_ci.charts.ledger.ledger import Ledger
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import select_release
from kubeaid_ci.charts.update.select_release import Choice, SelectionContext
from kubeaid_ci.charts.update.tracked import TrackedDependency, policy_for
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Dependency
from kubeaid_ci.helm.published import Release
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import ChartPolicy

Progress = Callable[[str, int, int], None]
"""Told what is done, how many of it, and of how many: ``progress("charts checked", 3, 108)``."""

_REQUESTS_A_JOB = 4
_MOST_NEAR = 5


@dataclass(frozen=True, slots=True)
class Look:
    """One dependency, its upstream releases, and the selected one. If upstream failed, `releases` is the reason why."""

    tracked: TrackedDependency
    policy: ChartPolicy
    context: SelectionContext
    releases: tuple[Release, ...] | Failed
    choice: Choice = field(default_factory=Choice)


def connect(settings: Settings, *, jobs: int | None, cache: bool) -> Upstreams:
    """Return the upstreams of one run, reached by the settings. Umbrella charts may share an archive."""
    how = settings.upstreams
    return Upstreams(
        cache_at(cache),
        jobs=_requests(jobs),
        ca_bundle=Path(how.ca_bundle) if how.ca_bundle else None,
        allow=how.allow,
        plain_http=how.plain_http,
        mirrors=how.mirrors,
        keep=True,
    )


def _requests(jobs: int | None) -> int:
    """Return the number of parallel requests: several for each job, because a request mostly waits."""
    return _REQUESTS_A_JOB * (jobs or os.cpu_count() or 1)


def look(
    repo: ChartRepo,
    tracked: Sequence[TrackedDependency],
    upstreams: Upstreams,
    *,
    settings: Settings,
    today: date,
    jobs: int | None,
    progress: Progress | None = None,
) -> list[Look]:
    """List the releases of every dependency, several at a time. The result is in the order of `tracked`."""
    looks: dict[int, Look] = {}
    with ThreadPoolExecutor(max_workers=_requests(jobs)) as threads:
        numbers = {
            threads.submit(upstreams.versions, one.dependency.name, one.dependency.repository): number
            for number, one in enumerate(tracked)
        }
        for future in as_completed(numbers):
            number = numbers[future]
            looks[number] = _look(tracked[number], future.result(), repo.ledger, settings, today)
            if progress:
                progress("charts checked", len(looks), len(tracked))
    return [looks[number] for number in range(len(tracked))]


def _look(
    tracked: TrackedDependency, releases: tuple[Release, ...] | Failed, ledger: Ledger, settings: Settings, today: date
) -> Look:
    policy = policy_for(settings.charts, tracked)
    seen = None if ledger.seen is None else ledger.seen.get(tracked.key, {})
    declared = tuple(each.version for each in (tracked.dependency, *tracked.shared_by))
    context = SelectionContext(today, declared=declared, seen=seen, kubernetes=settings.kubernetes_versions)
    if not releases:
        message = f"{tracked.dependency.repository} lists no version of {tracked.dependency.name} that can be read"
        releases = Failed(FailedKind.NO_SUCH_VERSION, message)
    if isinstance(releases, Failed):
        return Look(tracked, policy, context, releases)
    return Look(tracked, policy, context, releases, select_release.choose(tracked.current, releases, policy, context))


def with_sightings(ledger: Ledger, looks: Sequence[Look], *, everything: bool) -> Ledger:
    """Return the ledger with the first sighting of each newer release.

    Known sightings are kept for charts whose upstream failed, and for all other charts unless `looks` are
    of `everything`.
    """
    asked = {look.tracked.key: look for look in looks}
    seen = {key: days for key, days in (ledger.seen or {}).items() if key in asked or not everything}
    for key, look in asked.items():
        if not isinstance(look.releases, Failed):
            seen[key] = select_release.sightings(look.tracked.current, look.releases, look.policy, look.context)
    return replace(ledger, seen={key: days for key, days in sorted(seen.items()) if days}, exists=True)


def published(upstreams: Upstreams, dependency: Dependency, version: str, *, option: str) -> Release | Failed:
    """Return the release with exactly this version, as its publisher writes it.

    Raises `UserError` with near versions if it does not exist, if it is a range, and if several builds fit. `option` is
    what named the version, for messages.
    """
    where = f"{option} {version}"
    try:
        Version.parse(version)
    except UserError:
        raise UserError(f"{where}: not a version; name one release, such as 1.2.3") from None
    releases = upstreams.versions(dependency.name, dependency.repository)
    if isinstance(releases, Failed):
        return releases
    found = select_release.find(releases, version)
    if found is None:
        near = ", ".join(_near(version, releases)) or "none"
        raise UserError(f"{where}: {dependency.name} has no such version; near versions: {near}")
    builds = [release.version for release in releases if select_release.is_same_release(version, release.version)]
    if found.version != version and len(builds) > 1:
        raise UserError(f"{where}: {dependency.name} has several builds of it; name one: {', '.join(builds)}")
    return found


def _near(version: str, releases: Sequence[Release]) -> list[str]:
    """Return the versions that look most like it, else the newest ones; newest first."""
    texts = [release.version for release in releases]
    near = difflib.get_close_matches(version, texts, _MOST_NEAR, 0.6)
    return [text for text in texts if text in near] or texts[:_MOST_NEAR]
