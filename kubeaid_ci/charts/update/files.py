"""Updates the files of an umbrella chart: its Chart.yaml, in place, and its lock, as Helm writes it.

Dependencies are identified by their position in the file: two of them may have the same name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import chart_yaml, lock_digest
from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.helm.dependencies import ResolvedDependency, allows, resolve, undeclared
from kubeaid_ci.semver.range import VersionRange

_V1 = "v1"

Versions = Mapping[int, str]
"""New versions by the position of their dependency in Chart.yaml, from 0; empty items do not count."""


def declared_in(chart: Chart) -> str:
    """Return the path of the file that declares a chart's dependencies."""
    return next((dependency.path for dependency in chart.dependencies if dependency.path), chart.file)


def declare(text: str, versions: Versions, *, where: str) -> str:
    """Return a Chart.yaml with new versions of dependencies. All other text stays as it was written.

    A range that allows the new version stays. Raises `UserError` if a version cannot be set in place.
    """
    for number, (index, one) in enumerate(_items(text, where=where)):
        version = versions.get(number)
        if version is not None and not _stays(one.get("version", ""), version):
            text = _with_version(text, index, one.get("name", ""), version, where=where)
    return text


def _with_version(text: str, index: int, name: str, version: str, *, where: str) -> str:
    try:
        return documents.set_scalar(text, ("dependencies", index, "version"), version, where=where)
    except UserError:
        line = documents.locate(text.encode(), ("dependencies", index))
        raise UserError(
            f"{where}:{line}: the version of {name} is a YAML anchor, alias or merge key, or is missing;"
            " write it as plain text, so that it can be updated"
        ) from None


def dependencies(text: str, *, where: str) -> list[dict[str, Any]]:
    """Return the dependencies that a Chart.yaml or requirements.yaml declares, without empty items."""
    return [one for _, one in _items(text, where=where)]


def _items(text: str, *, where: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the declared dependencies with their index in the file."""
    declared = chart_yaml.read(text.encode(), where=where).get("dependencies") or ()
    return [(index, one) for index, one in enumerate(declared) if one is not None]


def updated(chart: Chart, versions: Versions, vendored: Mapping[str, Chart]) -> Chart:
    """Return the umbrella chart as it will be: `vendored` are the new charts by their folder in ``charts/``."""
    declared = tuple(
        replace(one, version=versions[number])
        if number in versions and not _stays(one.version, versions[number])
        else one
        for number, one in enumerate(chart.dependencies)
    )
    present = {one.folder: one for one in chart.subcharts}
    new = {
        folder: replace(present[folder], chart=new)
        if folder in present
        else Subchart(f"{chart.path}/charts/{folder}", new)
        for folder, new in vendored.items()
    }
    subcharts = sorted((present | new).values(), key=lambda subchart: subchart.folder)
    return replace(chart, dependencies=declared, subcharts=tuple(subcharts))


def mixed_up(before: Chart, after: Chart) -> Iterator[str]:
    """Yield what Helm would render for another dependency than before, or at random, after an update."""
    for old, new in zip(resolve(before), resolve(after), strict=True):
        title = f"{new.dependency.title} {new.dependency.version}".strip()
        if new.rivals:
            folders = " and ".join(sorted(vendored.folder for vendored in (new.subchart, *new.rivals) if vendored))
            yield f"{title} would fit {folders}, and Helm takes one of them at random"
        elif old.fits and not new.fits:
            yield f"no vendored chart would fit {title} any more, so Helm would render nothing for it"
        elif _moved(old, new):
            yield f"{title} would be rendered from charts/{new.folder} instead of charts/{old.folder}"
    known = {vendored.path for vendored in undeclared(before)}
    for subchart in undeclared(after):
        if subchart.path not in known:
            yield f"charts/{subchart.folder} would no longer belong to any dependency, and Helm renders it anyway"


def lock_path(chart: Chart) -> str:
    """Return the path where Helm keeps the lock of a chart."""
    if chart.lock is not None:
        return chart.lock.path
    return f"{chart.path}/{'requirements' if chart.api_version == _V1 else 'Chart'}.lock"


def lock(chart: Chart, declared: Sequence[Mapping[str, Any]], versions: Versions, *, day: str) -> str | None:
    """Return the text of a chart's lock for the dependencies as `declared` after the update.

    None if the present lock still fits: Helm does not change it then. `day` is when the lock was made, as Go writes a
    time.
    """
    present = _present(chart)
    locked = [
        _locked(one, versions.get(number) or present.get(number) or one.get("version", ""))
        for number, one in enumerate(declared)
    ]
    digest = lock_digest.digest(declared, locked)
    if chart.lock is not None and chart.lock.digest == digest:
        return None
    return documents.dump({"dependencies": locked, "digest": digest, "generated": day})


def _locked(declared: Mapping[str, Any], version: str) -> dict[str, str]:
    entry = {"name": declared.get("name", ""), "repository": declared.get("repository", "")}
    return entry | ({"version": version} if version else {})


def _present(chart: Chart) -> dict[int, str]:
    """Return the version of each dependency by its position: as it is locked, else as it is vendored."""
    entries = list(chart.lock.dependencies) if chart.lock else []
    found = {}
    for number, one in enumerate(resolve(chart)):
        entry = _entry(entries, one.dependency, number)
        if entry is not None:
            found[number] = entry.version
        elif one.subchart and one.subchart.version:
            found[number] = one.subchart.version
    return found


def _entry(entries: Sequence[Dependency], dependency: Dependency, number: int) -> Dependency | None:
    """Return the entry of a lock for a dependency, None if the lock is out of date.

    A lock has no aliases: the position distinguishes equal names.
    """
    name, repository = dependency.name, dependency.repository
    same = [one for one in entries if (one.name, one.repository) == (name, repository)]
    if number < len(entries) and entries[number] in same:
        same.insert(0, entries[number])
    return next((one for one in same if allows(dependency.version, one.version)), None)


def _moved(old: ResolvedDependency, new: ResolvedDependency) -> bool:
    if old.subchart is None or new.subchart is None:
        return old.subchart is not None or (new.fits and new.folder != old.folder)
    return old.subchart.folder != new.subchart.folder


def _stays(declared: str, version: str) -> bool:
    """Return whether the declared text may stay: it is the version, or a range that allows it."""
    if declared == version:
        return True
    try:
        return not VersionRange.parse(declared).is_exact and allows(declared, version)
    except UserError:
        return False
