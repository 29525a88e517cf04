"""Checks that Helm renders exactly the files that a chart's folder has in Git.

Helm follows every link (https://github.com/helm/helm/blob/v4.2.3/internal/sympath/walk.go), and Argo CD checks out
submodules: both bring in content of other folders. Files are lost by ``.gitignore`` and by the ``.helmignore`` of the
umbrella chart, and Git attributes change their bytes. A link to a chart right in ``charts/`` counts as a vendored
chart, which `structure` checks.
"""

import posixpath
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git import links
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.tree import GITLINK
from kubeaid_ci.helm import chart_files
from kubeaid_ci.helm.chart import CHARTS, Chart, Charts, Subchart
from kubeaid_ci.helm.dependencies import origins
from kubeaid_ci.helm.repository import plain

_CHARTS = "charts"
_RENDERED = ("templates", "crds")
_HELMIGNORE = ".helmignore"


def check_links(charts: Charts) -> Iterator[Finding]:
    """Yield the links and submodules of the chosen charts that bring in content, in order of path.

    A link that leads nowhere in the repository has a rule of its own.
    """
    by_folder = {chart.folder: chart for chart in charts.charts}
    for path, entry in charts.files.items():
        if not entry.may_be_folder or not path.startswith(f"{CHARTS}/") or path.count("/") < 2:
            continue
        chart = by_folder.get(path.split("/")[1])
        if chart is None:
            continue
        if entry.mode == GITLINK:
            yield from _submodule(chart, path)
        elif place := links.follow(path, charts.links):
            yield from _link(chart, path, charts.links[path], is_checked=f"{place}/".startswith(f"{CHARTS}/"))


def _submodule(chart: Chart, path: str) -> Iterator[Finding]:
    inner = path.removeprefix(f"{chart.path}/")
    message = f"{plain(inner)} is another repository; Argo CD checks it out and Helm uses it, and no check looks there"
    yield RULES["chart/linked-content"].at(path, message, subject=chart.folder, key=inner, content="submodule")


def _link(chart: Chart, path: str, target: str, *, is_checked: bool) -> Iterator[Finding]:
    """Yield the finding about a link. `is_checked` is true if it leads to a place below the umbrella charts."""
    inner = path.removeprefix(f"{chart.path}/")
    what = f"{plain(inner)} is a link to {plain(target)}"
    if inner == _CHARTS:
        message = f"{what}; Helm renders every chart behind it, and none of them is checked"
        yield RULES["chart/subchart-undeclared"].at(path, message, subject=chart.folder, key=inner, content=target)
        return
    vendored = next(
        (subchart for subchart in chart.subcharts if inner.startswith(f"{_CHARTS}/{subchart.folder}/")), None
    )
    rule = RULES["chart/linked-content"]
    if vendored is not None:
        if not is_checked or _is_published(chart, vendored):
            message = f"{what}; Helm uses what is behind it, and the chart's checksum does not cover it"
            yield rule.at(path, message, subject=f"{chart.folder}/{vendored.folder}", key=inner, content=target)
    elif posixpath.dirname(inner) != _CHARTS and (not is_checked or inner.split("/")[0] in _RENDERED):
        message = f"{what}; Helm uses what is behind it, and no check looks there"
        yield rule.at(path, message, subject=chart.folder, severity=Severity.WARNING, key=inner, content=target)


def _is_published(chart: Chart, subchart: Subchart) -> bool:
    """Return whether the chart has an upstream: no published archive holds a link."""
    origin = next((dependency for one, dependency in origins(chart) if one is subchart), None)
    return origin is not None and (origin.kind.is_published or origin.is_out_of_reach)


def check_files(charts: Charts) -> Iterator[Finding]:
    """Yield links that lead out of the repository, and files of the chosen charts that Helm does not read as in Git."""
    yield from _escaping(charts)
    yield from _dropped(charts)
    yield from _left_out(charts)
    yield from _rewritten(charts)


def _escaping(charts: Charts) -> Iterator[Finding]:
    for path, target in charts.links.items():
        place = links.follow(path, charts.links)
        if path.startswith(f"{CHARTS}/") and (place is None or place.split("/")[0] == ".git"):
            message = f"the link leads to {target}, which is no place in the repository"
            yield RULES["chart/symlink-escapes"].at(path, message, subject=subject_of(path), key="link")


