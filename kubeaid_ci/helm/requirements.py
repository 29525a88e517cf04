"""Requirements of the Chart.yaml of a chart and of its subcharts, and whether they are met."""

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kubeaid_ci import documents
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.chart import RepositoryKind
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Lacking:
    """A declared dependency that the chart does not hold, and the line of its Chart.yaml or requirements.yaml.

    `repository` is as declared, empty if it is not. `published` names the dependencies of the chart that are published
    in a repository, whether the chart holds them or not.
    """

    name: str
    file: str
    line: int | None
    repository: str = ""
    published: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusing:
    """A chart (in `folder`, empty for the top one) that is not made for the cluster's version of Kubernetes."""

    folder: str
    wanted: str


def name(files: Files) -> str:
    """Return the chart's name; empty if its Chart.yaml has no name or Helm cannot load it."""
    return _field(files, "", "name")


def is_installable(files: Files) -> bool:
    """Return whether Helm renders the chart by itself: it refuses library charts (`checkIfInstallable`)."""
    return _field(files, "", "type") in ("", "application")


def app_version(files: Files, names: Collection[str]) -> str:
    """Return the ``appVersion`` of the first chart with one of these names; empty if no chart has both."""
    folders = [posixpath.dirname(path) for path in files if posixpath.basename(path) == chart_yaml.CHART]
    folders.sort(key=lambda folder: (folder.count("/") + bool(folder), folder))
    versions = (_field(files, folder, "appVersion") for folder in folders if _field(files, folder, "name") in names)
    return next(filter(None, versions), "")


def lacking(files: Files) -> list[Lacking]:
    """Return the declared dependencies that are not in ``charts/``: `helm dependency build` would download them."""
    if any(path.startswith("charts/") and path.endswith(".tgz") for path in files):
        return []  # a packed chart may be any of them
    present = {_field(files, folder, "name") for folder in _charts_in(files, "")}
    is_old = "dependencies" in chart_yaml.read_if_valid(files.get(chart_yaml.REQUIREMENTS, b""))
    file = chart_yaml.REQUIREMENTS if is_old else chart_yaml.CHART
    declared = [one or {} for one in chart_yaml.of_folder(files).get("dependencies") or ()]
    repositories = [one.get("repository", "") for one in declared]
    published = tuple(
        one.get("name", "")
        for one, repository in zip(declared, repositories, strict=True)
        if RepositoryKind.of(repository).is_published
    )
    return [
        Lacking(wanted, file, documents.locate(files[file], ("dependencies", number)), repositories[number], published)
        for number, one in enumerate(declared)
        if (wanted := one.get("name", "")) and wanted not in present
    ]


def has_aliases_of_a_nest(files: Files) -> bool:
    """Return whether a chart declares another under two names, and one of its charts holds others."""
    for folder in {posixpath.dirname(path) for path in files if posixpath.basename(path) == chart_yaml.CHART}:
        names = [one.get("name") for one in chart_yaml.of_folder(files, folder).get("dependencies") or () if one]
        start = posixpath.join(folder, "charts/")
        if len(set(names)) < len(names) and any(
            path.startswith(start) and "/charts/" in path[len(start) :] for path in files
        ):
            return True
    return False


def refusing(files: Files, version: Version) -> Iterator[Refusing]:
    """Yield the charts whose ``kubeVersion`` excludes a version. Helm itself checks only the top chart."""
    for folder in (posixpath.dirname(path) for path in files if posixpath.basename(path) == chart_yaml.CHART):
        wanted = _field(files, folder, "kubeVersion")
        if wanted and not VersionRange.parse(wanted).allows(version):
            yield Refusing(folder, wanted)


def folders(files: Files) -> dict[str, str]:
    """Return the folder of every subchart by the path that Helm gives it: ``charts/<name or alias>/charts/…``."""
    found: dict[str, str] = {}
    waiting = [("", "")]
    while waiting:
        called, folder = waiting.pop()
        names = _aliases(files, folder)
        for inner in _charts_in(files, folder):
            name = _field(files, inner, "name") or posixpath.basename(inner)
            for one in (name, *names.get(name, ())):
                place = posixpath.join(called, "charts", one)
                found[place] = inner
                waiting.append((place, inner))
    return found


def _aliases(files: Files, folder: str) -> dict[str, list[str]]:
    """Return the aliases of a chart's dependencies by their names."""
    found: dict[str, list[str]] = {}
    for one in chart_yaml.of_folder(files, folder).get("dependencies") or ():
        if one and (alias := one.get("alias")):
            found.setdefault(one.get("name", ""), []).append(alias)
    return found


def _charts_in(files: Files, folder: str) -> Iterator[str]:
    start = posixpath.join(folder, "charts/")
    for path in files:
        if path.startswith(start) and path.endswith(f"/{chart_yaml.CHART}") and path.count("/", len(start)) == 1:
            yield posixpath.dirname(path)


def _field(files: Files, folder: str, name: str) -> str:
    """Return a text of the Chart.yaml in a folder; empty if it does not have it."""
    text: str = chart_yaml.read_if_valid(files.get(posixpath.join(folder, chart_yaml.CHART), b"")).get(name, "")
    return text
