"""Matches dependencies of a chart with vendored charts by name, alias and version range, as Helm does.

The rule is that of `getAliasDependency` and `processDependencyEnabled`
(https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/util/dependencies.go). A dependency renders a vendored chart of
its name whose version is in its range, under its alias if it has one. A vendored chart that no dependency allows is
rendered too, under its own name. If several charts fit, Helm takes any of them: it loads ``charts/`` in random order.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Chart, Dependency, Subchart
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version


@dataclass(frozen=True, slots=True)
class ResolvedDependency:
    """One dependency of a chart and the vendored chart that belongs to it.

    `subchart` is None if nothing is vendored for the dependency. With `fits` Helm renders it for this dependency;
    without, it has the right name and a version outside of the range. `rivals` are other vendored charts that fit as
    well, so Helm may take any of them. `folder` is the folder in ``charts/``: the vendored one, or where to put it.
    `archive` is the file name of a packed chart of the dependency, empty if it does not exist.
    """

    dependency: Dependency
    subchart: Subchart | None
    folder: str
    fits: bool = False
    rivals: tuple[Subchart, ...] = ()
    archive: str = ""

    @property
    def is_vendored(self) -> bool:
        """True if Helm finds a chart of the dependency's name, unpacked or packed."""
        return bool(self.archive) or (self.subchart is not None and self.subchart.chart is not None)


def resolve(chart: Chart) -> tuple[ResolvedDependency, ...]:
    """Return the dependencies of a chart in the order of its Chart.yaml, each with its vendored chart.

    Two dependencies may share a folder: aliases of one version. A vendored chart whose version no dependency
    allows goes to the first dependency of its name that has none.
    """
    matches = [_fitting(chart, dependency) for dependency in chart.dependencies]
    fitting = {found.path for some in matches for found in some}
    taken: set[str] = set()
    chosen: list[Subchart | None] = []
    for dependency, some in zip(chart.dependencies, matches, strict=True):
        subchart = _best(dependency, some, taken) if some else _nearest(chart, dependency, fitting | taken)
        taken |= {subchart.path} if subchart else set()
        chosen.append(subchart)
    folders = _folders(chart, chosen)
    return tuple(
        ResolvedDependency(
            dependency,
            subchart,
            folder,
            fits=bool(some),
            rivals=tuple(vendored for vendored in some if vendored is not subchart),
            archive=next((file for file in chart.archives if _packs(file, dependency)), ""),
        )
        for dependency, subchart, folder, some in zip(chart.dependencies, chosen, folders, matches, strict=True)
    )


def undeclared(chart: Chart) -> tuple[Subchart, ...]:
    """Return the vendored charts that Helm renders for no dependency, in order of folder."""
    known = {subchart.path for found in resolve(chart) for subchart in (found.subchart, *found.rivals) if subchart}
    return tuple(subchart for subchart in chart.subcharts if subchart.path not in known)


def origins(chart: Chart) -> list[tuple[Subchart, Dependency | None]]:
    """Return the vendored charts in order of folder, each with the dependency that names where it comes from.

    That is the dependency that renders it. For an undeclared chart it is a dependency of the same name, else an
    entry in the lock: an outdated lock may be all that is left to name where the chart came from. Else None.
    """
    declared: dict[str, Dependency] = {}
    for found in resolve(chart):
        for subchart in (found.subchart, *found.rivals):
            if subchart is not None:
                declared.setdefault(subchart.path, found.dependency)
    known = (*chart.dependencies, *(chart.lock.dependencies if chart.lock else ()))
    return [(vendored, declared.get(vendored.path) or _of_name(known, vendored)) for vendored in chart.subcharts]


def _of_name(known: Iterable[Dependency], subchart: Subchart) -> Dependency | None:
    return next((dependency for dependency in known if dependency.name == subchart.name), None)


def allows(declared: str, version: str) -> bool:
    """Return whether Helm takes a chart of this version for the declared range; False if either cannot be read."""
    try:
        return VersionRange.parse(declared).allows(Version.parse(version))
    except UserError:
        return False


def _fitting(chart: Chart, dependency: Dependency) -> list[Subchart]:
    return [
        subchart
        for subchart in chart.subcharts
        if subchart.chart and subchart.name == dependency.name and allows(dependency.version, subchart.version)
    ]


def _packs(file: str, dependency: Dependency) -> bool:
    """Return whether a file is named as a packed chart of the dependency: ``<name>-<version>.tgz``."""
    if not file.startswith(f"{dependency.name}-"):
        return False
    version = file.removesuffix(".tgz")[len(dependency.name) + 1 :]
    return allows(dependency.version or "*", version)


def _best(dependency: Dependency, fitting: list[Subchart], taken: Collection[str]) -> Subchart:
    """Return the chart that the dependency was most likely vendored as: the exact version, then one that is free."""
    return min(
        fitting,
        key=lambda subchart: (
            subchart.version != dependency.version,
            subchart.path in taken,
            not _is_named(dependency, subchart),
        ),
    )


def _nearest(chart: Chart, dependency: Dependency, taken: Collection[str]) -> Subchart | None:
    """Return a vendored chart of the name that is left over, or a folder of that name that holds no readable chart."""
    left = [vendored for vendored in chart.subcharts if vendored.path not in taken and vendored.name == dependency.name]
    return min(left, key=lambda subchart: (not _is_named(dependency, subchart), subchart.folder), default=None)


def _is_named(dependency: Dependency, subchart: Subchart) -> bool:
    return subchart.folder == (dependency.alias or dependency.name)


def _folders(chart: Chart, chosen: list[Subchart | None]) -> list[str]:
    """Return the folder of each dependency; if it is not vendored, its name, or its alias if the name repeats."""
    names = [dependency.name for dependency in chart.dependencies]
    used = {vendored.folder for vendored in chart.subcharts}
    folders = []
    for dependency, subchart in zip(chart.dependencies, chosen, strict=True):
        if subchart is not None:
            folders.append(subchart.folder)
            continue
        name, alias = dependency.name, dependency.alias
        first, second = (name, alias) if names.count(name) == 1 else (alias or name, f"{name}-{alias}")
        folder = second if first in used and second else first
        used.add(folder)
        folders.append(folder)
    return folders
