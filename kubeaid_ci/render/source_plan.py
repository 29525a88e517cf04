"""The plan for a source of an Application: where it is, and the values that it gives to a chart."""

from dataclasses import dataclass, field
from typing import Literal

from kubeaid_ci.argocd.application import Source

RepositoryName = Literal["config", "kubeaid", ""]
"""One of the two repositories; empty for any other."""


@dataclass(frozen=True, slots=True)
class ValuesLayer:
    """The YAML text of one set of values of a chart.

    `path` is the file that it is in, relative to its repository: a values file, or the file of the Application that has
    the values inline. `has_lines` is true if the lines of the text are those of the file.
    """

    path: str
    text: str
    has_lines: bool = True
    repository: RepositoryName = ""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source of an Application that has objects, located in a repository.

    `path` is the folder in the repository and `revision` what it is read at, None if the source cannot be rendered.
    `chart` is the name of the chart's folder, empty for plain manifests. Later layers of `values` win.
    """

    source: Source
    repository: RepositoryName = ""
    path: str = ""
    revision: str | None = None
    chart: str = ""
    values: tuple[ValuesLayer, ...] = field(default=(), repr=False)
