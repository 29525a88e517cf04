"""Applications that can be compared, and findings about the others: they must never look unchanged or removed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kubeaid_ci.argocd.application import APPLICATION_SET
from kubeaid_ci.diff.rules import (
    CHART_GONE,
    NOT_COMPARED,
    NOT_FOLLOWED,
    RENDER_BROKEN,
    RENDER_MENDED,
    SOURCE_HOST_NEW,
    VALUES_REFUSED,
)
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.rendering import Failure, RenderedApp, RenderStatus

_BROKEN: Mapping[Failure | None, Rule] = {Failure.GONE: CHART_GONE, Failure.REFUSED: VALUES_REFUSED}


@dataclass(frozen=True, slots=True)
class AppOnSide:
    """One Application on one side of a change, and its findings there."""

    app: RenderedApp
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of deciding whether the objects of an Application can be compared, with its findings.

    `unknown` is the reason why not all of its objects are known on both sides; empty if they are. If `compared` is
    still true, the known objects are compared. `is_lost` is true if it is not known whether the Application exists on
    the side that does not have it.
    """

    compared: bool
    findings: tuple[Finding, ...] = ()
    unknown: str = ""
    is_lost: bool = False


Apps = Mapping[str, AppOnSide]
"""The Applications of one cluster on one side, by name."""


def apps_on_side(results: Iterable[tuple[RenderedApp, tuple[Finding, ...]]]) -> dict[str, AppOnSide]:
    """Return the Applications of one cluster by name."""
    return {app.app: AppOnSide(app, findings) for app, findings in results}


def verdicts(before: Apps, after: Apps) -> dict[str, Verdict]:
    """Return the verdict on each Application of one cluster."""
    return {name: _verdict(name, before, after) for name in sorted({*before, *after})}


def new_hosts(before: Apps, after: Apps) -> Iterator[Finding]:
    """Yield a finding for each Application with a source on a host that no Application has a source on before."""
    used = {source.host for app in before.values() for source in app.app.hosts}
    for app in after.values():
        hosts = sorted({source.host for source in app.app.hosts if not source.is_given and source.host not in used})
        if hosts:
            message = f"it takes manifests from {' and '.join(hosts)}, where no Application takes any before the change"
            yield _at(SOURCE_HOST_NEW, app, message, key="source-host")


def of_one_side(side: AppOnSide) -> str:
    """Return why not all objects of an Application of a new or removed cluster are known; empty if they are."""
    return "" if side.app.status is RenderStatus.RENDERED else _why(side)


def _verdict(name: str, before: Apps, after: Apps) -> Verdict:
    was, now = before.get(name), after.get(name)
    match was, now:
        case AppOnSide(), AppOnSide():
            return _both(was, now)
        case AppOnSide(), None:
            return _removed(was, before, after)
        case None, AppOnSide():
            return _added(now, after, before)
    raise ValueError(f"{name} is on neither side")


def _both(was: AppOnSide, now: AppOnSide) -> Verdict:
    match was.app.status, now.app.status:
        case RenderStatus.RENDERED, RenderStatus.RENDERED:
            return Verdict(compared=True, findings=(*_not_followed(was, now), *_fresh(was, now)))
        case RenderStatus.PARTIAL, RenderStatus.PARTIAL:
            found = (_unknown(was, now), *_not_followed(was, now), *_fresh(was, now))
            return Verdict(compared=True, findings=found, unknown=_why(now))
        case before, RenderStatus.FAILED if before is not RenderStatus.FAILED:
            return Verdict(compared=False, findings=tuple(_broken(now)), unknown=_why(now))
        case RenderStatus.FAILED, RenderStatus.RENDERED:
            count = len(now.app.manifests)
            message = f"it failed before and gives {count} objects now; what changes in them is not known"
            return Verdict(compared=False, findings=(_at(RENDER_MENDED, now, message),), unknown=_why(was))
    unknown = _unknown(was, now)
    return Verdict(compared=False, findings=(unknown,), unknown=_why(_unrendered(was, now)))


def _not_followed(was: AppOnSide, now: AppOnSide) -> Iterator[Finding]:
    """Yield the files that change, and that the Application takes from another revision before and after the change."""
    old = {(source.revision, source.path): source.tree for source in was.app.other_revisions}
    for source in now.app.other_revisions:
        if old.get((source.revision, source.path), source.tree) != source.tree:
            where = f"{source.path} changes, but the Application takes it from {source.revision}"
            message = f"{where}: what it applies stays the same"
            yield _at(NOT_FOLLOWED, now, message)


