"""What a new umbrella chart holds besides the chart that it wraps."""

import re

from kubeaid_ci.documents.scalars import one_line
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.chart import CHARTS, Chart, Dependency, RepositoryKind
from kubeaid_ci.model.outlook import Tracked

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?")
_VERSION = "1.0.0"


def new_chart(name: str, repository: str, version: str = "") -> Tracked:
    """The dependency of a new umbrella chart of its name. Raises `UserError` for a name or repository that is none."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}: not the name of a chart; it is of small letters, digits, - and .")
    if not RepositoryKind.of(repository).is_published:
        raise UserError(f"{repository!r}: not a chart repository; name one as https://… or oci://…")
    path = f"{CHARTS}/{name}"
    dependency = Dependency(name, version, repository, path=f"{path}/Chart.yaml")
    return Tracked(Chart(path, name, _VERSION, dependencies=(dependency,)), dependency, None)


def metadata(one: Tracked) -> str:
    """The Chart.yaml."""
    wrapped = one.dependency
    return (
        f"apiVersion: v2\nname: {one_line(one.chart.name)}\nversion: {one.chart.version}\ndependencies:\n"
        f"  - name: {one_line(wrapped.name)}\n"
        f"    version: {one_line(wrapped.version)}\n"
        f"    repository: {one_line(wrapped.repository)}\n"
    )


def values(one: Tracked) -> str:
    """A values.yaml to begin with."""
    name = one_line(one.dependency.name)
    about = f"# Our values over those of {one.dependency.name}, which are in charts/{one.folder}/values.yaml."
    return f"{about}\n{name}: {{}}\n"
