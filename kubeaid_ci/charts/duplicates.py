"""Objects that a chart gives more than once."""

from collections.abc import Iterable, Iterator

from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.k8s.manifest import Manifest, ObjectId


def twice(manifests: Iterable[Manifest], *, subject: str) -> Iterator[Finding]:
    """Yield a finding for each object after the first of its name; Argo CD applies only the last."""
    seen: dict[ObjectId, Manifest] = {}
    for manifest in manifests:
        first = seen.setdefault(manifest.key, manifest)
        if first is not manifest:
            where = "in the same file" if first.path == manifest.path else f"in {first.path} too"
            message = f"{manifest.key} is rendered twice: {where}"
            rule = RULES["chart/duplicate-object"]
            yield rule.at(manifest.path, message, subject=subject, key=str(manifest.key))
