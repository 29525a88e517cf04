"""Vendored charts against the ledger."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from kubeaid_ci.charts.ledger.ledger import LEDGER, OWN, Ledger, LedgerEntry
from kubeaid_ci.charts.verify.verdict import Vendored
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.helm.repository import address, display_address, plain

_NOT_IN = RULES["chart/not-in-ledger"]
_CHANGED = RULES["chart/ledger-changed"]
_OWN_UNCLEAR = RULES["chart/own-unclear"]
_REPOSITORY = RULES["chart/repository-changed"]

# As many charts of a change are worth a line each; a ledger that was only begun is one problem.
_MOST_MISSING = 10


def check(
    charts: Iterable[Vendored], ledger: Ledger, *, declared: Collection[str] = (), everything: bool = True
) -> Iterator[Finding]:
    """Yield findings about charts missing from the ledger or contradicting it, except changed content.

    `declared` has ``umbrella/name`` of every dependency; `everything` is true if these are all charts,
    so that entries without a chart can be reported.
    """
    if not ledger.exists:
        message = f"there is no {LEDGER}, so there is no record of the vendored charts when they were reviewed"
        yield _NOT_IN.at(LEDGER, message, subject="ledger", key="missing")
        return
    charts = tuple(charts)
    known = {chart.key for chart in charts}
    unknown = [finding for chart in charts if chart.key not in ledger.entries for finding in _unknown(chart, ledger)]
    yield from _incomplete(unknown, len(charts))
    for chart in charts:
        if entry := ledger.entries.get(chart.key):
            yield from _entry(chart, entry)
    for key in sorted(ledger.entries.keys() - known) if everything else ():
        yield _gone(key, ledger.entries[key], is_declared=key in declared)


def _incomplete(unknown: Sequence[Finding], total: int) -> Iterator[Finding]:
    """Yield the findings about charts that the ledger does not have. If most are missing, report one finding."""
    missing = [finding for finding in unknown if finding.severity is Severity.WARNING]
    if len(missing) <= _MOST_MISSING or len(missing) * 2 <= total:
        yield from unknown
        return
    yield from (finding for finding in unknown if finding.severity is not Severity.WARNING)
    message = (
        f"{len(missing)} of {total} vendored charts are not in {LEDGER}; add them with"
        " kubeaid-ci charts verify --offline --update-ledger"
    )
    content = " ".join(f"{one.subject} {one.content}" for one in missing)
    yield _NOT_IN.at(LEDGER, message, subject="ledger", key="incomplete", content=content)


def _unknown(vendored: Vendored, ledger: Ledger) -> Iterator[Finding]:
    """Yield the finding about a chart without an entry: an error if it was only renamed and holds other content."""
    message, severity = f"{vendored.title} is not in {LEDGER}", Severity.WARNING
    if not vendored.is_named_in_text:
        message, severity = (
            f"{plain(vendored.key)} has a name that is not UTF-8, so no ledger can name it",
            Severity.ERROR,
        )
    for key, entry in ledger.entries.items():
        is_release = key.partition("/")[2] == vendored.subchart.name and entry.version == vendored.subchart.version
        if is_release and address(entry.repository) == address(vendored.repository) and differs(vendored, entry):
            message, severity = f"{message}, and holds other content than {key} of that version", Severity.ERROR
    path, tree = vendored.subchart.path, vendored.subchart.tree or ""
    yield _NOT_IN.at(path, message, subject=vendored.key, severity=severity, key="missing", content=tree)


def _gone(key: str, entry: LedgerEntry, *, is_declared: bool) -> Finding:
    """Return the finding about a recorded chart that is no longer a folder, but may exist in another form."""
    message = f"the ledger has {key}, which is no longer vendored"
    message += " as a folder, but still declared" if is_declared else "; --update-ledger removes it"
    severity = Severity.ERROR if is_declared else Severity.INFO
    return _CHANGED.at(LEDGER, message, subject=key, line=entry.line, severity=severity, key="gone")


def differs(vendored: Vendored, entry: LedgerEntry | None) -> bool:
    """Return whether a chart has other content than the ledger has for its version."""
    return entry is not None and entry.tree is not None and entry.tree != vendored.subchart.tree


def _entry(vendored: Vendored, entry: LedgerEntry) -> Iterator[Finding]:
    if entry.version != vendored.subchart.version:
        here = f"is at {vendored.subchart.version}" if vendored.subchart.version else "has no version that can be read"
        message = f"{vendored.key} {here}, the ledger has {entry.version}"
        # A version of its own would let any content pass, so this is no less than changed content.
        path, tree = vendored.subchart.path, vendored.subchart.tree or ""
        yield _NOT_IN.at(path, message, subject=vendored.key, severity=Severity.ERROR, key="version", content=tree)
    links = vendored.subchart.chart.links if vendored.subchart.chart else ()
    if entry.origin == OWN and links and not vendored.repository and not entry.reason:
        message = (
            f"{vendored.key} counts as our own, because nothing declares where it comes from, but its Chart.yaml names"
            f" {plain(links[0])}; if it is ours, accept it: kubeaid-ci charts verify --offline --accept {vendored.key}"
            " --reason TEXT"
        )
        yield _OWN_UNCLEAR.at(vendored.subchart.path, message, subject=vendored.key, key="own", content=links[0])
    path, line = (
        (vendored.dependency.path, vendored.dependency.line) if vendored.dependency else (vendored.subchart.path, None)
    )
    if entry.origin == OWN and vendored.repository:
        upstream = display_address(vendored.repository)
        message = f"the ledger calls {vendored.key} our own, but it is declared to come from {upstream}"
        yield _REPOSITORY.at(path, message, subject=vendored.key, line=line, key="origin")
    elif entry.origin != OWN and address(entry.repository) != address(vendored.repository):
        before, now = display_address(entry.repository), display_address(vendored.repository)
        message = f"{vendored.key} came from {before}, now from {now}"
        yield _REPOSITORY.at(path, message, subject=vendored.key, line=line, key="ledger")