def _fresh(was: AppOnSide, now: AppOnSide) -> Iterator[Finding]:
    """Return the findings after the change that did not exist before."""
    known = {(finding.rule.id, finding.key) for finding in was.findings}
    return (finding for finding in now.findings if (finding.rule.id, finding.key) not in known)


def _broken(now: AppOnSide) -> Iterator[Finding]:
    """Yield everything that fails, such as each value that a schema refuses."""
    rule = _BROKEN.get(now.app.failure, RENDER_BROKEN)
    failing = {finding.rule for finding in now.findings if finding.message == now.app.error}
    for finding in now.findings:
        if finding.rule in failing:
            yield replace(finding, rule=rule, severity=rule.severity)


def _unknown(was: AppOnSide, now: AppOnSide) -> Finding:
    """Return the finding on an Application whose objects are not known on a side."""
    first = _unrendered(was, now)
    if was.app.status is not now.app.status:
        side = "after" if first is now else "before"
        return _at(NOT_COMPARED, first, f"its objects are not known {side} the change: {_why(first)}")
    some = "some of its objects" if now.app.status is RenderStatus.PARTIAL else "its objects"
    message = f"{some} could not be rendered on either side: {_why(first)}"
    if was.app.digest != now.app.digest:
        return _at(NOT_COMPARED, first, f"{message}; its source, its settings or files below its path change")
    # What is as unknown as before is not the change's doing.
    return _at(NOT_COMPARED, first, message, Severity.INFO)


def _unrendered(was: AppOnSide, now: AppOnSide) -> AppOnSide:
    return next((side for side in (now, was) if side.app.status is not RenderStatus.RENDERED), now)


def _why(side: AppOnSide) -> str:
    """Return the reason why not all objects of an Application are known on a side."""
    return side.app.error or next((finding.message for finding in side.findings), side.app.status.value)


def _removed(was: AppOnSide, before: Apps, after: Apps) -> Verdict:
    """Return the verdict on an Application that does not exist after the change, or is only not known there."""
    if reason := _lost(was.app, before, after):
        return _not_known(was, "after", reason)
    if was.app.status is RenderStatus.RENDERED:
        return Verdict(compared=True)
    message = f"it is removed, and not all of its objects are known: {_why(was)}"
    partly = was.app.status is RenderStatus.PARTIAL
    return Verdict(compared=partly, findings=(_at(NOT_COMPARED, was, message),), unknown=_why(was))


def _added(now: AppOnSide, after: Apps, before: Apps) -> Verdict:
    """Return the verdict on an Application that did not exist before the change, or was only not known there."""
    if reason := _lost(now.app, after, before):
        return _not_known(now, "before", reason)
    if now.app.status is RenderStatus.RENDERED:
        return Verdict(compared=True, findings=now.findings)
    partly = now.app.status is RenderStatus.PARTIAL
    return Verdict(compared=partly, findings=now.findings, unknown=_why(now))


def _not_known(app: AppOnSide, side: str, reason: str) -> Verdict:
    message = f"it is not known {side} the change, because {reason}"
    return Verdict(compared=False, findings=(_at(NOT_COMPARED, app, message),), unknown=message, is_lost=True)


def _lost(app: RenderedApp, there: Apps, elsewhere: Apps) -> str:
    """Return why an Application that is not found on the other side may exist there; empty if it does not exist."""
    if maker := _lost_maker(app, there, elsewhere):
        return f"{maker}, which makes it, could not be rendered there"
    unknown = (name for name in elsewhere if name.rpartition("/")[2].startswith(APPLICATION_SET))
    if maker := next((name for name in unknown if name not in there), ""):
        return f"{maker} may make it, and its Applications are unknown there"
    return ""


def _lost_maker(app: RenderedApp, there: Apps, elsewhere: Apps) -> str:
    """Return the Application or ApplicationSet that makes an Application and is unknown on the other side, or empty.

    One that is missing there may itself be lost with the Application that holds it.
    """
    for maker in filter(None, (app.sync.application_set, app.holder)):
        other = elsewhere.get(maker)
        if other is not None and other.app.status is not RenderStatus.RENDERED:
            return maker
        here = there.get(maker)
        if other is None and here is not None and here.app.app != app.app:
            return _lost_maker(here.app, there, elsewhere)
    return ""


def _at(
    rule: Rule, app: AppOnSide, message: str, severity: Severity | None = None, *, key: str = "not-compared"
) -> Finding:
    place = next((finding for finding in app.findings if finding.path), None)
    subject = "/".join(part for part in (app.app.cluster, app.app.app) if part)
    path, line = (place.path, place.line) if place else (None, None)
    return rule.at(path, message, subject=subject, line=line, severity=severity, key=key)
