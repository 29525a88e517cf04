"""Tells new findings from those that a base revision has too, by fingerprint."""

from collections import Counter
from collections.abc import Iterable, Sequence

from kubeaid_ci.findings.finding import Finding


def new_findings(findings: Sequence[Finding], base: Iterable[Finding]) -> tuple[tuple[Finding, ...], int]:
    """Return the findings that the base does not have, in their order, and how many it has.

    A finding of the base hides one finding, and none that is more severe. Suppressed findings stay.
    """
    known: Counter[str] = Counter()
    weights: dict[str, int] = {}
    for finding in base:
        known[finding.fingerprint] += 1
        weights[finding.fingerprint] = max(finding.severity.weight, weights.get(finding.fingerprint, 0))
    new = []
    for finding in findings:
        name = finding.fingerprint
        if finding.suppressed_by is None and known[name] and finding.severity.weight <= weights[name]:
            known[name] -= 1
        else:
            new.append(finding)
    return tuple(new), len(findings) - len(new)
