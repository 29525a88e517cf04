"""The files of a new umbrella chart besides the chart that it wraps."""

import re

from kubeaid_ci.charts.update.outlook import Tracked
from kubeaid_ci.documents.scalars import one_line
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import CHARTS, Chart, Dependency, RepositoryKind

# Helm's rule for `helm create`, and it ignores folders in charts/ that begin with a dot or an underscore.
# https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/util/create.go
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,249}")
_VERSION = "1.0.0"


def new_chart(name: str, repository: str, version: str = "") -> Tracked:
    """Return the dependency of a new umbrella chart. Raises `UserError` for an invalid name or repository."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}: not the name of a chart; use letters, digits, -, _ and .")
    if not RepositoryKind.of(repository).is_published:
        raise UserError(f"{repository!r}: not a chart repository; name one as https://… or oci://…")
    path = f"{CHARTS}/{name}"
    dependency = Dependency(name, version, repository, path=f"{path}/Chart.yaml")
    return Tracked(Chart(path, name, _VERSION, dependencies=(dependency,)), dependency, None)


def metadata(one: Tracked) -> str:
    """Return its Chart.yaml."""
    wrapped = one.dependency
    return (
        f"apiVersion: v2\nname: {one_line(one.chart.name)}\nversion: {one.chart.version}\ndependencies:\n"
        f"  - name: {one_line(wrapped.name)}\n"
        f"    version: {one_line(wrapped.version)}\n"
        f"    repository: {one_line(wrapped.repository)}\n"
    )


def values(one: Tracked) -> str:
    """Return a values.yaml to begin with."""
    name = one_line(one.dependency.name)
    about = f"# Our values over those of {one.dependency.name}, which are in charts/{one.folder}/values.yaml."
    return f"{about}\n{name}: {{}}\n"
