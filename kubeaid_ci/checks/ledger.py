"""Vendored charts against the ledger."""

from collections.abc import Collection, Iterable, Iterator

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.model.chart_verdict import Vendored
from kubeaid_ci.model.finding import Finding, Severity
from kubeaid_ci.model.ledger import LEDGER, OWN, Ledger, LedgerEntry
from kubeaid_ci.model.repository import address, plain, told

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
    if not one.is_named_in_text:
        message, severity = f"{plain(one.key)} has a name that is not UTF-8, so no ledger can name it", Severity.ERROR
    for key, entry in ledger.entries.items():
        is_release = key.partition("/")[2] == one.subchart.name and entry.version == one.subchart.version
        if is_release and address(entry.repository) == address(one.repository) and differs(one, entry):
            message, severity = f"{message}, and holds other content than {key} of that version", Severity.ERROR
    path, tree = one.subchart.path, one.subchart.tree or ""
    yield _NOT_IN.at(path, message, subject=one.key, severity=severity, key="missing", content=tree)


def _gone(key: str, entry: LedgerEntry, *, is_declared: bool) -> Finding:
    """What is declared still and lies there no more as a folder may lie there in another shape."""
    message = f"the ledger has {key}, which is no longer vendored"
    message += " as a folder, but still declared" if is_declared else "; --update-ledger removes it"
    severity = Severity.ERROR if is_declared else Severity.INFO
    return _CHANGED.at(LEDGER, message, subject=key, line=entry.line, severity=severity, key="gone")


def differs(one: Vendored, entry: LedgerEntry | None) -> bool:
    """Whether a chart holds other content than the ledger says for its version."""
    return entry is not None and entry.tree is not None and entry.tree != one.subchart.tree


def _entry(one: Vendored, entry: LedgerEntry) -> Iterator[Finding]:
    if entry.version != one.subchart.version:
        message = f"{one.key} is at {one.subchart.version}, the ledger says {entry.version}"
        # A version of its own would let any content pass, so this is no less than changed content.
        path, tree = one.subchart.path, one.subchart.tree or ""
        yield _NOT_IN.at(path, message, subject=one.key, severity=Severity.ERROR, key="version", content=tree)
    path, line = (one.dependency.path, one.dependency.line) if one.dependency else (one.subchart.path, None)
    if entry.origin == OWN and one.repository:
        message = f"the ledger calls {one.key} our own, but it is declared to come from {told(one.repository)}"
        yield _REPOSITORY.at(path, message, subject=one.key, line=line, key="origin")
    elif entry.origin != OWN and address(entry.repository) != address(one.repository):
        message = f"{one.key} came from {told(entry.repository)}, now from {told(one.repository)}"
        yield _REPOSITORY.at(path, message, subject=one.key, line=line, key="ledger")
