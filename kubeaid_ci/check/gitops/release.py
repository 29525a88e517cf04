"""The kube-prometheus release of a cluster against its version of Kubernetes."""

import re
from collections.abc import Iterator, Mapping

from kubeaid_ci.check import places
from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding, Rule, Severity
from kubeaid_ci.render.cluster_state import ClusterState

RELEASE_INCOMPATIBLE = Rule(
    "gitops/release-incompatible",
    Severity.WARNING,
    "The kube-prometheus release is not made for the cluster's version of Kubernetes, so rules and dashboards may read "
    "metrics that do not exist. Set kube_prometheus_version to a release that supports it.",
)
RULES = (RELEASE_INCOMPATIBLE,)

# Minor versions of Kubernetes 1 that a release supports, as the platform documents them; others are not judged.
_SUPPORTED: Mapping[str, tuple[int, int]] = {
    "v0.13": (26, 28),
    "v0.16": (32, 34),
    "v0.17": (33, 35),
    "v0.18": (33, 35),
}
_RELEASE = re.compile(r"kube_prometheus_version[\"']?\s*:\s*[\"'](v?\d+\.\d+)")


def check(state: ClusterState, context: CheckContext) -> Iterator[Finding]:
    """Yield a finding if the release of the vars file does not support a version of Kubernetes that Git states."""
    vars_file = state.cluster.vars_file
    found = context.files.text(vars_file) if vars_file else None
    match = _RELEASE.search(found) if found else None
    if not (vars_file and found and match) or state.version_from == "default":
        return
    release = f"v{match[1].removeprefix('v')}"
    first, last = _SUPPORTED.get(release, (0, 0))
    minor = state.version.release[1]
    if not last or first <= minor <= last:
        return
    fitting = [name for name, (low, high) in _SUPPORTED.items() if low <= minor <= high]
    advice = f"; {' and '.join(fitting)} support it" if fitting else ""
    message = f"kube-prometheus {release} supports Kubernetes 1.{first} to 1.{last}, the cluster has 1.{minor}{advice}"
    line = places.text_line(found, _RELEASE.pattern)
    yield RELEASE_INCOMPATIBLE.at(vars_file, message, subject=state.cluster.label, line=line, key="release")
