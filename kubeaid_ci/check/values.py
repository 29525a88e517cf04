"""The family ``values/``: keys of values files that no chart knows, and keys given twice, as rendering finds them."""

from collections.abc import Iterator

from kubeaid_ci.check.context import CheckContext
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.rules import VALUES_REPEATED, VALUES_UNKNOWN

RULES = (VALUES_UNKNOWN, VALUES_REPEATED)


def check(state: ClusterState, _: CheckContext) -> Iterator[Finding]:
    """Yield the findings of rendering about values."""
    ids = {rule.id for rule in RULES}
    for findings in state.app_findings.values():
        yield from (finding for finding in findings if finding.rule.id in ids)
