"""Helm charts in a repository: umbrella charts, and the charts vendored in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from kubeaid_ci.git.tree import Tree

CHARTS = "argocd-helm-charts"
"""The folder of a KubeAid repo that holds its umbrella charts."""


class RepositoryKind(StrEnum):
    """The source of a dependency."""

    HTTP = "http"
    OCI = "oci"
    FILE = "file"
    NONE = "none"

    @classmethod
    def of(cls, repository: str) -> Self:
        """Return the kind of a repository in a Chart.yaml; an alias such as ``@name`` leads nowhere by itself."""
        scheme = repository.partition("://")[0].lower() if "://" in repository else ""
        return cls({"http": "http", "https": "http", "oci": "oci", "file": "file"}.get(scheme, "none"))

    @property
    def is_published(self) -> bool:
        """Return whether there is an upstream to compare with."""
        return self in (RepositoryKind.HTTP, RepositoryKind.OCI)


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency as declared: `name` may be missing, `version` a range or empty; all is as written."""

    name: str
    version: str
    repository: str
    alias: str = ""
    condition: str = ""
    path: str = ""
    """The file that declares it."""
    line: int | None = None
    position: int = field(default=0, compare=False)
    """Its index in the list that declares it."""

    @property
    def title(self) -> str:
        """Name and alias for messages, such as ``web (alias old)``."""
        return f"{self.name} (alias {self.alias})" if self.alias else self.name or "a dependency without a name"

    @property
    def wanted(self) -> str:
        """The title and the declared version, if there is one."""
        return " ".join(filter(None, (self.title, self.version)))

    @property
    def kind(self) -> RepositoryKind:
        """Return where it comes from."""
        return RepositoryKind.of(self.repository)

    @property
    def is_out_of_reach(self) -> bool:
        """Return whether its repository is unreachable for others: an alias of one machine or of another program."""
        return bool(self.repository) and self.kind is RepositoryKind.NONE


@dataclass(frozen=True, slots=True)
class Lock:
    """A Chart.lock or requirements.lock: the digest in it, and those that Helm would accept there today."""

    path: str
    digest: str
    accepted: tuple[str, ...]
    dependencies: tuple[Dependency, ...]

    @property
    def is_current(self) -> bool:
        """Return whether it was written for the dependencies as they are declared now."""
        return self.digest in self.accepted


@dataclass(frozen=True, slots=True)
class Maintainer:
    """A maintainer of a chart; `email` may be empty."""

    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's folder: `path` from the top of the repository, its Chart.yaml, and the vendored charts in it."""

    path: str
    name: str
    version: str
    api_version: str = "v2"
    type: str = ""
    app_version: str = ""
    kube_version: str = ""
    deprecated: bool = False
    links: tuple[str, ...] = ()
    """Addresses that the chart gives as its home, sources, icon and maintainers, in that order."""
    home: str = ""
    licenses: tuple[str, ...] = ()
    """As the annotations of Artifact Hub name them: https://artifacthub.io/docs/topics/annotations/helm/."""
    maintainers: tuple["Maintainer", ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    lock: Lock | None = None
    subcharts: tuple["Subchart", ...] = ()
    archives: tuple[str, ...] = ()
    """Packed charts next to the unpacked ones, by file name."""

    @property
    def folder(self) -> str:
        """The name of the folder, which need not be the chart's name."""
        return self.path.rpartition("/")[2]

    @property
    def file(self) -> str:
        """The path of its Chart.yaml."""
        return f"{self.path}/Chart.yaml"

    @property
    def title(self) -> str:
        """Name and version for messages; the name only if there is no version."""
        return " ".join(filter(None, (self.name, self.version)))

    def subchart(self, name: str) -> "Subchart | None":
        """Return the first vendored chart of a name, or None. A dependency's own is in `model.dependencies`."""
        return next((subchart for subchart in self.subcharts if subchart.name == name), None)


@dataclass(frozen=True, slots=True)
class Subchart:
    """A chart vendored in another's ``charts/``: a folder, or a link to one.

    `chart` is None if it has no readable Chart.yaml; `target` is the target of a link; `tree` is
    the id of the folder's tree, and None for a link.
    """

    path: str
    chart: Chart | None
    tree: str | None = None
    target: str | None = None

    @property
    def folder(self) -> str:
        """The name of the folder or link."""
        return self.path.rpartition("/")[2]

    @property
    def is_link(self) -> bool:
        """Return whether it is a symbolic link."""
        return self.target is not None

    @property
    def name(self) -> str:
        """The chart's name, by which Helm knows it; that of the folder where no chart can be read."""
        return self.chart.name if self.chart else self.folder

    @property
    def version(self) -> str:
        """The vendored version as written; an empty text if it cannot be read."""
        return self.chart.version if self.chart else ""

    @property
    def title(self) -> str:
        """Name and version for messages; the name only if there is no version."""
        return " ".join(filter(None, (self.name, self.version)))


@dataclass(frozen=True, slots=True)
class BadChart:
    """A chart whose metadata cannot be read, and why (with file and line)."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Charts:
    """All umbrella charts of a repository, in order of folder, and every file that they were read from."""

    charts: tuple[Chart, ...]
    bad: tuple[BadChart, ...]
    files: Tree
    links: Mapping[str, str] = field(default_factory=dict)
    """The target of each symbolic link among the files, by its path."""
    ignored: tuple[str, ...] = ()
    """Files on disk, below a vendored chart, that Git ignores; known only of a work tree."""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files of vendored charts that the ``.helmignore`` of an umbrella chart takes out, by the path of that file."""
    rewritten: Mapping[str, str] = field(default_factory=dict)
    """Files of vendored charts that a checkout changes, with the attribute of Git's that does it."""


def nested(chart: Chart) -> Iterator[tuple[Chart, Subchart]]:
    """Yield every vendored chart below a chart, at any depth, with the chart that holds it. Links are not followed."""
    for subchart in chart.subcharts:
        yield chart, subchart
        if subchart.chart and not subchart.is_link:
            yield from nested(subchart.chart)


Metadata = Mapping[str, Any]
"""A Chart.yaml, requirements.yaml or lock as plain values."""
