"""Settings that a change makes weaker, compared with its base.

The settings of the base are in force until the change is merged. Each thing that would be weaker afterwards is a
finding, which no suppression silences.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from kubeaid_ci.findings.finding import FailOn, Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.findings.suppression import SETTINGS_FILE, Removed, Suppression
from kubeaid_ci.findings.vulnerability import AllowedVulnerability, VulnerabilitySeverity
from kubeaid_ci.globs.paths import matches
from kubeaid_ci.settings import CheckSettings, ClusterSettings, Profile, ScanSettings, Settings, WaveSettings
from kubeaid_ci.settings.policy import ChartPolicy, policy_of
from kubeaid_ci.settings.rules import SETTINGS_WEAKENED

_ANY_STEP = 4
_IDENTITY = ("kubeaid", "kubeaid_ref", "engine")
_WHERE_TO = ("forge", "forge_url", "base", "ca_bundle")
_PEOPLE = ("reviewers", "team_reviewers", "assignees")


def weakened(before: Settings, after: Settings) -> Iterator[Finding]:
    """Yield what is weaker in `after` than in `before`: one finding each, with the setting as its subject."""
    yield from _suppressions(before.suppress, after.suppress)
    yield from _fail_on(before.fail_on, after.fail_on)
    yield from _changed(before, after, _IDENTITY, prefix="")
    yield from _upstreams(before, after)
    yield from _repositories(before, after)
    yield from _policies(before.charts, after.charts)
    yield from _publish(before, after)
    yield from _clusters(before, after)
    yield from _scan(before.scan, after.scan)
    yield from _check(before.check, after.check)
    yield from _images(before, after)
    yield from _waves(before.waves, after.waves)


def _suppressions(before: Iterable[Suppression], after: Iterable[Suppression]) -> Iterator[Finding]:
    for suppression in new_suppressions(before, after):
        place = f", path {suppression.path}" if suppression.path else ""
        message = f"suppresses {suppression.rule} for {suppression.subject}{place}: {suppression.reason}"
        yield _finding("suppress", message, line=suppression.line, key=str(_identity(suppression)))


def new_suppressions(before: Iterable[Suppression], after: Iterable[Suppression]) -> Iterator[Suppression]:
    """Yield the suppressions that a change adds or widens. One that ends earlier than before is narrower."""
    known = tuple(before)
    return (suppression for suppression in after if not any(_covers(other, suppression) for other in known))


def _covers(known: Suppression, other: Suppression) -> bool:
    same = (known.rule, known.subject) == (other.rule, other.subject) and known.path in (None, other.path)
    return same and (known.until is None or (other.until is not None and other.until <= known.until))


def removed(files: Iterable[Removed]) -> Iterator[Finding]:
    """Yield what a change takes out of the checks by removing a file that they start from."""
    for file in files:
        if not file.is_needed:
            continue
        message = f"{file.path} is removed: {_no_longer(file.path)} any more"
        yield SETTINGS_WEAKENED.at(file.path, message, subject=file.path, key="removed")


def _no_longer(path: str) -> str:
    name = path.rpartition("/")[2]
    if name.endswith("-vars.jsonnet"):
        return "its monitoring is not built or checked"
    if name == "argocd-apps":
        return "the Applications of the cluster are not rendered or checked"
    if name == "images.lock.yaml":
        return "a tag that moves is not found"
    return "the versions of the chart's dependencies are not locked or checked"


def _identity(suppression: Suppression) -> tuple[object, ...]:
    return suppression.rule, suppression.subject, suppression.path, suppression.until


def _fail_on(before: FailOn | None, after: FailOn | None) -> Iterator[Finding]:
    old, new = before or FailOn.ERROR, after or FailOn.ERROR
    if any(old.reached_by(severity) and not new.reached_by(severity) for severity in Severity):
        yield _finding("fail-on", f"runs fail on {new}, before on {old}")


def _repositories(before: Settings, after: Settings) -> Iterator[Finding]:
    for name in ("config", "kubeaid"):
        old, new = getattr(before.repositories, name), getattr(after.repositories, name)
        for remote in sorted(map(str, new - old)):
            yield _finding(f"repositories.{name}", f"takes {remote} for the given repository", key=remote)


def _upstreams(before: Settings, after: Settings) -> Iterator[Finding]:
    old, new = before.upstreams, after.upstreams
    for name in ("allow", "plain_http"):
        for host in sorted(set(getattr(new, name)) - set(getattr(old, name))):
            yield _finding(f"upstreams.{_spelled(name)}", f"adds {host}", key=host)
    for address, mirror in sorted(new.mirrors.items()):
        if old.mirrors.get(address) != mirror:
            yield _finding("upstreams.mirrors", f"{address} is fetched from {mirror}", key=address)
    if new.ca_bundle not in (None, old.ca_bundle):
        yield _finding("upstreams.ca-bundle", f"trusts the certificates in {new.ca_bundle}")


def _images(before: Settings, after: Settings) -> Iterator[Finding]:
    old, new = before.images, after.images
    if new.mirror != old.mirror and old.mirror:
        yield _finding("images.mirror", f"images are expected in {new.mirror or 'no mirror'}, before in {old.mirror}")
    for kind, path in sorted({*_fields(before)} - {*_fields(after)}):
        yield _finding("images.fields", f"{path} of {kind} is no longer read", key=f"{kind} {path}")
    for of, image in sorted({*_declared(before)} - {*_declared(after)}):
        yield _finding("images.declared", f"no longer has {image} of {of}", key=f"{of} {image}")


def _fields(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the fields of custom resources that name images, each with its kind."""
    return ((each.kind, path) for each in settings.images.fields for path in each.paths)


