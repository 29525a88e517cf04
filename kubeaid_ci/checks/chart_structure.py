"""Whether what is declared, what is locked and what is vendored agree, without asking anybody else."""

import re
from collections.abc import Iterator, Sequence

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.errors import UserError
from kubeaid_ci.model import links
from kubeaid_ci.model.chart import CHARTS, BadChart, Chart, Charts, Dependency, Subchart
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.repository import told
from kubeaid_ci.model.version import Version
from kubeaid_ci.model.version_range import VersionRange


def check(charts: Charts, *, kubernetes: Sequence[Version] = ()) -> Iterator[Finding]:
    """Yield what does not agree in each umbrella chart; `kubernetes` are the versions that clusters run."""
    yield from map(invalid, charts.bad)
    for chart in charts.charts:
        yield from _umbrella(chart)
        yield from _inside(chart, chart.folder, {chart.name}, kubernetes)
    yield from _escaping(charts)
    yield from _dropped(charts)
    yield from _left_out(charts)
    yield from _rewritten(charts)


def invalid(bad: BadChart) -> Finding:
    """The finding about metadata that cannot be read, at the place that the reason begins with."""
    place = re.match(rf"(?P<path>{re.escape(bad.path)}/[^:/]+)(?::(?P<line>\d+))?: ", bad.reason)
    path, line = (place["path"], place["line"]) if place else (f"{bad.path}/Chart.yaml", None)
    message = bad.reason[place.end() :] if place else bad.reason
    return RULES["chart/invalid"].at(path, message, subject=_folders(bad.path), line=int(line) if line else None)


def _umbrella(chart: Chart) -> Iterator[Finding]:
    for dependency in chart.dependencies:
        if not _is_vendored(chart, dependency.name):
            yield _missing(chart, dependency)
        if dependency.is_out_of_reach:
            yield _out_of_reach(chart, dependency)
    yield from _undeclared(chart)
    for name in chart.archives:
        yield from _archive(chart, name)


def _inside(chart: Chart, subject: str, above: set[str], kubernetes: Sequence[Version]) -> Iterator[Finding]:
    """What holds at any depth: of a chart and, below it, of every chart vendored in it."""
    yield from _versions(chart, subject)
    if chart.lock and not chart.lock.is_current:
        message = "the lock was written for other dependencies than those declared today"
        yield RULES["chart/lock-out-of-date"].at(chart.lock.path, message, subject=subject, key="lock")
    here = above | {subchart.name for subchart in chart.subcharts}
    for subchart in chart.subcharts:
        if subchart.chart is None or subchart.is_link:
            continue
        name = f"{subject}/{subchart.folder}"
        yield from _vendored(subchart.chart, name, kubernetes)
        yield from _nested_missing(subchart.chart, name, here)
        yield from _inside(subchart.chart, name, here, kubernetes)


def _is_vendored(chart: Chart, name: str) -> bool:
    found = chart.subchart(name)
    return (found is not None and found.chart is not None) or any(_packs(file, name) for file in chart.archives)


def _packs(file: str, name: str) -> bool:
    """Whether a packed chart is one of that name: ``<name>-<version>.tgz``."""
    return file.startswith(f"{name}-") and file[len(name) + 1 :].lstrip("v")[:1].isdigit()


def _missing(chart: Chart, dependency: Dependency) -> Finding:
    found = chart.subchart(dependency.name)
    what = "is a dangling link" if found and found.is_link else "has no Chart.yaml" if found else "is not vendored"
    message = f"{dependency.name or 'a dependency without a name'} {dependency.version} is declared but {what}"
    message += "; ArgoCD would download it at sync time"
    return _at(chart, dependency, "chart/subchart-missing", message)


def _out_of_reach(chart: Chart, dependency: Dependency) -> Finding:
    where = told(dependency.repository)
    is_alias = where.startswith(("@", "alias:"))
    why = "an alias, which means something on one machine alone" if is_alias else "no address that can be asked"
    message = f"{dependency.name} is declared to come from {where}: {why}; write an https:// or oci:// address"
    return _at(chart, dependency, "chart/unverifiable", message)


def _undeclared(chart: Chart) -> Iterator[Finding]:
    """Helm knows a vendored chart by its name, whatever the folder; a second one of a name is declared by nobody."""
    open_for = list(chart.dependencies)
    for subchart in sorted(chart.subcharts, key=lambda one: (one.folder != one.name, one.folder)):
        fitting = [one for one in open_for if one.name == subchart.name]
        if fitting:
            best = next((one for one in fitting if _fits(one, subchart)), fitting[0])
            is_again = any(other is not subchart and other.name == subchart.name for other in chart.subcharts)
            if is_again:
                open_for.remove(best)
            continue
        second = ", a second one of that name" if chart.dependency(subchart.name) else ""
        message = f"{subchart.name} {subchart.version} is vendored{second} but not declared in Chart.yaml"
        yield RULES["chart/subchart-undeclared"].at(
            subchart.path,
            f"{message}; Helm renders it all the same",
            subject=f"{chart.folder}/{subchart.folder}",
            key="undeclared",
        )


def _archive(chart: Chart, file: str) -> Iterator[Finding]:
    path = f"{chart.path}/charts/{file}"
    beside = next((one for one in chart.subcharts if _packs(file, one.name) or _packs(file, one.folder)), None)
    if beside is not None:
        message = f"{file} lies beside the folder {beside.folder}; Helm takes one of the two at random"
        yield RULES["chart/archive-beside-folder"].at(
            path, message, subject=f"{chart.folder}/{beside.folder}", key=file
        )
    elif not any(_packs(file, dependency.name) for dependency in chart.dependencies):
        message = f"{file} is vendored but not declared in Chart.yaml; Helm renders it all the same"
        yield RULES["chart/subchart-undeclared"].at(path, message, subject=f"{chart.folder}/{file}", key="undeclared")
    else:
        message = f"{file} is packed, so neither a review nor this check looks into it; unpack it"
        # Unlike a server that does not answer, this one is ours to cure.
        subject = f"{chart.folder}/{file}"
        yield RULES["chart/unverifiable"].at(path, message, subject=subject, severity=Severity.ERROR, key="packed")


