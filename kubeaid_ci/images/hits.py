"""An image that was found in an object, how sure it is, and the kind of place."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.k8s.image import Image


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
