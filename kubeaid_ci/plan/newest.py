"""Which release of a chart to take under its policy, and why none that is newer.

A release is as old as the day on which it was first seen from here, or the day that its index gives,
whichever is later: an index may be written anew at any time, with whatever days its publisher likes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.outlook import Choice, Held
from kubeaid_ci.model.policy import ChartPolicy, Step
from kubeaid_ci.model.upstream import Release
from kubeaid_ci.model.version import Version
from kubeaid_ci.model.version_range import VersionRange

_MOST_SEEN = 50
# What Go writes for a day that nobody set.
_NO_DAY = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Horizon:
    """What bears on the choice beside the policy.

    `declared` is what Chart.yaml says, which may be a range; `seen` are the days on which releases were
    first seen, nothing where the chart was never looked at; `kubernetes` are the versions clusters run.
    """

    today: date
    declared: str = ""
    seen: Mapping[str, date] | None = None
    kubernetes: Sequence[Version] = field(default_factory=tuple)


def choose(current: str, releases: Sequence[Release], policy: ChartPolicy, horizon: Horizon) -> Choice:
    """What to take of the releases, given newest first; `current` is what is vendored, empty for nothing."""
    base = _parsed(current)
    if policy.pin is not None:
        return _pinned(base, releases, policy.pin)
    newer = list(_newer(base, releases, policy))
    latest = newer[0] if newer else None
    held: list[Held] = []
    for release in newer:
        reason = _reason(base, release, policy, horizon)
        if reason is None:
            return Choice(release, latest, tuple(held))
        held.append(Held(release.version, reason))
    return Choice(None, latest, tuple(held))


def sights(current: str, releases: Sequence[Release], policy: ChartPolicy, horizon: Horizon) -> Mapping[str, date]:
    """The day on which each newer release was first seen: as it is recorded, else today."""
    if policy.pin is not None:
        return {}
    seen = horizon.seen or {}
    newer = list(_newer(_parsed(current), releases, policy))[:_MOST_SEEN]
    return {release.version: min(seen.get(release.version, horizon.today), horizon.today) for release in newer}


def step(before: str, after: str) -> Step | None:
    """How large the step from one version to another is; nothing where one of them is none."""
    old, new = _parsed(before), _parsed(after)
    return Step.between(old, new) if old and new else None


def released(release: Release) -> date | None:
    """The day that the index gives a release; nothing where it gives none."""
    with suppress(ValueError):
        day = date.fromisoformat((release.created or "")[:10])
        return day if day > _NO_DAY else None
    return None


def _pinned(base: Version | None, releases: Sequence[Release], pin: Version) -> Choice:
    stable = [release for release in releases if not _prerelease(release)]
    newer = [release for release in stable if base is None or (_parsed(release.version) or base) > base]
    latest = newer[0] if newer else None
    held = [Held(latest.version, f"pinned to {pin}")] if latest and _parsed(latest.version) != pin else []
    if pin == base:
        return Choice(None, latest, tuple(held))
    newest = next((release for release in releases if _parsed(release.version) == pin), None)
    if newest is None:
        held.append(Held(str(pin), "pinned, and upstream does not have it"))
    return Choice(newest, latest, tuple(held))


def _newer(base: Version | None, releases: Sequence[Release], policy: ChartPolicy) -> Iterator[Release]:
    """The releases above ours. Pre-releases count where they are wanted, or where ours is one."""
    wanted = policy.prereleases if policy.prereleases is not None else bool(base and base.prerelease)
    for release in releases:
        version = _parsed(release.version)
        if version and (base is None or version > base) and (wanted or not version.prerelease):
            yield release


def _reason(base: Version | None, release: Release, policy: ChartPolicy, horizon: Horizon) -> str | None:
    """Why a release is not to be taken, as one short sentence; nothing where it may be."""
    version = Version.parse(release.version)
    if ignored := next((one for one in policy.ignore if _matches(one, version)), None):
        return f"ignored by {str(ignored)!r}"
    if base and policy.allow:
        step = Step.between(base, version)
        if step.weight > policy.allow.weight:
            return f"a {step} step, and {policy.allow} is allowed"
    declared = _range(horizon.declared)
    if declared and not declared.is_exact and not _matches(declared, version):
        return f"outside of the declared {horizon.declared}"
    wanted = _range(release.kube_version or "")
    refused = next((one for one in horizon.kubernetes if wanted and not wanted.allows(one)), None)
    if refused:
        return f"wants Kubernetes {release.kube_version}, a cluster runs {refused}"
    return _too_young(release, policy.minimum_age, horizon)


def _too_young(release: Release, minimum: timedelta | None, horizon: Horizon) -> str | None:
    if not minimum:
        return None
    sight = horizon.seen.get(release.version, horizon.today) if horizon.seen is not None else None
    days = [day for day in (released(release), sight) if day]
    if not days:
        return "of unknown age; charts outdated --update-ledger records when it was first seen"
    age = horizon.today - max(days)
    if age >= minimum:
        return None
    return f"{_days(age)} old, and is to be {_days(minimum)} old"


def _days(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    if hours % 24:
        return f"{hours} hours"
    return "1 day" if hours == 24 else f"{max(0, hours // 24)} days"


def _matches(wanted: VersionRange, version: Version) -> bool:
    """Whether a range means a version; of a pre-release also where it means the release itself."""
    return wanted.allows(version) or (not wanted.is_exact and wanted.allows(Version("", version.release)))


def _prerelease(release: Release) -> bool:
    version = _parsed(release.version)
    return version is not None and bool(version.prerelease)


def _parsed(text: str) -> Version | None:
    with suppress(UserError):
        return Version.parse(text)
    return None


def _range(text: str) -> VersionRange | None:
    """A range; nothing where there is none, or none that can be read, which restricts nothing."""
    with suppress(UserError):
        return VersionRange.parse(text) if text else None
    return None
