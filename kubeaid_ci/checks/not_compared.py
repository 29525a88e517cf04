"""What a change does to Applications whose objects cannot be compared: it must never look as if all were removed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kubeaid_ci.checks.not_compared_rules import (
    CHART_GONE,
    NOT_COMPARED,
    RENDER_BROKEN,
    RENDER_MENDED,
    VALUES_REFUSED,
)
from kubeaid_ci.model.application import is_application
from kubeaid_ci.model.finding import Finding, Rule, Severity
from kubeaid_ci.model.rendering import Failure, RenderedApp, RenderStatus

_BROKEN: Mapping[Failure | None, Rule] = {Failure.GONE: CHART_GONE, Failure.REFUSED: VALUES_REFUSED}
_HOLDERS = ("Application", "ApplicationSet")


@dataclass(frozen=True, slots=True)
class Seen:
    """One Application on one side, and what there is to say of it there."""

    app: RenderedApp
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an Application can be compared, and what there is to say of that."""

    compared: bool
    findings: tuple[Finding, ...] = ()


Apps = Mapping[str, Seen]
"""The Applications of one cluster on one side, by name."""


def verdicts(before: Apps, after: Apps) -> dict[str, Verdict]:
    """What can be compared of one cluster, by Application."""
    return {name: _verdict(name, before, after) for name in sorted({*before, *after})}


def _verdict(name: str, before: Apps, after: Apps) -> Verdict:
    was, now = before.get(name), after.get(name)
    match was, now:
        case Seen(), Seen():
            return _both(was, now)
        case Seen(), None:
            return _alone(was, before, after, removed=True)
        case None, Seen():
            return _alone(now, after, before, removed=False)
    raise ValueError(f"{name} is on neither side")


def _both(was: Seen, now: Seen) -> Verdict:
    statuses = {was.app.status, now.app.status}
    if len(statuses) == 1 and statuses <= {RenderStatus.RENDERED, RenderStatus.PARTIAL}:
        return Verdict(compared=True, findings=tuple(_fresh(was, now)))
    if now.app.status is RenderStatus.FAILED and was.app.status is not RenderStatus.FAILED:
        return Verdict(compared=False, findings=tuple(_broken(now)))
    if was.app.status is RenderStatus.FAILED and now.app.status is RenderStatus.RENDERED:
        count = len(now.app.manifests)
        message = f"it failed before and gives {count} objects now; what changes in them is not known"
        return Verdict(compared=False, findings=(_at(RENDER_MENDED, now, message),))
    return Verdict(compared=False, findings=(_unknown(was, now),))


def _fresh(was: Seen, now: Seen) -> Iterator[Finding]:
    """What there is to say after the change and was not before."""
    known = {(finding.rule.id, finding.key) for finding in was.findings}
    return (finding for finding in now.findings if (finding.rule.id, finding.key) not in known)


def _broken(now: Seen) -> Iterator[Finding]:
    """Everything that fails, such as each value that a schema refuses."""
    rule = _BROKEN.get(now.app.failure, RENDER_BROKEN)
    failing = {finding.rule for finding in now.findings if finding.message == now.app.error}
    for finding in now.findings:
        if finding.rule in failing:
            yield replace(finding, rule=rule, severity=rule.severity)


def _unknown(was: Seen, now: Seen) -> Finding:
    first = next((seen for seen in (now, was) if seen.app.status is not RenderStatus.RENDERED), now)
    why = first.app.error or next((finding.message for finding in first.findings), first.app.status.value)
    alike = was.app.status is now.app.status
    where = "known neither before nor after" if alike else f"not known {'after' if first is now else 'before'}"
    # What is as unknown as it was is not the change's doing.
    severity = Severity.INFO if alike else None
    return _at(NOT_COMPARED, first, f"its objects are {where} the change: {why}", severity)


def _alone(seen: Seen, there: Apps, elsewhere: Apps, *, removed: bool) -> Verdict:
    """An Application that one side lacks, or only does not know."""
    if lost := next(_lost_holders(there, elsewhere), None):
        side = "after" if removed else "before"
        message = f"it is not known {side} the change, because {lost}, which holds it, does not render there"
        return Verdict(compared=False, findings=(_at(NOT_COMPARED, seen, message),))
    if removed:
        return Verdict(compared=True)
    return Verdict(compared=seen.app.status is not RenderStatus.FAILED, findings=seen.findings)


def _lost_holders(there: Apps, elsewhere: Apps) -> Iterator[str]:
    """The Applications that hold others on one side, and do not render on the other."""
    for name, seen in there.items():
        other = elsewhere.get(name)
        if other is not None and other.app.status is not RenderStatus.RENDERED and _holds(seen.app):
            yield name


def _holds(app: RenderedApp) -> bool:
    return any(is_application(manifest.body, kind) for manifest in app.manifests for kind in _HOLDERS)


def _at(rule: Rule, seen: Seen, message: str, severity: Severity | None = None) -> Finding:
    place = next((finding for finding in seen.findings if finding.path), None)
    subject = "/".join(part for part in (seen.app.cluster, seen.app.app) if part)
    path, line = (place.path, place.line) if place else (None, None)
    return rule.at(path, message, subject=subject, line=line, severity=severity, key="not-compared")


def seen(told: Iterable[tuple[RenderedApp, tuple[Finding, ...]]]) -> dict[str, Seen]:
    """Applications of one cluster by name."""
    return {app.app: Seen(app, findings) for app, findings in told}
