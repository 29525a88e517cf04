"""Selects the newest release of a chart that its policy allows, and the reasons why newer ones are held back.

The step of an update counts from the vendored version or from the declared one, whichever is higher. So an update
never goes below what Chart.yaml declares, and a policy limits charts that are not vendored yet.

A release is as old as its first sighting in the ledger, as long as it has the digest that it had then. Without a
recorded digest the later one of the sighting and the index's day counts: an index may be rewritten at any time, with
any days.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta

from kubeaid_ci.charts.ledger.ledger import Sighting, Sightings
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.published import Release
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version
from kubeaid_ci.settings.policy import ChartPolicy, Step

_MOST_SEEN = 50
_SHA256 = re.compile(r"[0-9a-f]{64}")
# Go's text of an unset time.
_NO_DAY = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class SelectionContext:
    """The inputs of the selection besides the policy.

    `declared` are the versions or ranges that Chart.yaml declares for the chart: several if aliases share a folder.
    `seen` are the first sightings of releases, None if none was ever recorded. `kubernetes` are the versions that
    clusters run.
    """

    today: date
    declared: tuple[str, ...] = ()
    seen: Sightings | None = None
    kubernetes: Sequence[Version] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class SkippedRelease:
    """A newer release that is not taken, and why."""

    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The selection: `newest` is the best release that the policy allows, if it differs from ours.

    `latest` is the newest of all that are newer than ours; `held` are those above `newest`, newest first.
    """

    newest: Release | None = None
    latest: Release | None = None
    held: tuple[SkippedRelease, ...] = ()


def choose(current: str, releases: Sequence[Release], policy: ChartPolicy, context: SelectionContext) -> Choice:
    """Select from releases in descending order. `current` is the vendored version, empty if nothing is vendored."""
    if policy.pin is not None:
        return _pinned(_parsed(current), releases, policy.pin)
    base = _base(current, context)
    newer = list(_newer(current, releases, policy, context))
    latest = newer[0] if newer else None
    held: list[SkippedRelease] = []
    for release in newer:
        reason = _reason(base, release, policy, context)
        if reason is None:
            return Choice(release, latest, tuple(held))
        held.append(SkippedRelease(release.version, reason))
    return Choice(None, latest, tuple(held))


def sightings(current: str, releases: Sequence[Release], policy: ChartPolicy, context: SelectionContext) -> Sightings:
    """Return the first sighting of each newer release: as recorded if its content is the same, else of today."""
    if policy.pin is not None:
        return {}
    newer = list(_newer(current, releases, policy, context))[:_MOST_SEEN]
    return {release.version: sighting(release, context) for release in newer}


def sighting(release: Release, context: SelectionContext) -> Sighting:
    """Return the first sighting of a release with its present content; a release without a digest keeps its day."""
    known, digest = (context.seen or {}).get(release.version), _digest(release)
    if known is None or (known.digest and known.digest != digest):
        return Sighting(context.today, digest)
    if known.digest or digest is None:
        return Sighting(min(known.day, context.today), known.digest)
    # Nobody knows which content was there on the recorded day.
    return Sighting(min(max(known.day, released(release) or known.day), context.today), digest)


def step(before: str, after: str) -> Step | None:
    """Return how large the step from one version to another is; None if one of them is no version."""
    old, new = _parsed(before), _parsed(after)
    return Step.between(old, new) if old and new else None


def released(release: Release) -> date | None:
    """Return the day that the index gives a release, or None."""
    with suppress(ValueError):
        day = date.fromisoformat((release.created or "")[:10])
        return day if day > _NO_DAY else None
    return None


def refuses(kube_version: str | None, kubernetes: Iterable[Version]) -> Version | None:
    """Return the first version of Kubernetes that a chart's kubeVersion excludes.

    Helm installs a chart with an unreadable kubeVersion on no version at all.
    """
    if not kube_version:
        return None
    wanted = _range(kube_version)
    return next((version for version in kubernetes if wanted is None or not wanted.allows(version)), None)


def _pinned(base: Version | None, releases: Sequence[Release], pin: Version) -> Choice:
    stable = [release for release in releases if not _prerelease(release)]
    newer = [release for release in stable if base is None or (_parsed(release.version) or base) > base]
    latest = newer[0] if newer else None
    held = [SkippedRelease(latest.version, f"pinned to {pin}")] if latest and _parsed(latest.version) != pin else []
    if base and is_same_release(pin.text, base.text):
        return Choice(None, latest, tuple(held))
    newest = find(releases, pin.text)
    if newest is None:
        held.append(SkippedRelease(str(pin), "pinned, and upstream does not have it"))
    return Choice(newest, latest, tuple(held))


def is_same_release(wanted: str, published: str) -> bool:
    """Return whether a published version is the wanted one: a ``v`` or a missing zero does not matter, a build does.

    Build metadata does not order versions, but ``1.0.0+1`` and ``1.0.0+2`` are two releases. A wanted version
    without a build may be any build.
    """
    if "+" in wanted:
        return wanted.removeprefix("v") == published.removeprefix("v")
    first, second = _parsed(wanted), _parsed(published)
    return wanted == published or (first is not None and first == second)


