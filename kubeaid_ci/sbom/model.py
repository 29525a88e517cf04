"""The parts of clusters as an SBOM lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.helm.chart import Maintainer
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.report.json_result import JsonResult


@dataclass(frozen=True, slots=True)
class ChartPart:
    """A chart at one content. `tree` is Git's id of its folder, which distinguishes charts of one name and version.

    `repository` is the address that a vendored chart was fetched from; of a chart of a Git repository, `source` is the
    address, the commit and the folder. Both may be empty. `subcharts` are the keys of the charts vendored in it.
    """

    name: str
    version: str
    tree: str
    repository: str = ""
    source: str = ""
    app_version: str = ""
    home: str = ""
    licenses: tuple[str, ...] = ()
    maintainers: tuple[Maintainer, ...] = ()
    subcharts: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The identity of the chart among all."""
        return f"{self.name}@{self.version}#{self.tree}"


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image with its digest from the reference or the lock, empty if unknown. `type` is ``image`` or another."""

    image: Image
    digest: str
    type: str = "image"

    @property
    def key(self) -> str:
        """The identity of the image among all."""
        return str(self.image)


@dataclass(frozen=True, slots=True)
class AppPart:
    """An Application with the keys of its charts and images.

    `unknown` is why its images are not all known, empty if they are. `chart_images` has the images by the key of the
    chart whose template names them.
    """

    cluster: str
    app: str
    revision: str
    charts: tuple[str, ...]
    images: tuple[str, ...]
    chart_images: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetParts:
    """Everything that an SBOM is made of. `name` is that of the fleet or its only cluster."""

    name: str
    clusters: Mapping[str, str]
    """The version of Kubernetes by cluster."""
    apps: tuple[AppPart, ...]
    charts: Mapping[str, ChartPart]
    images: Mapping[str, ImagePart]


@dataclass(frozen=True, slots=True)
class SbomLine:
    """The numbers of one cluster. `unknown` counts Applications whose images are not all known."""

    cluster: str
    applications: int
    charts: int
    images: int
    without_digest: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Sbom(JsonResult):
    """A bill of materials: `text` is the CycloneDX JSON, `serial_number` is derived from its content.

    `unknown` are the Applications (``cluster/app``) that are not rendered in full. `to_json` gives
    the numbers and findings, not the bill itself.
    """

    text: str = field(repr=False)
    serial_number: str
    lines: tuple[SbomLine, ...]
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...] = ()


def lines_of(parts: FleetParts) -> tuple[SbomLine, ...]:
    """Return the numbers of each cluster, in order of name."""
    return tuple(_line(cluster, parts) for cluster in sorted(parts.clusters))


def _line(cluster: str, parts: FleetParts) -> SbomLine:
    apps = [app for app in parts.apps if app.cluster == cluster]
    images = {key for app in apps for key in app.images}
    return SbomLine(
        cluster,
        len(apps),
        len({key for app in apps for key in app.charts}),
        len(images),
        sum(not parts.images[key].digest for key in images),
        sum(bool(app.unknown) for app in apps),
    )
