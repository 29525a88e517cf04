"""Dangers of a change: what it may break, expose or lose when Argo CD syncs it."""

from collections.abc import Callable, Iterable, Iterator

from kubeaid_ci.compare.difference import Difference
from kubeaid_ci.dangers import (
    admission,
    argocd,
    bounds,
    crds,
    host,
    images,
    immutable,
    keeping,
    network,
    pods,
    privileges,
    rbac,
    removals,
    routes,
    running,
)
from kubeaid_ci.dangers.reading import Said
from kubeaid_ci.dangers.removals import Removals
from kubeaid_ci.dangers.rules import OBJECT_DUPLICATE
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import Manifest

_LONGEST = 2_000
CHECKS: tuple[Callable[[Difference], Iterator[Said]], ...] = (
    keeping.check,
    immutable.check,
    crds.check,
    rbac.check,
    pods.check,
    host.check,
    privileges.check,
    running.check,
    bounds.check,
    admission.check_webhooks,
    admission.check_policies,
    network.check,
    routes.check,
    argocd.check,
)
"""All checks of a single object. The checks of removals and images also need the rest of the cluster."""


def check(
    differences: Iterable[Difference], *, images_before: Iterable[str], kept: Removals = removals.NO_REMOVALS
) -> Iterator[Finding]:
    """Yield what a reviewer must know of each object, whatever noise rules leave out.

    `images_before` are the references of all images that the cluster ran. `kept` returns whether an object stays in the
    cluster although they leave Git.
    """
    known = images.Known.of(images_before)
    for difference in differences:
        told = dict.fromkeys(removals.check(difference, kept))
        told |= dict.fromkeys(said for one in CHECKS for said in one(difference))
        told |= dict.fromkeys(images.check(difference, known))
        for said in told:
            yield _finding(said, difference.manifest)


def duplicates(manifests: Iterable[Manifest]) -> Iterator[Finding]:
    """Yield a finding for each object that does not count because a later one has its name."""
    for manifest in manifests:
        message = "defined twice with different content; Argo CD applies only the last"
        yield _finding(Said(OBJECT_DUPLICATE, message), manifest)


def subject(manifest: Manifest) -> str:
    """Return the subject of a finding: ``cluster/app Kind namespace/name``."""
    where = "/".join(part for part in (manifest.cluster, manifest.app) if part)
    return f"{where} {manifest.key}" if where else str(manifest.key)


def _finding(said: Said, manifest: Manifest) -> Finding:
    message = said.message
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]}… ({len(message)} characters)"
    return said.rule.at(manifest.path or None, message, subject=subject(manifest), severity=said.severity)
