"""OCI artifacts that are no images: a mirror needs them too, and no pod runs them."""

import re
from collections.abc import Mapping

IMAGE = "image"

_BY_KIND: Mapping[tuple[str, str], str] = {
    ("pkg.crossplane.io", "Configuration"): "crossplane-package",
    ("pkg.crossplane.io", "Function"): "crossplane-package",
    ("pkg.crossplane.io", "Provider"): "crossplane-package",
    ("source.toolkit.fluxcd.io", "OCIRepository"): "oci-artifact",
}
_BY_REPOSITORY: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(.*/)?trivy-(db|java-db)"), "vulnerability-database"),
    (re.compile(r"(.*/)?(trivy-checks|trivy-policies)"), "policy-bundle"),
    (re.compile(r"(.*/)?(vuls-[a-z-]*db|grype-db)"), "vulnerability-database"),
)


def artifact_type(repository: str, group: str = "", kind: str = "") -> str:
    """Return the type of what a repository holds: ``image``, or what the object or the name shows it to be."""
    if found := _BY_KIND.get((group, kind)):
        return found
    return next((name for pattern, name in _BY_REPOSITORY if pattern.fullmatch(repository)), IMAGE)
