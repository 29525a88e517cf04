"""First sightings of releases in the ledger against those of a base revision.

``minimum-age`` counts from these days, so an invented day lets a release pass that is minutes old.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger, Sighting, Sightings
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES

_CHANGED = RULES["chart/ledger-changed"]
_MAX_NAMED = 5


def check(ledger: Ledger, base: Ledger, *, base_day: date | None, today: date) -> Iterator[Finding]:
    """Yield sightings that the base does not have. `base_day` is the UTC day of the base commit, None if unknown.

    A release that the base did not know was seen on the base's day at the earliest.
    """
    if base.seen is not None and ledger.exists and ledger.seen is None:
        message = "seen was removed, so minimum-age trusts the days in the indexes of repositories; restore it"
        yield _CHANGED.at(LEDGER, message, subject="seen", severity=Severity.ERROR, key="seen-removed")
    for key, sightings in (ledger.seen or {}).items():
        yield from _of_chart(key, sightings, (base.seen or {}).get(key, {}), base_day, today)


def _of_chart(key: str, now: Sightings, before: Sightings, base_day: date | None, today: date) -> Iterator[Finding]:
    changed = {version: one for version, one in now.items() if not _is_known(one, before.get(version))}
    impossible = {version: one for version, one in changed.items() if base_day and one.day < base_day}
    possible = {version: one for version, one in changed.items() if version not in impossible}
    if impossible:
        message = (
            f"{key}: the base of {base_day} does not have these sightings, but they claim an earlier day:"
            f" {_listed(impossible, before)}; restore {LEDGER} from the base,"
            " then run charts outdated --update-ledger"
        )
        yield _finding(key, message, impossible, "seen-early", Severity.ERROR)
    if possible:
        message = f"{key}: new first sightings, from which minimum-age counts: {_listed(possible, before)}"
        is_past = any(one.day < today for one in possible.values())
        yield _finding(key, message, possible, "seen-new", None if is_past else Severity.INFO)


def _finding(key: str, message: str, sightings: Sightings, kind: str, severity: Severity | None) -> Finding:
    content = "\n".join(f"{version} {one.day} {one.digest}" for version, one in sightings.items())
    return _CHANGED.at(LEDGER, message, subject=key, severity=severity, key=kind, content=content)


def _is_known(now: Sighting, before: Sighting | None) -> bool:
    """Return whether a sighting makes a release no older than the base does; a digest may be added, not replaced."""
    return before is not None and now.day >= before.day and before.digest in (None, now.digest)


def _listed(sightings: Mapping[str, Sighting], before: Sightings) -> str:
    named = [f"{version} {one.day}{_was(one, before.get(version))}" for version, one in sightings.items()]
    more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    return ", ".join(named[:_MAX_NAMED]) + more


def _was(now: Sighting, before: Sighting | None) -> str:
    if before is None:
        return ""
    if now.day != before.day:
        return f" (was {before.day})"
    return " (digest removed)" if now.digest is None else " (another digest)"
