"""The images of clusters: where an object names an image, how sure that is, and the inventory of all images."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.report.json_result import JsonResult


class Confidence(StrEnum):
    """The probability that the cluster pulls an image.

    `CERTAIN`: a pod specification names it. `LIKELY`: a field, argument, variable or text names it in full.
    `POSSIBLE`: a repository without a tag, or a reference put together from separate variables.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def weight(self) -> int:
        """3 for certain to 1 for possible."""
        return {"certain": 3, "likely": 2, "possible": 1}[self.value]


class Origin(StrEnum):
    """The kind of place that an image was found in."""

    POD = "pod"
    CUSTOM_RESOURCE = "custom-resource"
    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    TEXT = "text"
    FIELD = "field"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Hit:
    """An image in an object: as written, and the field. `type` is ``image``, or the type of an OCI artifact."""

    image: Image
    text: str
    path: str
    confidence: Confidence
    origin: Origin
    type: str


@dataclass(frozen=True, slots=True)
class Place:
    """A field that names an image. `text` is the reference as written there.

    `cluster` is None if the charts are rendered by themselves; then `app` is the chart.
    """

    cluster: str | None
    app: str
    kind: str
    namespace: str
    name: str
    path: str
    origin: Origin
    text: str

    @property
    def subject(self) -> str:
        """The Application with its cluster, or the chart."""
        return f"{self.cluster}/{self.app}" if self.cluster else self.app


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image and the places that name it. `image` is its full spelling: ``docker.io/library/nginx:1.2``.

    `tag` and `digest` are empty if no place gives one. `type` is ``image``, or the type of another OCI artifact.
    """

    image: str
    registry: str
    repository: str
    tag: str
    digest: str
    confidence: Confidence
    found_in: tuple[Place, ...]
    type: str = "image"

    @property
    def reference(self) -> Image:
        """The image as a value."""
        return Image(self.registry, self.repository, self.tag, self.digest)


@dataclass(frozen=True, slots=True)
class BlindObject:
    """An object whose images nothing in Git names. `declared` are those that the settings name for it."""

    cluster: str | None
    app: str
    kind: str
    namespace: str
    name: str
    reason: str
    declared: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The Application with its cluster, or the chart."""
        return f"{self.cluster}/{self.app}" if self.cluster else self.app


@dataclass(frozen=True, slots=True)
class ImageInventory(JsonResult):
    """The images of clusters, sorted by their full spelling.

    `unknown` are Applications (``cluster/app``) or charts that could not be rendered in full: their images are not
    all known.
    """

    images: tuple[ListedImage, ...]
    blind: tuple[BlindObject, ...] = ()
    unknown: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    clusters: tuple[str, ...] = ()
