"""Lists the upstream releases of each vendored chart and selects those its policy allows."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from kubeaid_ci.cache.cache import cache_at
from kubeaid_ci.charts.ledger.ledger import Ledger
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import policies, select_release
from kubeaid_ci.charts.update.outlook import Choice, Tracked
from kubeaid_ci.charts.update.select_release import Horizon
from kubeaid_ci.helm.published import Release
from kubeaid_ci.helm.upstreams import Upstreams
from kubeaid_ci.net.errors import Failed, FailedKind
from kubeaid_ci.settings import Settings
from kubeaid_ci.settings.policy import ChartPolicy

Progress = Callable[[str, int, int], None]
"""Told what is done, how many of it, and of how many: ``progress("charts checked", 3, 108)``."""

_REQUESTS_A_JOB = 4
"""Waiting for a server takes no core."""


@dataclass(frozen=True, slots=True)
class Look:
    """One dependency, its upstream releases, and the selected one. If upstream failed, `releases` is the reason why."""

    tracked: Tracked
    policy: ChartPolicy
    horizon: Horizon
    releases: tuple[Release, ...] | Failed
    choice: Choice = field(default_factory=Choice)


def connect(settings: Settings, *, jobs: int, cache: bool) -> Upstreams:
    """Return the upstreams of one run, reached by the settings. Umbrella charts may share an archive."""
    how = settings.upstreams
    return Upstreams(
        cache_at(cache),
        jobs=_REQUESTS_A_JOB * max(1, jobs),
        ca_bundle=Path(how.ca_bundle) if how.ca_bundle else None,
        allow=how.allow,
        plain_http=how.plain_http,
        mirrors=how.mirrors,
        keep=True,
    )


def look(
    repo: ChartRepo,
    tracked: Sequence[Tracked],
    upstreams: Upstreams,
    *,
    settings: Settings,
    today: date,
    jobs: int,
    progress: Progress | None = None,
) -> list[Look]:
    """List the releases of every dependency, several at a time. The result is in the order of `tracked`."""
    looks: dict[int, Look] = {}
    with ThreadPoolExecutor(max_workers=_REQUESTS_A_JOB * max(1, jobs)) as threads:
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
    one: Tracked, releases: tuple[Release, ...] | Failed, ledger: Ledger, settings: Settings, today: date
) -> Look:
    policy = policies.policy(settings.charts, one)
    seen = None if ledger.seen is None else ledger.seen.get(one.key, {})
    declared = tuple(each.version for each in (one.dependency, *one.shared_by))
    horizon = Horizon(today, declared=declared, seen=seen, kubernetes=settings.kubernetes_versions)
    if not releases:
        message = f"{one.dependency.repository} lists no version of {one.dependency.name} that can be read"
        releases = Failed(FailedKind.NO_SUCH_VERSION, message)
    if isinstance(releases, Failed):
        return Look(one, policy, horizon, releases)
    return Look(one, policy, horizon, releases, select_release.choose(one.current, releases, policy, horizon))


def with_sightings(ledger: Ledger, looks: Sequence[Look], *, everything: bool) -> Ledger:
    """Return the ledger with the first sighting of each newer release.

    Known sightings are kept for charts whose upstream failed, and for all other charts unless `looks` are
    of `everything`.
    """
    asked = {look.tracked.key: look for look in looks}
    seen = {key: days for key, days in (ledger.seen or {}).items() if key in asked or not everything}
    for key, look in asked.items():
        if not isinstance(look.releases, Failed):
            seen[key] = select_release.sightings(look.tracked.current, look.releases, look.policy, look.horizon)
    return replace(ledger, seen={key: days for key, days in sorted(seen.items()) if days}, exists=True)
