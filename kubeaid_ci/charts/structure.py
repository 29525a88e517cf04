"""Check offline that declared, locked and vendored dependencies agree."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kubeaid_ci.charts import content
from kubeaid_ci.charts.content import subject_of
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import Tree
from kubeaid_ci.helm.chart import CHARTS, BadChart, Chart, Charts, Dependency, RepositoryKind, Subchart
from kubeaid_ci.helm.dependencies import ResolvedDependency, origins, resolve, undeclared
from kubeaid_ci.helm.repository import address, display_address
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version


def check(charts: Charts, *, kubernetes: Sequence[Version] = (), base: Charts | None = None) -> Iterator[Finding]:
    """Yield what does not agree in each umbrella chart.

    `kubernetes` are the versions that clusters run. `base` has the charts before a change, if one is looked at.
    """
    locked = {chart.folder: chart.lock.path for chart in (base.charts if base else ()) if chart.lock}
    yield from map(invalid, charts.bad)
    for chart in charts.charts:
        yield from _umbrella(chart, charts.files)
        yield from _unlocked(chart, locked.get(chart.folder))
        yield from _inside(chart, chart.folder, {chart.name}, kubernetes)
    yield from content.check_links(charts)
    yield from _nested(charts)
    yield from content.check_files(charts)


def invalid(bad: BadChart) -> Finding:
    """Return the finding about metadata that cannot be read, at the place that the reason begins with."""
    place = re.match(rf"(?P<path>{re.escape(bad.path)}/[^:/]+)(?::(?P<line>\d+))?: ", bad.reason)
    path, line = (place["path"], place["line"]) if place else (f"{bad.path}/Chart.yaml", None)
    message = bad.reason[place.end() :] if place else bad.reason
    return RULES["chart/invalid"].at(path, message, subject=subject_of(bad.path), line=int(line) if line else None)


def _umbrella(chart: Chart, files: Tree) -> Iterator[Finding]:
    for found in resolve(chart):
        if not found.is_vendored:
            yield _missing(chart, found, files)
        elif found.rivals:
            yield _ambiguous(chart, found)
        if found.dependency.is_out_of_reach:
            yield _out_of_reach(chart, found.dependency)
    yield from _shared(chart)
    yield from _undeclared(chart)
    for name in chart.archives:
        yield from _archive(chart, name, files)


def _unlocked(chart: Chart, lock_before: str | None) -> Iterator[Finding]:
    """Yield a finding if the lock was removed and dependencies are still declared. A chart needs no lock."""
    if lock_before and chart.lock is None and chart.dependencies:
        message = f"{posixpath.basename(lock_before)} was removed, but dependencies are still declared"
        advice = f"restore it, or run helm dependency update {chart.path}"
        rule = RULES["chart/lock-missing"]
        yield rule.at(lock_before, f"{message}; {advice}", subject=chart.folder, key="lock")


def _inside(
    chart: Chart, subject: str, above: set[str], kubernetes: Sequence[Version], *, is_published: bool = False
) -> Iterator[Finding]:
    """Yield what holds at any depth: of a chart and, below it, of every chart vendored in it.

    An edit of a published chart is a fault of its own, so its inner faults are only infos.
    """
    found = [*_versions(chart, subject), *_stale_lock(chart, subject), *_locked_elsewhere(chart, subject)]
    yield from map(_for_its_publisher, found) if is_published else found
    here = above | {subchart.name for subchart in chart.subcharts}
    for subchart, origin in origins(chart):
        if subchart.chart is None or subchart.is_link:
            continue
        name = f"{subject}/{subchart.folder}"
        is_foreign = is_published or (origin is not None and (origin.kind.is_published or origin.is_out_of_reach))
        yield from _vendored(subchart.chart, name, kubernetes)
        yield from _nested_missing(subchart.chart, name, here)
        yield from _inside(subchart.chart, name, here, kubernetes, is_published=is_foreign)


def _stale_lock(chart: Chart, subject: str) -> Iterator[Finding]:
    if chart.lock and not chart.lock.is_current:
        message = f"{posixpath.basename(chart.lock.path)} is out of sync with the declared dependencies"
        rule, content = RULES["chart/lock-out-of-date"], f"{chart.lock.digest} {chart.lock.accepted}"
        yield rule.at(chart.lock.path, message, subject=subject, key="lock", content=content)


def _locked_elsewhere(chart: Chart, subject: str) -> Iterator[Finding]:
    """Yield what a valid lock takes from another repository than declared: Helm downloads what the lock names."""
    if chart.lock is None or not chart.lock.is_current:
        return
    for locked in chart.lock.dependencies:
        declared = [one for one in chart.dependencies if one.name == locked.name]
        if any(one.is_out_of_reach or address(one.repository) == address(locked.repository) for one in declared):
            continue
        where = " and ".join(display_address(one.repository) for one in declared if one.repository) or "no repository"
        message = (
            f"{posixpath.basename(chart.lock.path)} takes {locked.title} from {display_address(locked.repository)},"
            f" and {where} is declared; helm dependency build downloads what the lock names: restore the lock"
        )
        rule = RULES["chart/repository-changed"]
        yield rule.at(
            chart.lock.path, message, subject=f"{subject}/{locked.name}", key="locked", content=locked.repository
        )


def _for_its_publisher(finding: Finding) -> Finding:
    message = f"{finding.message}; the chart is published like this, so only its publisher can correct it"
    return replace(finding, message=message, severity=Severity.INFO)


def _is_packed(file: str, name: str) -> bool:
    """Return whether a packed chart has that name, in any version."""
    return file.startswith(f"{name}-") and file[len(name) + 1 :].lstrip("v")[:1].isdigit()


def _missing(chart: Chart, found: ResolvedDependency, files: Tree) -> Finding:
    dependency = found.dependency
    title = dependency.wanted
    other = chart.subchart(dependency.name)
    if other and other.chart is not None:
        reason = f"Helm renders nothing for it, because {other.folder} is {other.version}"
        message = f"{title} is declared but not vendored; {reason}"
    else:
        state = "not vendored"
        if other:
            state = f"charts/{other.folder} {'is a dangling link' if other.is_link else 'has no Chart.yaml'}"
        at_sync, severity = _at_sync(chart, dependency, files)
        return _at(chart, found, "chart/subchart-missing", f"{title} is declared but {state}; {at_sync}", severity)
    return _at(chart, found, "chart/subchart-missing", message)


def _at_sync(chart: Chart, dependency: Dependency, files: Tree) -> tuple[str, Severity | None]:
    """Return what Argo CD does about a dependency that is not vendored, and the severity if it is not the rule's.

    It runs ``helm dependency build``, which packs local folders and downloads all other dependencies:
    https://github.com/helm/helm/blob/v4.2.3/pkg/downloader/manager.go
    """
    if dependency.kind.is_published:
        return "Argo CD would download it at sync time", None
    where = display_address(dependency.repository)
    if dependency.kind is not RepositoryKind.FILE:
        is_declared = bool(dependency.repository)
        reason = f"{where} is no address of a repository" if is_declared else "no repository is declared for it"
        return f"the sync fails, because {reason}", None
    folder = posixpath.normpath(posixpath.join(chart.path, dependency.repository.partition("://")[2]))
    if f"{folder}/Chart.yaml" not in files:
        return f"the sync fails, because there is no chart at {where}", None
    others = [one.wanted for one in chart.dependencies if one.kind.is_published]
    if not others:
        return f"Argo CD packs {folder} at sync time and downloads nothing", Severity.WARNING
    return f"Argo CD packs {folder} at sync time, and downloads {', '.join(others)} instead of what is vendored", None


def _ambiguous(chart: Chart, found: ResolvedDependency) -> Finding:
    folders = " and ".join(subchart.folder for subchart in (found.subchart, *found.rivals) if subchart)
    dependency = found.dependency
    message = f"{dependency.wanted} fits {folders}; Helm takes one of them at random"
    return _at(chart, found, "chart/subchart-undeclared", message)


def _out_of_reach(chart: Chart, dependency: Dependency) -> Finding:
    where = display_address(dependency.repository)
    message = f"{dependency.title} is declared to come from {where}, which is no address of a repository"
    if where.startswith(("@", "alias:")):
        message = f"{dependency.title} is declared to come from {where}, an alias in one user's Helm settings"
    advice = "write an https:// or oci:// address"
    locked = chart.lock.dependencies if chart.lock else ()
    known = next((one for one in locked if one.name == dependency.name and one.kind.is_published), None)
    if known is not None:
        advice = f"write {display_address(known.repository)}, which the lock has for it"
    return _placed(chart, dependency, "chart/unverifiable", f"{message}; {advice}")


def _shared(chart: Chart) -> Iterator[Finding]:
    """Yield aliases that share a folder and name different repositories: the content comes from one of them."""
    first: dict[str, Dependency] = {}
    for found in resolve(chart):
        if found.subchart is None or not found.fits:
            continue
        other = first.setdefault(found.subchart.path, found.dependency)
        if address(other.repository) != address(found.dependency.repository):
            sources = f"{display_address(other.repository)} and {display_address(found.dependency.repository)}"
            message = f"{found.subchart.folder} is declared to come from {sources}; only the first is compared"
            yield _at(chart, found, "chart/unverifiable", message)


def _undeclared(chart: Chart) -> Iterator[Finding]:
    for subchart in undeclared(chart):
        declared = [dependency.version for dependency in chart.dependencies if dependency.name == subchart.name]
        why = f"; Chart.yaml declares {' and '.join(declared)}" if declared else ""
        message = f"{subchart.title} is vendored but not declared in Chart.yaml{why}; Helm renders it anyway"
        subject, content = f"{chart.folder}/{subchart.folder}", f"{why} {subchart.tree or subchart.target}"
        rule = RULES["chart/subchart-undeclared"]
        yield rule.at(subchart.path, message, subject=subject, key="undeclared", content=content)


def _archive(chart: Chart, file: str, files: Tree) -> Iterator[Finding]:
    path = f"{chart.path}/charts/{file}"
    blob = files[path].id if path in files else ""
    beside = next(
        (
            subchart
            for subchart in chart.subcharts
            if _is_packed(file, subchart.name) or _is_packed(file, subchart.folder)
        ),
        None,
    )
    if beside is not None:
        message = f"{file} is next to the folder {beside.folder}; Helm takes one of the two at random"
        yield RULES["chart/archive-beside-folder"].at(
            path, message, subject=f"{chart.folder}/{beside.folder}", key=file, content=blob
        )
    elif not any(_is_packed(file, dependency.name) for dependency in chart.dependencies):
        message = f"{file} is vendored but not declared in Chart.yaml; Helm renders it anyway"
        subject = f"{chart.folder}/{file}"
        yield RULES["chart/subchart-undeclared"].at(path, message, subject=subject, key="undeclared", content=blob)
    else:
        message = f"{file} is packed, so neither a review nor this check looks into it; unpack it"
        # Unlike a server that does not answer, the user can fix this one.
        subject = f"{chart.folder}/{file}"
        rule, severity = RULES["chart/unverifiable"], Severity.ERROR
        yield rule.at(path, message, subject=subject, severity=severity, key="packed", content=blob)


def _versions(chart: Chart, subject: str) -> Iterator[Finding]:
    for found in resolve(chart):
        dependency, subchart = found.dependency, found.subchart
        if subchart is None or subchart.chart is None or (found.fits and _is_the_build(dependency, subchart)):
            continue
        file = posixpath.basename(dependency.path)
        vendored = subchart.version or "a chart without a version"
        if dependency.version:
            message = f"{file} declares {dependency.wanted}, vendored is {vendored}"
        else:
            message = f"{file} declares no version for {dependency.title}; {vendored} is vendored"
        yield RULES["chart/version-mismatch"].at(
            dependency.path,
            message,
            subject=f"{subject}/{subchart.folder}",
            line=dependency.line,
            key=dependency.alias or dependency.name,
        )


def _is_the_build(dependency: Dependency, subchart: Subchart) -> bool:
    """Build metadata does not order versions, but two builds are two releases."""
    if "+" not in dependency.version or not VersionRange.parse(dependency.version).is_exact:
        return True
    return dependency.version.lstrip("=v ") == subchart.version.lstrip("v")


def _vendored(chart: Chart, subject: str, kubernetes: Sequence[Version]) -> Iterator[Finding]:
    if chart.deprecated:
        message = f"{chart.title} is deprecated by its publisher"
        yield RULES["chart/deprecated"].at(chart.file, message, subject=subject, key="deprecated")
    for version in kubernetes if chart.kube_version else ():
        try:
            allowed = VersionRange.parse(chart.kube_version).allows(version)
        except UserError as error:
            yield RULES["chart/invalid"].at(chart.file, f"kubeVersion: {error}", subject=subject, key="kubeVersion")
            return
        if not allowed:
            message = f"{chart.title} wants Kubernetes {chart.kube_version}, a cluster runs {version}"
            yield RULES["chart/subchart-kube-version"].at(chart.file, message, subject=subject, key=str(version))


def _nested_missing(chart: Chart, subject: str, above: set[str]) -> Iterator[Finding]:
    """Yield missing dependencies of a vendored chart. Nothing is downloaded for it, and a chart above may hold them."""
    for found in resolve(chart):
        dependency = found.dependency
        if dependency.name and not found.is_vendored and dependency.name not in above:
            message = f"{chart.name} declares {dependency.wanted}, which is not vendored in it"
            yield RULES["chart/subchart-missing"].at(
                dependency.path,
                message,
                subject=f"{subject}/{found.folder}",
                line=dependency.line,
                severity=Severity.INFO,
                key=dependency.alias or dependency.name,
            )


def _nested(charts: Charts) -> Iterator[Finding]:
    """Yield the charts below a folder that is no umbrella chart: nothing else looks at them."""
    for folder in (path.removesuffix("/Chart.yaml") for path in charts.files if path.endswith("/Chart.yaml")):
        parts = folder.removeprefix(f"{CHARTS}/").split("/")
        above = [f"{CHARTS}/{'/'.join(parts[:end])}/Chart.yaml" for end in range(1, len(parts))]
        if above and not any(one in charts.files for one in above):
            message = f"{folder} is a chart below a folder that is no umbrella chart, so it is not verified or linted"
            yield RULES["chart/not-checked"].at(folder, message, subject="/".join(parts), key="nested")


def _at(chart: Chart, found: ResolvedDependency, rule: str, message: str, severity: Severity | None = None) -> Finding:
    return _placed(chart, found.dependency, rule, message, folder=found.folder, severity=severity)


def _placed(
    chart: Chart,
    dependency: Dependency,
    rule: str,
    message: str,
    *,
    folder: str = "",
    severity: Severity | None = None,
) -> Finding:
    subject = f"{chart.folder}/{folder or dependency.name}"
    key = dependency.alias or dependency.name
    # Another repository is another chart.
    content = f"{message} {dependency.repository}"
    return RULES[rule].at(
        dependency.path, message, subject=subject, line=dependency.line, severity=severity, key=key, content=content
    )