def _dropped(charts: Charts) -> Iterator[Finding]:
    vendored = [subchart.path + "/" for chart in charts.charts for subchart in chart.subcharts if not subchart.is_link]
    for path in charts.ignored:
        if path.startswith(tuple(vendored)):
            message = "the file is in a vendored chart but an ignore file keeps it out of Git"
            yield RULES["chart/dropped-by-gitignore"].at(path, message, subject=subject_of(path), key="ignored")


def _left_out(charts: Charts) -> Iterator[Finding]:
    chosen = {chart.folder for chart in charts.charts}
    for rules, paths in charts.left_out.items():
        umbrella = rules.split("/")[1]
        by_subject: dict[str, list[str]] = {}
        for path in paths if umbrella in chosen else ():
            by_subject.setdefault(subject_of(path), []).append(path)
        for subject, some in by_subject.items():
            message = f"{rules} takes the file{_more(some)} out of what Helm renders"
            rule, content = RULES["chart/dropped-by-helmignore"], "\n".join(some)
            yield rule.at(some[0], message, subject=subject, key="helmignore", content=content)


def _rewritten(charts: Charts) -> Iterator[Finding]:
    chosen = {chart.folder for chart in charts.charts}
    of_chosen = {path: why for path, why in charts.rewritten.items() if subject_of(path).partition("/")[0] in chosen}
    return rewritten(of_chosen)


def rewritten(attributes: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each vendored chart and attribute that changes its files at a checkout.

    `attributes` has the attribute by the path of the file: most files of a chart have the same.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for path, attribute in attributes.items():
        found.setdefault((subject_of(path), attribute), []).append(path)
    for (subject, attribute), paths in found.items():
        message = f"a checkout of the file{_more(paths)} gives other bytes: .gitattributes sets {attribute}"
        yield RULES["chart/changed-by-gitattributes"].at(paths[0], message, subject=subject, key=attribute)


def _more(paths: Sequence[str]) -> str:
    return f" and {len(paths) - 1} more of the chart" if len(paths) > 1 else ""


def subject_of(path: str) -> str:
    """Return ``umbrella/subchart`` for a path in a vendored chart, else ``umbrella``."""
    parts = path.split("/")
    return f"{parts[1]}/{parts[3]}" if len(parts) > 3 and parts[2] == "charts" else parts[1] if len(parts) > 1 else path


def helmignored(snapshot: Snapshot, targets: Mapping[str, str], umbrellas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the files of vendored charts that are ignored, by the path of the ``.helmignore``.

    `targets` has the targets of links, `umbrellas` the folders of umbrella charts.
    """
    ruled = [folder for folder in umbrellas if f"{folder}/{_HELMIGNORE}" in snapshot.files]
    vendored = _vendored(snapshot.files, ruled) if ruled else {}
    found = {f"{folder}/{_HELMIGNORE}": _gone(snapshot, targets, folder, inside) for folder, inside in vendored.items()}
    return {path: gone for path, gone in found.items() if gone}


def _vendored(files: Iterable[str], umbrellas: Collection[str]) -> dict[str, list[str]]:
    """Return the files in each folder's ``charts``, relative to the folder. There are thousands, so one pass."""
    chosen, found = frozenset(umbrellas), defaultdict(list)
    for path in files:
        parts = path.split("/", 3)
        folder = "/".join(parts[:2])
        if parts[2:3] == ["charts"] and folder in chosen:
            found[folder].append(path[len(folder) + 1 :])
    return found


def _gone(snapshot: Snapshot, targets: Mapping[str, str], folder: str, inside: list[str]) -> tuple[str, ...]:
    """Return the ignored files; empty if Helm refuses the rules, because it refuses the chart too."""
    path = f"{folder}/{_HELMIGNORE}"
    place = links.follow(path, targets)
    if place is None or place not in snapshot.files:
        return ()
    folders = {one for one in inside if _is_folder(snapshot, targets, f"{folder}/{one}")}
    try:
        rules = snapshot.read(place).decode("utf-8", "replace")
        packed = set(chart_files.not_ignored(inside, rules, where=path, folders=folders))
    except UserError:
        return ()
    return tuple(f"{folder}/{one}" for one in inside if one not in packed)


def _is_folder(snapshot: Snapshot, targets: Mapping[str, str], path: str) -> bool:
    """Return whether a link leads to a folder, which Helm takes it for."""
    place = links.follow(path, targets) if path in targets else None
    return bool(place and snapshot.below(place))