def find(releases: Sequence[Release], version: str) -> Release | None:
    """Return the release of a version: the one with this text, else the first that is the same release."""
    same = [release for release in releases if is_same_release(version, release.version)]
    return next((release for release in same if release.version == version), same[0] if same else None)


def is_behind(current: str, declared: str) -> bool:
    """Return whether the vendored version is missing, or older than the exact version that is declared."""
    wanted, vendored = _range(declared), _parsed(current)
    if not current:
        return True
    if wanted is None or not wanted.is_exact or wanted.base is None:
        return False
    if vendored == wanted.base:
        return not is_same_release(declared, current)
    return vendored is None or vendored < wanted.base


def _base(current: str, context: SelectionContext) -> Version | None:
    """Return the version from which a step counts; None if nothing is vendored and the range has no first version."""
    ranges = [parsed for declared in context.declared if (parsed := _range(declared))]
    known = [version for version in (_parsed(current), *(range_.base for range_ in ranges)) if version]
    return max(known, default=None)


def _newer(
    current: str, releases: Sequence[Release], policy: ChartPolicy, context: SelectionContext
) -> Iterator[Release]:
    """Yield the releases above the base; the base itself too if it is not vendored yet.

    Pre-releases count if they are wanted, or if the base is one.
    """
    base = _base(current, context)
    wanted = policy.prereleases if policy.prereleases is not None else bool(base and base.prerelease)
    for release in releases:
        version = _parsed(release.version)
        if version is None or (version.prerelease and not wanted):
            continue
        if base is None or version > base or (not current and _is_declared(version, context)):
            yield release


def _is_declared(version: Version, context: SelectionContext) -> bool:
    """Return whether a release that equals the base is one that Chart.yaml declares."""
    ranges = [parsed for declared in context.declared if (parsed := _range(declared))]
    equal = [range_ for range_ in ranges if range_.base == version]
    return any(not range_.is_exact or is_same_release(range_.text.lstrip("= "), version.text) for range_ in equal)


def _reason(base: Version | None, release: Release, policy: ChartPolicy, context: SelectionContext) -> str | None:
    """Return why a release is held back, as a short phrase, or None if it may be taken."""
    version = Version.parse(release.version)
    if ignored := next((range_ for range_ in policy.ignore if _matches(range_, version)), None):
        return f"ignored by {str(ignored)!r}"
    if policy.allow and base is None:
        return f"of unknown step: no version is declared or vendored, and {policy.allow} is allowed"
    if policy.allow and base:
        step = Step.between(base, version)
        if step.weight > policy.allow.weight:
            return f"a {step} step, and {policy.allow} is allowed"
    if outside := next((one for one in context.declared if _is_outside(one, version)), None):
        return f"outside of the declared {outside}"
    if refused := refuses(release.kube_version, context.kubernetes):
        return f"wants Kubernetes {release.kube_version}, a cluster runs {refused}"
    return _too_young(release, policy.minimum_age, context)


def _too_young(release: Release, minimum: timedelta | None, context: SelectionContext) -> str | None:
    if not minimum:
        return None
    first = sighting(release, context) if context.seen is not None else None
    # The publisher may write another day for the same content at any time.
    is_same = first is not None and first.digest is not None and first == (context.seen or {}).get(release.version)
    days = [day for day in (None if is_same else released(release), first.day if first else None) if day]
    if not days:
        return "of unknown age; charts outdated --update-ledger records when it was first seen"
    age = context.today - max(days)
    if age >= minimum:
        return None
    known = (context.seen or {}).get(release.version)
    again = " since it was published again" if known and known.digest and known.digest != _digest(release) else ""
    return f"{_days(age)} old{again}; minimum-age is {_days(minimum)}"


def _digest(release: Release) -> str | None:
    """Return the digest in an index, without its algorithm; None if it is no SHA-256."""
    digest = (release.digest or "").lower().removeprefix("sha256:")
    return digest if _SHA256.fullmatch(digest) else None


def _days(span: timedelta) -> str:
    hours = span // timedelta(hours=1)
    if hours % 24:
        return f"{hours} hours"
    return "1 day" if hours == 24 else f"{max(0, hours // 24)} days"


def _is_outside(declared: str, version: Version) -> bool:
    """Return whether a declared range excludes a version. An exact version does not: an update replaces it."""
    parsed = _range(declared)
    return parsed is not None and not parsed.is_exact and not _matches(parsed, version)


def _matches(wanted: VersionRange, version: Version) -> bool:
    """Return whether a range means a version; of a pre-release also if it means the release itself."""
    return wanted.allows(version) or (not wanted.is_exact and wanted.allows(Version("", version.release)))


def _prerelease(release: Release) -> bool:
    version = _parsed(release.version)
    return version is not None and bool(version.prerelease)


def _parsed(text: str) -> Version | None:
    with suppress(UserError):
        return Version.parse(text)
    return None


def _range(text: str) -> VersionRange | None:
    """Return the range, or None if it is empty or cannot be read: such a range restricts nothing."""
    with suppress(UserError):
        return VersionRange.parse(text) if text else None
    return None
