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
from kubeaid_ci.dangers.reading import Draft
from kubeaid_ci.dangers.removals import Removals
from kubeaid_ci.dangers.rules import OBJECT_DUPLICATE
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.k8s.manifest import Manifest

_LONGEST = 2_000
CHECKS: tuple[Callable[[Difference], Iterator[Draft]], ...] = (
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
    differences: Iterable[Difference], *, images_before: Iterable[str], removed: Removals = removals.NO_REMOVALS
) -> Iterator[Finding]:
    """Yield what a reviewer must know of each object, whatever noise rules leave out.

    `images_before` are the references of all images that the cluster ran. `kept` returns whether an object stays in the
    cluster although they leave Git.
    """
    known = images.Known.of(images_before)
    for difference in differences:
        drafts = dict.fromkeys(removals.check(difference, removed))
        drafts |= dict.fromkeys(draft for one in CHECKS for draft in one(difference))
        drafts |= dict.fromkeys(images.check(difference, known))
        for draft in drafts:
            yield _finding(draft, difference.manifest)


def duplicates(manifests: Iterable[Manifest]) -> Iterator[Finding]:
    """Yield a finding for each object that does not count because a later one has its name."""
    for manifest in manifests:
        message = "defined twice with different content; Argo CD applies only the last"
        yield _finding(Draft(OBJECT_DUPLICATE, message), manifest)


def subject(manifest: Manifest) -> str:
    """Return the subject of a finding: ``cluster/app Kind namespace/name``."""
    where = "/".join(part for part in (manifest.cluster, manifest.app) if part)
    return f"{where} {manifest.key}" if where else str(manifest.key)


def _finding(draft: Draft, manifest: Manifest) -> Finding:
    message = draft.message
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]}… ({len(message)} characters)"
    return draft.rule.at(manifest.path or None, message, subject=subject(manifest), severity=draft.severity)
