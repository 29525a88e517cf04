"""The result of looking for values that move images to a mirror."""

from dataclasses import dataclass

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.images.mirror_names import Mirror
from kubeaid_ci.report.json_result import JsonResult


@dataclass(frozen=True, slots=True)
class ImageUse:
    """An image of an Application, or of a chart by itself (then `cluster` is None).

    `proven` is true if, with the values of `keys`, the Application renders with the mirrored image in each place and
    nothing else changes. `reason` explains why it could not be moved.
    """

    cluster: str | None
    app: str
    image: str
    mirrored: str
    proven: bool
    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class AppOverride:
    """A values file of an Application: its path below the output folder, and its text.

    `source_path` is the chart that it is for. It must be the last of the source's value files.
    """

    cluster: str | None
    app: str
    file: str
    values: str
    source_path: str


@dataclass(frozen=True, slots=True)
class ImageOverrides(JsonResult):
    """The uses of images, and the values files that move them.

    `unknown` are Applications or charts that could not be rendered. `registries` are those that references name.
    """

    mirror: Mirror
    uses: tuple[ImageUse, ...]
    apps: tuple[AppOverride, ...]
    unknown: tuple[str, ...]
    registries: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def proven(self) -> int:
        """The number of uses that were proven to move."""
        return sum(use.proven for use in self.uses)
