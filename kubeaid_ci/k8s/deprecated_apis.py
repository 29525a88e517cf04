"""Objects of APIs that Kubernetes has removed, or will."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.k8s.api_removals import API_REMOVALS, ApiRemoval
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.semver.version import Version

_BY_OBJECT = {(removal.api_version, kind): removal for removal in API_REMOVALS for kind in removal.kinds}


def check(manifests: Iterable[Manifest], *, newest: Version, subject: str) -> Iterator[Finding]:
    """Findings on objects whose API is deprecated (a warning) or gone (an error) in a release of Kubernetes.

    `newest` is the last release that the objects must run on; releases above 1 are unknown.
    """
    for manifest in manifests:
        version = str(manifest.body.get("apiVersion", ""))
        removal = _BY_OBJECT.get((version, manifest.key.kind))
        if removal is None or (1, removal.deprecated) > newest.release[:2]:
            continue
        gone = removal.removed is not None and (1, removal.removed) <= newest.release[:2]
        severity = Severity.ERROR if gone else Severity.WARNING
        message = f"{manifest.key}: {version} {_fate(removal, gone=gone)}"
        key = f"{version} {manifest.key}"
        yield RULES["chart/deprecated-api"].at(manifest.path, message, subject=subject, severity=severity, key=key)


def _fate(removal: ApiRemoval, *, gone: bool) -> str:
    instead = f"; use {removal.replacement}" if removal.replacement else "; nothing takes its place"
    if gone:
        return f"was removed in Kubernetes 1.{removal.removed}{instead}"
    when = f", removed in 1.{removal.removed}" if removal.removed else ""
    return f"is deprecated since Kubernetes 1.{removal.deprecated}{when}{instead}"
