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
from kubeaid_ci.findings.vulnerability import VulnerabilitySeverity
from kubeaid_ci.settings import CheckSettings, Profile, ScanSettings, Settings
from kubeaid_ci.settings.policy import ChartPolicy
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


def _suppressions(before: Iterable[Suppression], after: Iterable[Suppression]) -> Iterator[Finding]:
    for suppression in new_suppressions(before, after):
        place = f", path {suppression.path}" if suppression.path else ""
        message = f"suppresses {suppression.rule} for {suppression.subject}{place}: {suppression.reason}"
        yield _finding("suppress", message, line=suppression.line, key=str(_identity(suppression)))


def new_suppressions(before: Iterable[Suppression], after: Iterable[Suppression]) -> Iterator[Suppression]:
    """Yield the suppressions that a change adds or widens."""
    known = {_identity(suppression) for suppression in before}
    return (suppression for suppression in after if _identity(suppression) not in known)


def removed(files: Iterable[Removed]) -> Iterator[Finding]:
    """Yield what a change takes out of the checks by removing a file that they start from."""
    for file in files:
        if not file.is_needed:
            continue
        is_vars = file.path.endswith("-vars.jsonnet")
        what = "its monitoring is not built" if is_vars else "the versions of the chart's dependencies are not locked"
        message = f"{file.path} is removed: {what} or checked any more"
        yield SETTINGS_WEAKENED.at(file.path, message, subject=file.path, key="removed")


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


def _policies(before: Mapping[str, ChartPolicy], after: Mapping[str, ChartPolicy]) -> Iterator[Finding]:
    for name in sorted({*before, *after}):
        old, new = before.get(name, ChartPolicy()), after.get(name, ChartPolicy())
        for change in _looser(old, new):
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
    return f"{age.days}d" if age else "not set"


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
    """Another Kubernetes version hides or shows removed APIs."""
    names = sorted({*before.clusters, *after.clusters})
    versions = [("kubernetes-version", before.kubernetes_version, after.kubernetes_version)]
    for name in names:
        old, new = (settings.clusters.get(name) for settings in (before, after))
        old_version, new_version = (one.kubernetes_version if one else None for one in (old, new))
        versions.append((f"clusters.{name}.kubernetes-version", old_version, new_version))
    for subject, old_version, new_version in versions:
        if old_version is not None and new_version != old_version:
            message = f"is {new_version or 'not set'}, before {old_version}"
            yield _finding(subject, message, severity=Severity.WARNING)


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
    known = {(each.id, each.image, each.package, each.until) for each in old.allow}
    for each in new.allow:
        identity = (each.id, each.image, each.package, each.until)
        if identity not in known:
            about = f"accepts {each.id} in {each.package} of {each.image} until {each.until}: {each.reason}"
            yield _finding("scan.allow", about, line=each.line, key=str(identity))


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
