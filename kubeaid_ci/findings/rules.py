"""The rules about suppressions."""

from kubeaid_ci.findings.finding import Rule, Severity

SUPPRESSION_UNUSED = Rule(
    "suppression-unused",
    Severity.INFO,
    "A suppression that silences nothing today may silence something new tomorrow. Remove it, or correct its "
    "rule, subject and path.",
)
SUPPRESSION_EXPIRED = Rule(
    "suppression-expired",
    Severity.WARNING,
    "The date until which this suppression was meant to hold has passed, so it silences nothing any more. "
    "Fix what it silenced, or look at the reason again and set a new date.",
)

RULES = (SUPPRESSION_UNUSED, SUPPRESSION_EXPIRED)