def _versions(chart: Chart, subject: str) -> Iterator[Finding]:
    for dependency in chart.dependencies:
        found = [one for one in chart.subcharts if one.name == dependency.name and one.chart]
        if found and not any(_fits(dependency, one) for one in found):
            declared = dependency.version or "no version"
            message = f"Chart.yaml declares {dependency.name} {declared}, vendored is {found[0].version}"
            yield RULES["chart/version-mismatch"].at(
                dependency.path,
                message,
                subject=f"{subject}/{found[0].folder}",
                line=dependency.line,
                key=dependency.name,
            )


def _fits(dependency: Dependency, subchart: Subchart) -> bool:
    try:
        wanted, found = VersionRange.parse(dependency.version), Version.parse(subchart.version)
    except UserError:
        return dependency.version == subchart.version
    if wanted.is_exact and "+" in dependency.version:
        # Build metadata orders no versions, but two builds are two releases.
        return dependency.version.lstrip("=v ") == subchart.version.lstrip("v")
    return bool(dependency.version) and wanted.allows(found)


def _vendored(chart: Chart, subject: str, kubernetes: Sequence[Version]) -> Iterator[Finding]:
    if chart.deprecated:
        message = f"{chart.name} {chart.version} is deprecated by its publisher"
        yield RULES["chart/deprecated"].at(chart.file, message, subject=subject, key="deprecated")
    for version in kubernetes if chart.kube_version else ():
        try:
            allowed = VersionRange.parse(chart.kube_version).allows(version)
        except UserError as error:
            yield RULES["chart/invalid"].at(chart.file, f"kubeVersion: {error}", subject=subject, key="kubeVersion")
            return
        if not allowed:
            message = f"{chart.name} {chart.version} wants Kubernetes {chart.kube_version}, a cluster runs {version}"
            yield RULES["chart/subchart-kube-version"].at(chart.file, message, subject=subject, key=str(version))


def _nested_missing(chart: Chart, subject: str, above: set[str]) -> Iterator[Finding]:
    """Below the umbrella nothing is downloaded, and a library that a chart above holds is found there."""
    for dependency in chart.dependencies:
        if dependency.name and not _is_vendored(chart, dependency.name) and dependency.name not in above:
            message = f"{chart.name} declares {dependency.name} {dependency.version}, which is not vendored in it"
            yield RULES["chart/subchart-missing"].at(
                dependency.path,
                message,
                subject=f"{subject}/{dependency.name}",
                line=dependency.line,
                severity=Severity.INFO,
                key=dependency.name,
            )


def _escaping(charts: Charts) -> Iterator[Finding]:
    for path, target in charts.links.items():
        place = links.follow(path, charts.links)
        if path.startswith(f"{CHARTS}/") and (place is None or place.split("/")[0] == ".git"):
            message = f"the link leads to {target}, which is no place in the repository"
            yield RULES["chart/symlink-escapes"].at(path, message, subject=_folders(path), key="link")


def _dropped(charts: Charts) -> Iterator[Finding]:
    vendored = [one.path + "/" for chart in charts.charts for one in chart.subcharts if not one.is_link]
    for path in charts.ignored:
        if path.startswith(tuple(vendored)):
            message = "the file lies in a vendored chart but an ignore file keeps it out of Git"
            yield RULES["chart/dropped-by-gitignore"].at(path, message, subject=_folders(path), key="ignored")


def _left_out(charts: Charts) -> Iterator[Finding]:
    chosen = {chart.folder for chart in charts.charts}
    for rules, paths in charts.left_out.items():
        umbrella = rules.split("/")[1]
        by_subject: dict[str, list[str]] = {}
        for path in paths if umbrella in chosen else ():
            by_subject.setdefault(_folders(path), []).append(path)
        for subject, some in by_subject.items():
            message = f"{rules} takes the file{_more(some)} out of what Helm renders"
            yield RULES["chart/dropped-by-helmignore"].at(some[0], message, subject=subject, key="helmignore")


def _rewritten(charts: Charts) -> Iterator[Finding]:
    """One finding for each vendored chart and attribute: the files of a chart have most often the same."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, attribute in charts.rewritten.items():
        found.setdefault((_folders(path), attribute), []).append(path)
    chosen = {chart.folder for chart in charts.charts}
    for (subject, attribute), paths in found.items():
        if subject.partition("/")[0] in chosen:
            message = f"a checkout of the file{_more(paths)} gives other bytes: .gitattributes sets {attribute}"
            yield RULES["chart/changed-by-gitattributes"].at(paths[0], message, subject=subject, key=attribute)


def _more(paths: Sequence[str]) -> str:
    return f" and {len(paths) - 1} more of the chart" if len(paths) > 1 else ""


def _at(chart: Chart, dependency: Dependency, rule: str, message: str) -> Finding:
    subject = f"{chart.folder}/{dependency.name}"
    return RULES[rule].at(dependency.path, message, subject=subject, line=dependency.line, key=dependency.name)


def _folders(path: str) -> str:
    """``umbrella/subchart`` for a path in a vendored chart, else ``umbrella``."""
    parts = path.split("/")
    return f"{parts[1]}/{parts[3]}" if len(parts) > 3 and parts[2] == "charts" else parts[1] if len(parts) > 1 else path
