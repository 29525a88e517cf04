"""Vendored charts against the ledger, and the ledger and the declared repositories against a base revision."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.model.chart import Chart
from kubeaid_ci.model.chart_verdict import Vendored
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.ledger import LEDGER, OWN, Ledger, LedgerEntry

_NOT_IN = RULES["chart/not-in-ledger"]
_CHANGED = RULES["chart/ledger-changed"]
_REPOSITORY = RULES["chart/repository-changed"]


def check(
    charts: Iterable[Vendored], ledger: Ledger, *, declared: Collection[str] = (), everything: bool = True
) -> Iterator[Finding]:
    """Yield what the ledger does not know or contradicts; content that differs is not among it.

    `declared` has ``umbrella/name`` of every dependency; `everything` says that these are all charts
    there are, so that entries without a chart can be told.
    """
    if not ledger.exists:
        message = f"there is no {LEDGER}, so nothing says what the vendored charts held when they were reviewed"
        yield _NOT_IN.at(LEDGER, message, subject="ledger", key="missing")
        return
    known = set()
    for one in charts:
        known.add(one.key)
        entry = ledger.entries.get(one.key)
        yield from _unknown(one, ledger) if entry is None else _entry(one, entry)
    for key in sorted(ledger.entries.keys() - known) if everything else ():
        yield _gone(key, ledger.entries[key], is_declared=key in declared)


def _unknown(one: Vendored, ledger: Ledger) -> Iterator[Finding]:
    """A chart that was only renamed must hold what was reviewed under its old name."""
    message, severity = f"{one.key} {one.subchart.version} is not in {LEDGER}", Severity.WARNING
    for key, entry in ledger.entries.items():
        is_release = key.partition("/")[2] == one.subchart.name and entry.version == one.subchart.version
        if is_release and _address(entry.repository) == _address(one.repository) and differs(one, entry):
            message, severity = f"{message}, and holds other content than {key} of that version", Severity.ERROR
    yield _NOT_IN.at(one.subchart.path, message, subject=one.key, severity=severity, key="missing")


def _gone(key: str, entry: LedgerEntry, *, is_declared: bool) -> Finding:
    """What is declared still and lies there no more as a folder may lie there in another shape."""
    message = f"the ledger has {key}, which is no longer vendored"
    message += " as a folder, but still declared" if is_declared else "; --update-ledger removes it"
    severity = Severity.ERROR if is_declared else Severity.INFO
    return _CHANGED.at(LEDGER, message, subject=key, line=entry.line, severity=severity, key="gone")


def differs(one: Vendored, entry: LedgerEntry | None) -> bool:
    """Whether a chart holds other content than the ledger says for its version."""
    return entry is not None and entry.tree is not None and entry.tree != one.subchart.tree


def against_base(ledger: Ledger, base: Ledger) -> Iterator[Finding]:
    """Yield the entries that were there before and are others now, or gone."""
    for key, before in base.entries.items():
        now = ledger.entries.get(key)
        if now is None:
            yield _CHANGED.at(LEDGER, f"the entry of {key} was removed", subject=key, key="removed")
        elif now != before:
            yield _edited(key, before, now)


def repositories(charts: Iterable[Chart], base: Iterable[Chart]) -> Iterator[Finding]:
    """Yield the dependencies that name another repository than in the base."""
    before = {(chart.folder, one.name): one for chart in base for one in chart.dependencies}
    for chart in charts:
        for one in chart.dependencies:
            old = before.get((chart.folder, one.name))
            if old is not None and _address(old.repository) != _address(one.repository):
                message = f"{one.name} came from {old.repository or 'nowhere'}, now from {one.repository or 'nowhere'}"
                yield _REPOSITORY.at(
                    one.path, message, subject=f"{chart.folder}/{one.name}", line=one.line, key=one.name
                )


def _entry(one: Vendored, entry: LedgerEntry) -> Iterator[Finding]:
    if entry.version != one.subchart.version:
        message = f"{one.key} is at {one.subchart.version}, the ledger says {entry.version}"
        # A version of its own would let any content pass, so this is no less than changed content.
        yield _NOT_IN.at(one.subchart.path, message, subject=one.key, severity=Severity.ERROR, key="version")
    path, line = (one.dependency.path, one.dependency.line) if one.dependency else (one.subchart.path, None)
    if entry.origin == OWN and one.repository:
        message = f"the ledger calls {one.key} our own, but it is declared to come from {one.repository}"
        yield _REPOSITORY.at(path, message, subject=one.key, line=line, key="origin")
    elif entry.origin != OWN and _address(entry.repository) != _address(one.repository):
        message = f"{one.key} came from {entry.repository or 'nowhere'}, now from {one.repository or 'nowhere'}"
        yield _REPOSITORY.at(path, message, subject=one.key, line=line, key="ledger")


def _edited(key: str, before: LedgerEntry, now: LedgerEntry) -> Finding:
    """New content of the same version without a new reason is what hides a tampered chart."""
    changed = _changed(before, now)
    names = ", ".join(changed)
    if before.version != now.version:
        message = f"{key} moved from {before.version} to {now.version} ({names})"
        severity = Severity.INFO if before.origin == now.origin else Severity.WARNING
    elif now.reason and now.reason != before.reason:
        message, severity = f"the entry of {key} changed ({names}): {now.reason}", Severity.WARNING
    else:
        message = f"the entry of {key} changed ({names}) while its version stayed {now.version}, and no reason is given"
        filled = all(getattr(before, name) in (None, ()) for name in changed)
        severity = Severity.INFO if filled and "patches" not in changed else Severity.ERROR
    return _CHANGED.at(LEDGER, message, subject=key, line=now.line, severity=severity, key="changed")


def _changed(before: LedgerEntry, now: LedgerEntry) -> Mapping[str, None]:
    names = (name for name in LedgerEntry.__dataclass_fields__ if name != "line")
    return dict.fromkeys(name for name in names if getattr(before, name) != getattr(now, name))


def _address(repository: str) -> str:
    return repository.rstrip("/").lower()