def _declared(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield the images that settings declare, each with the kind or the Application that has it."""
    return ((each.kind or each.app or "", image) for each in settings.images.declared for image in each.images)


def _waves(before: Sequence[WaveSettings], after: Sequence[WaveSettings]) -> Iterator[Finding]:
    """Yield what lets a cluster be upgraded earlier: a shorter soak, or a wave that it no longer waits for."""
    soaks = {wave.name: wave.soak for wave in after}
    for number, wave in enumerate(before):
        soak = soaks.get(wave.name)
        if wave.soak and (soak or timedelta(0)) < wave.soak:
            yield _finding("waves", f"{wave.name} soaks {_days(soak)}, before {_days(wave.soak)}", key=wave.name)
        for cluster in wave.clusters if number else ():
            waits_for = _waves_before(cluster, after)
            if missing := [earlier.name for earlier in before[:number] if earlier.name not in waits_for]:
                message = f"{cluster} no longer waits for {', '.join(missing)}"
                yield _finding("waves", message, key=f"{wave.name} {cluster}")


def _waves_before(cluster: str, waves: Sequence[WaveSettings]) -> list[str]:
    """Return the names of the waves before that of a cluster, which is a name or a glob; empty if it is in none."""
    found = (place for place, wave in enumerate(waves) if any(matches(glob, cluster) for glob in wave.clusters))
    return [wave.name for wave in waves[: next(found, 0)]]


def _policies(before: Mapping[str, ChartPolicy], after: Mapping[str, ChartPolicy]) -> Iterator[Finding]:
    for name in sorted({*before, *after}):
        for change in _looser(policy_of(before, name), policy_of(after, name)):
            yield _finding(f"charts.{name}", change, key=change)


def _looser(old: ChartPolicy, new: ChartPolicy) -> Iterator[str]:
    zero = timedelta(0)
    if (new.minimum_age or zero) < (old.minimum_age or zero):
        yield f"minimum-age is {_days(new.minimum_age)}, before {_days(old.minimum_age)}"
    if _largest(new) > _largest(old):
        yield f"allow is {new.allow or 'not set'}, before {old.allow}"
    if new.prereleases and not old.prereleases:
        yield "pre-releases are allowed"
    if old.pin is not None and new.pin != old.pin:
        yield f"pin is {new.pin or 'not set'}, before {old.pin}"
    for versions in old.ignore:
        if versions not in new.ignore:
            yield f"ignore no longer has {versions}"


def _largest(policy: ChartPolicy) -> int:
    return policy.allow.weight if policy.allow else _ANY_STEP


def _days(age: timedelta | None) -> str:
    if not age:
        return "not set"
    return f"{age.days}d" if age.days else f"{age // timedelta(hours=1)}h"


def _publish(before: Settings, after: Settings) -> Iterator[Finding]:
    old, new = before.publish, after.publish
    yield from _changed(old, new, _WHERE_TO, prefix="publish.")
    if new.auto_merge and not old.auto_merge:
        yield _finding("publish.auto-merge", "change requests are merged without a person")
    if new.on_foreign_commits not in (None, "stop", old.on_foreign_commits):
        message = (
            f"commits of others are treated with {new.on_foreign_commits}, before {old.on_foreign_commits or 'stop'}"
        )
        yield _finding("publish.on-foreign-commits", message)
    if old.sign and new.sign != old.sign:
        yield _finding("publish.sign", f"commits are signed with {new.sign or 'nothing'}, before {old.sign}")
    for name in _PEOPLE:
        for person in sorted(set(getattr(old, name)) - set(getattr(new, name))):
            yield _finding(f"publish.{_spelled(name)}", f"no longer has {person}", key=person)


def _clusters(before: Settings, after: Settings) -> Iterator[Finding]:
    """Yield what lets another version of Kubernetes, another Helm or other APIs count: it hides or shows objects."""
    for name in sorted({*before.clusters, *after.clusters}):
        old, new = (settings.clusters.get(name, ClusterSettings()) for settings in (before, after))
        yield from _capabilities(old, new, f"clusters.{name}.")
        if new.helm != old.helm:
            yield _changed_capability(f"clusters.{name}.helm", old.helm, new.helm)
    yield from _capabilities(before, after, "")


def _capabilities(old: Settings | ClusterSettings, new: Settings | ClusterSettings, prefix: str) -> Iterator[Finding]:
    if new.kubernetes_version != old.kubernetes_version:
        yield _changed_capability(f"{prefix}kubernetes-version", old.kubernetes_version, new.kubernetes_version)
    if {*new.api_versions} != {*old.api_versions}:
        yield _changed_capability(f"{prefix}api-versions", ", ".join(old.api_versions), ", ".join(new.api_versions))


def _changed_capability(subject: str, old: object, new: object) -> Finding:
    message = f"is {new or 'not set'}, before {old or 'not set'}"
    return _finding(subject, message, severity=Severity.WARNING)


def _check(old: CheckSettings, new: CheckSettings) -> Iterator[Finding]:
    if old.profile is Profile.STRICT and new.profile is not Profile.STRICT:
        yield _finding("check.profile", f"is {new.profile or 'not set'}, before {old.profile}")
    for name in sorted({*old.severity, *new.severity} & {*RULES}):
        before, after = (one.severity.get(name, RULES[name].severity) for one in (old, new))
        if after.weight < before.weight:
            yield _finding("check.severity", f"{name} is {after}, before {before}", key=name)
    for field in ("registries", "repositories"):
        allowed, allowed_now = ({*map(str, getattr(one, field))} for one in (old, new))
        if allowed and not allowed_now:
            yield _finding(f"check.{field}", "allows all, because the list is empty")
        elif allowed:
            for added in sorted(allowed_now - allowed):
                yield _finding(f"check.{field}", f"adds {added}", key=added)
    for added in sorted({*new.backup_exempt} - {*old.backup_exempt}):
        yield _finding("check.backup-exempt", f"adds {added}", key=added)


def _scan(old: ScanSettings, new: ScanSettings) -> Iterator[Finding]:
    """Yield what lets `images scan` report less: a higher severity, fixable vulnerabilities only, new exceptions."""
    default = VulnerabilitySeverity.HIGH
    if (new.severity or default).weight > (old.severity or default).weight:
        yield _finding("scan.severity", f"is {new.severity}, before {old.severity or f'{default}, the default'}")
    if new.fixable_only and not old.fixable_only:
        yield _finding("scan.fixable-only", "vulnerabilities without a fix are ignored")
    if old.require_scan and not new.require_scan:
        yield _finding("scan.require-scan", "images that are not scanned no longer fail a run")
    for each in new.allow:
        if not any(_accepts(known, each) for known in old.allow):
            about = f"accepts {each.id} in {each.package} of {each.image} until {each.until}: {each.reason}"
            key = str((each.id, each.image, each.package, each.until))
            yield _finding("scan.allow", about, line=each.line, key=key)


def _accepts(known: AllowedVulnerability, other: AllowedVulnerability) -> bool:
    same = (known.id, known.image, known.package) == (other.id, other.image, other.package)
    return same and other.until <= known.until


def _changed(old: Any, new: Any, names: Sequence[str], *, prefix: str) -> Iterator[Finding]:
    """Yield the settings that decide what a change is compared with, or where a result goes, if they changed."""
    for name in names:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield _finding(f"{prefix}{_spelled(name)}", f"is {after or 'not set'}, before {before or 'not set'}")


def _spelled(name: str) -> str:
    return name.replace("_", "-")


def _finding(
    subject: str, message: str, *, line: int | None = None, key: str = "", severity: Severity = Severity.ERROR
) -> Finding:
    return SETTINGS_WEAKENED.at(
        SETTINGS_FILE, f"{subject}: {message}", subject=subject, line=line, severity=severity, key=f"{subject} {key}"
    )
