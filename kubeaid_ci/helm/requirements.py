"""Requirements of a chart's own Chart.yaml files, and whether they are met."""

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import RepositoryKind
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version

Files = Mapping[str, bytes]
_META = "Chart.yaml"


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
    """The chart's name; an empty text if its Chart.yaml has no name."""
    told = read(files, _META).get("name")
    return told if isinstance(told, str) else ""


def app_version(files: Files, names: Collection[str]) -> str:
    """Return the ``appVersion`` of the first chart with one of these names; empty if no chart has both."""
    found = sorted(
        (path for path in files if path.rpartition("/")[2] == _META), key=lambda path: (path.count("/"), path)
    )
    said = (read(files, path) for path in found)
    return next((text for one in said if _text(one, "name") in names and (text := _text(one, "appVersion"))), "")


def lacking(files: Files) -> list[Lacking]:
    """The declared dependencies that are not in ``charts/``: what `helm dependency build` would download."""
    present = {_text(read(files, f"{folder}/{_META}"), "name") for folder in _charts_in(files, "")}
    packed = any(path.startswith("charts/") and path.endswith(".tgz") for path in files)
    found = []
    for file in (_META, "requirements.yaml"):
        declared = read(files, file).get("dependencies")
        every = declared if isinstance(declared, list) else []
        published = tuple(
            _text(one, "name") for one in every if RepositoryKind.of(_text(one, "repository")).is_published
        )
        for at, one in enumerate(every):
            wanted = _text(one, "name")
            if wanted and wanted not in present and not packed:
                line = documents.locate(files[file], ("dependencies", at))
                found.append(Lacking(wanted, file, line, _text(one, "repository"), published))
    return found


def refusing(files: Files, version: Version) -> Iterator[Refusing]:
    """The charts whose ``kubeVersion`` does not allow a version. Helm itself asks the top one only."""
    for path in files:
        if path != _META and not path.endswith(f"/{_META}"):
            continue
        wanted = _text(read(files, path), "kubeVersion")
        if wanted and not VersionRange.parse(wanted).allows(version):
            yield Refusing(posixpath.dirname(path), wanted)


def folders(files: Files) -> dict[str, str]:
    """The folder of every chart below the top one, by what Helm calls it: ``charts/<name or alias>/charts/…``."""
    found: dict[str, str] = {}
    waiting = [("", "")]
    while waiting:
        called, folder = waiting.pop()
        names = _aliases(files, folder)
        for inner in _charts_in(files, folder):
            name = _text(read(files, f"{inner}/{_META}"), "name") or posixpath.basename(inner)
            for one in (name, *names.get(name, ())):
                place = posixpath.join(called, "charts", one)
                found[place] = inner
                waiting.append((place, inner))
    return found


def _aliases(files: Files, folder: str) -> dict[str, list[str]]:
    """Return what a chart calls its dependencies otherwise, by their names."""
    declared = [read(files, posixpath.join(folder, file)).get("dependencies") for file in (_META, "requirements.yaml")]
    found: dict[str, list[str]] = {}
    for one in (one for some in declared if isinstance(some, list) for one in some):
        if alias := _text(one, "alias"):
            found.setdefault(_text(one, "name"), []).append(alias)
    return found


def _charts_in(files: Files, folder: str) -> Iterator[str]:
    start = posixpath.join(folder, "charts/")
    for path in files:
        if path.startswith(start) and path.endswith(f"/{_META}") and path.count("/", len(start)) == 1:
            yield posixpath.dirname(path)


def read(files: Files, path: str) -> Mapping[str, Any]:
    """Return the content of a Chart.yaml or requirements.yaml; empty if it does not exist or cannot be read."""
    return _said(files[path]) if path in files else {}


@lru_cache(maxsize=256)
def _said(data: bytes) -> Mapping[str, Any]:
    """Return the parsed file: each question reads those of all subcharts again, and versions of a chart share most."""
    try:
        said = documents.load(data, where=_META)
    except UserError:
        return {}  # Helm names what is wrong with it when it loads the chart
    return said if isinstance(said, Mapping) else {}


def _text(said: object, key: str) -> str:
    value = said.get(key) if isinstance(said, Mapping) else None
    return value if isinstance(value, str) else ""
