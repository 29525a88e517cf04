"""The version of an Argo CD, as its own manifests name it."""

from collections.abc import Mapping
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.fields import mapping
from kubeaid_ci.k8s.image import Image
from kubeaid_ci.semver.version import Version

CHARTS = ("argo-cd", "argocd")
"""Names of the charts that install Argo CD."""

_COMPONENT, _VERSION = "app.kubernetes.io/component", "app.kubernetes.io/version"
_REPO_SERVER = "repo-server"
_IMAGE = "argocd"


def repo_server_version(body: Mapping[str, Any]) -> str | None:
    """Return the version of Argo CD if an object runs its repo server, which renders charts; None for any other.

    That is the tag of the image, else the label for the version; empty if neither is a version.
    """
    if body.get("kind") not in ("Deployment", "StatefulSet"):
        return None
    metadata = mapping(body, "metadata")
    labels, name = mapping(metadata, "labels"), metadata.get("name")
    if labels.get(_COMPONENT) != _REPO_SERVER and not (isinstance(name, str) and name.endswith(_REPO_SERVER)):
        return None
    pod = mapping(body, "spec", "template", "spec")
    containers = pod.get("containers")
    images = [mapping(one).get("image") for one in containers] if isinstance(containers, list) else []
    found = [image for image in map(_image, images) if image and image.repository.rpartition("/")[2] == _IMAGE]
    if not found:
        return None
    return next((text for text in (found[0].tag, labels.get(_VERSION)) if is_version(text)), "")


def is_version(text: object) -> bool:
    """Return whether a text is a full version."""
    try:
        return isinstance(text, str) and text.count(".") > 1 and bool(Version.parse(text))
    except UserError:
        return False


def _image(text: object) -> Image | None:
    return Image.parse(text) if isinstance(text, str) and text else None
