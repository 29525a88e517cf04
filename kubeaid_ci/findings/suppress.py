"""Applies suppressions to findings, and reports suppressions that no longer have an effect."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from kubeaid_ci.findings.finding import Finding, Rule
from kubeaid_ci.findings.rules import SUPPRESSION_EXPIRED, SUPPRESSION_UNUSED
from kubeaid_ci.findings.suppression import SETTINGS_FILE, Suppression
from kubeaid_ci.globs.paths import matches

_STARS = re.compile(r"\*+")
# A change must not silence what calls it out.
_NEVER = frozenset({"chart/suppression-changed", "settings/weakened"})


def apply(
    findings: Sequence[Finding],
    suppressions: Sequence[Suppression],
    *,
    today: date,
    ran: Collection[str],
) -> tuple[Finding, ...]:
    """Return the findings in their order, marked if a suppression applies, then those about suppressions.

    `ran` has the ids or families of the rules that looked at everything they could: only for these
    can a suppression be reported as unused.
    """
    holding = [suppression for suppression in suppressions if not _expired(suppression, today)]
    silenced = [_silenced(finding, holding) for finding in findings]
    return (*silenced, *_about(suppressions, findings, today=today, ran=ran))


def _silenced(finding: Finding, suppressions: Iterable[Suppression]) -> Finding:
    """Return the finding, suppressed for the reason of the first suppression that matches, if there is one."""
    reason = next((s.reason for s in suppressions if _matches(s, finding)), None)
    return finding if reason is None or finding.suppressed_by is not None else finding.suppressed(reason)


def _about(
    suppressions: Iterable[Suppression], findings: Sequence[Finding], *, today: date, ran: Collection[str]
) -> Iterator[Finding]:
    """Yield findings about expired suppressions that would match, and about unused suppressions."""
    for suppression in suppressions:
        used = any(_matches(suppression, finding) for finding in findings)
        looked = suppression.rule in ran or suppression.rule.partition("/")[0] in ran
        if _expired(suppression, today) and (used or looked):
            yield _noted(SUPPRESSION_EXPIRED, suppression, f"held until {suppression.until}")
        elif looked and not used:
            yield _noted(SUPPRESSION_UNUSED, suppression, f"matches nothing{_hint(suppression, findings)}")


def _hint(suppression: Suppression, findings: Iterable[Finding]) -> str:
    """Return the correction, if a glob would match with ``**`` instead of ``*``."""
    globs = (suppression.subject, suppression.path or "")
    if not any("*" in glob for glob in globs):
        return ""
    subject, path = (_STARS.sub("**", glob) for glob in globs)
    wider = replace(suppression, subject=subject, path=path or None)
    return " (* does not match a /, ** does)" if any(_matches(wider, finding) for finding in findings) else ""


def _noted(rule: Rule, suppression: Suppression, what: str) -> Finding:
    path = f", path {suppression.path}" if suppression.path else ""
    about = f"{suppression.rule} for {suppression.subject}{path} ({suppression.reason})"
    return rule.at(SETTINGS_FILE, f"{what}: {about}", subject=suppression.rule, line=suppression.line)


def _matches(suppression: Suppression, finding: Finding) -> bool:
    if (
        suppression.rule != finding.rule.id
        or suppression.rule in _NEVER
        or not matches(suppression.subject, finding.subject)
    ):
        return False
    return suppression.path is None or (finding.path is not None and matches(suppression.path, finding.path))


def _expired(suppression: Suppression, today: date) -> bool:
    return suppression.until is not None and today > suppression.until
