"""Compares the ledger, the patches that it names and its first sightings with those of a base revision.

The author of a change can edit the ledger too, so an edit of it must be reported. ``minimum-age`` counts from the first
sightings: an invented day lets a release pass that is minutes old.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date

from kubeaid_ci.charts.ledger.ledger import FORK, LEDGER, Ledger, LedgerEntry, Sighting, Sightings
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import Tree
from kubeaid_ci.helm.repository import address, display_address
from kubeaid_ci.semver.version import is_same_release

_CHANGED = RULES["chart/ledger-changed"]
_REPOSITORY = RULES["chart/repository-changed"]
_DECLARED = ("patches", "removed")
_MAX_NAMED = 5


def check(
    ledger: Ledger, base: Ledger, charts: Iterable[Vendored], *, declared: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield the entries that were there before and are others now, or gone, and the new ones that want a look.

    `declared` has ``umbrella/name`` of every dependency.
    """
    if base.exists and not ledger.exists:
        message = f"{LEDGER} was removed, and with it all that is known of the vendored charts ({len(base.entries)})"
        yield _CHANGED.at(LEDGER, message, subject="ledger", severity=Severity.ERROR, key="removed")
        return
    vendored = {chart.key: chart for chart in charts}
    for key, before in base.entries.items():
        now = ledger.entries.get(key)
        if now is None:
            yield _removed(key, is_there=key in vendored or key in declared)
        elif now != before:
            yield _edited(key, before, now)
            yield from _moved(key, before, now)
    for key, entry in ledger.entries.items():
        if key not in base.entries and key in vendored:
            yield from _new(vendored[key], entry, base)


def not_compared(base: Ledger, charts: Iterable[Vendored], *, compared: Collection[str]) -> Iterator[Finding]:
    """Yield the versions of published charts that the base does not have, unless they are in `compared` (keys)."""
    for chart in charts:
        before = base.entries.get(chart.key)
        if not chart.repository or chart.key in compared:
            continue
        if before is None or before.version != chart.subchart.version:
            message = f"{chart.title} is new and was not compared with {display_address(chart.repository)}"
            advice = f"run charts verify {chart.umbrella} --base REF without --offline"
            yield RULES["chart/not-compared"].at(
                chart.subchart.path,
                f"{message}; {advice}",
                subject=chart.key,
                key="new",
                content=chart.subchart.version,
            )


def patches(ledger: Ledger, files: Tree, base: Tree) -> Iterator[Finding]:
    """Yield the declared patches that were there before and hold something else now."""
    for key, entry in ledger.entries.items():
        for path in entry.patches:
            if path in base and path in files and files[path] != base[path]:
                message = f"the patch that is declared for {key} changed, and with it what the chart may hold"
                yield _CHANGED.at(path, message, subject=key, key="patch")


def _removed(key: str, *, is_there: bool) -> Finding:
    """Report a removed entry: without it the chart, in whatever form, could have any content."""
    message = f"the entry of {key} was removed" + (", and the chart is still there" if is_there else "")
    severity = Severity.ERROR if is_there else Severity.WARNING
    return _CHANGED.at(LEDGER, message, subject=key, severity=severity, key="removed")


def _edited(key: str, before: LedgerEntry, now: LedgerEntry) -> Finding:
    """Return the finding about a changed entry: new content without a new version or reason hides a tampered chart."""
    changed = _changed(before, now)
    names = ", ".join(changed)
    if before.version != now.version and is_same_release(before.version, now.version):
        message = f"{key} writes {before.version} as {now.version}, which is the same release ({names})"
        is_edited = {"tree", "origin", *_DECLARED} & changed.keys()
        is_excused = now.reason and now.reason != before.reason
        severity = Severity.WARNING if is_excused or not is_edited else Severity.ERROR
    elif before.version != now.version:
        message = f"{key} moved from {before.version} to {now.version} ({names})"
        says_more = any(name in changed for name in ("origin", *_DECLARED))
        severity = Severity.WARNING if says_more else Severity.INFO
    elif now.reason and now.reason != before.reason:
        message, severity = f"the entry of {key} changed ({names}): {now.reason}", Severity.WARNING
    else:
        message = f"the entry of {key} changed ({names}) while its version stayed {now.version}, and no reason is given"
        filled = all(getattr(before, name) in (None, ()) for name in changed)
        severity = Severity.INFO if filled and not changed.keys() & {*_DECLARED} else Severity.ERROR
    return _CHANGED.at(LEDGER, message, subject=key, line=now.line, severity=severity, key="changed")


def _moved(key: str, before: LedgerEntry, now: LedgerEntry) -> Iterator[Finding]:
    """Yield a finding if the archive moved to another host, because that may be another publisher's."""
    if before.host and now.host and before.host != now.host:
        old, new = display_address(before.host), display_address(now.host)
        message = f"the ledger had the archive of {key} on the host {old}, now on {new}"
        yield _REPOSITORY.at(LEDGER, message, subject=key, line=now.line, key="host")


def _new(vendored: Vendored, entry: LedgerEntry, base: Ledger) -> Iterator[Finding]:
    """Check that a renamed release keeps its content, and report charts that are no longer vendored copies."""
    for key, before in base.entries.items():
        if _is_release(vendored, entry, key, before) and before.tree != entry.tree:
            message = f"{vendored.key} is new, and holds other content than {key}, the same release that the ledger had"
            yield _CHANGED.at(
                LEDGER, message, subject=vendored.key, line=entry.line, severity=Severity.ERROR, key="new"
            )
            return
    says = [name for name in _DECLARED if getattr(entry, name)]
    if entry.origin.startswith(FORK):
        says.insert(0, "origin")
    if says and vendored.repository:
        message = f"{vendored.key} is new, and the ledger declares that it is not what is published ({', '.join(says)})"
        yield _CHANGED.at(LEDGER, message, subject=vendored.key, line=entry.line, key="new")


def _is_release(vendored: Vendored, entry: LedgerEntry, key: str, before: LedgerEntry) -> bool:
    is_named = key.partition("/")[2] == vendored.subchart.name and before.tree is not None
    return (
        is_named
        and is_same_release(before.version, entry.version)
        and address(before.repository) == address(entry.repository)
    )


def _changed(before: LedgerEntry, now: LedgerEntry) -> Mapping[str, None]:
    names = (name for name in LedgerEntry.__dataclass_fields__ if name != "line")
    return dict.fromkeys(name for name in names if getattr(before, name) != getattr(now, name))


def check_sightings(ledger: Ledger, base: Ledger, *, base_day: date | None, today: date) -> Iterator[Finding]:
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
        is_past = any(sighting.day < today for sighting in possible.values())
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
