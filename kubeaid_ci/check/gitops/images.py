"""Images whose registry cannot exist or is not allowed."""

from collections.abc import Iterator

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.images.reference import LONGEST_SHOWN, is_invalid
from kubeaid_ci.images.registries import is_below
from kubeaid_ci.images.rules import REGISTRY_NOT_ALLOWED
from kubeaid_ci.k8s.fields import mappings, text
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.k8s.manifest import Manifest, own_images
from kubeaid_ci.k8s.pods import pod_templates
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rendering import RenderedApp
from kubeaid_ci.visible import shortened

IMAGE_HOST_INVALID = Rule(
    "gitops/image-host-invalid",
    Severity.ERROR,
    "The host of the image is reserved for examples and never resolves, so the pods never start. Set an image that "
    "exists.",
)
IMAGE_INVALID = Rule(
    "gitops/image-invalid",
    Severity.ERROR,
    "The container runtime refuses the text as an image (InvalidImageName), so the pods never start. Correct the "
    "image: names are in lower case, with one tag or a digest.",
)
RULES = (IMAGE_HOST_INVALID, IMAGE_INVALID, REGISTRY_NOT_ALLOWED)

# RFC 2606 and RFC 6761.
_RESERVED = ("invalid", "test", "example", "example.com", "example.net", "example.org")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield images that are invalid, cannot be pulled or must not be, once for each Application."""
    for app in state.apps:
        reported: set[str] = set()
        for manifest in app.manifests:
            for name in _images(manifest):
                if name not in reported and (finding := _finding(name, manifest, app, state, context)):
                    reported.add(name)
                    yield finding


def _images(manifest: Manifest) -> Iterator[str]:
    for template in pod_templates(manifest):
        yield from (text(container, "image") for _, container in template.all_containers())
        yield from (text(volume, "image", "reference") for volume in mappings(template.spec, "volumes"))
    yield from own_images(manifest).values()


def _finding(
    name: str, manifest: Manifest, app: RenderedApp, state: ClusterState, context: CheckContext
) -> Finding | None:
    if not name:
        return None
    image = Image.parse(name)
    label = shortened(without_credentials(name), LONGEST_SHOWN)
    host = without_credentials(image.registry).partition(":")[0]
    if is_invalid(name):
        rule, message = IMAGE_INVALID, f"{manifest.key} has the image {label}, which is not a valid reference"
    elif any(host == reserved or host.endswith(f".{reserved}") for reserved in _RESERVED):
        rule, message = (
            IMAGE_HOST_INVALID,
            f"{manifest.key} has the image {label}, and {shortened(host, LONGEST_SHOWN)} never resolves",
        )
    elif context.settings.registries and not any(is_below(image, one) for one in context.settings.registries):
        rule, message = (
            REGISTRY_NOT_ALLOWED,
            f"{manifest.key} has the image {label} of {shortened(image.registry, LONGEST_SHOWN)}",
        )
    else:
        return None
    path, line = _place(image, name, manifest, app, context)
    return rule.at(path, message, subject=f"{state.cluster.label}/{app.app}", line=line, key=name)


def _place(
    image: Image, name: str, manifest: Manifest, app: RenderedApp, context: CheckContext
) -> tuple[str, int | None]:
    """Return the line of a manifest or a values file that names the image, else the Application."""
    parts = (name, image.name, image.repository, image.registry)
    if found := context.files.text(manifest.path):
        lines = (_line_with(found, part) for part in parts)
        return manifest.path, next((line for line in lines if line), None)
    for layer in (layer for source in app.sources for layer in reversed(source.values)):
        lines = (_line_with(layer.text, part) for part in parts)
        if layer.repository == "config" and layer.has_lines and (line := next(filter(None, lines), None)):
            return layer.path, line
    return app.path, places.application_line(context.files, app, "spec")


def _line_with(found: str, part: str) -> int | None:
    return next((number for number, line in enumerate(found.splitlines(), 1) if part in line), None)
