"""Verdicts from comparing our copy of a chart, the ledger and what is published.

Content that differs is an error, no matter who changed it. What only looks different (a new archive of the
same files, an outdated index) is only reported. Unknown is never clean.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kubeaid_ci.charts.ledger.ledger import LedgerEntry
from kubeaid_ci.charts.verify.verdict import ChartResult, ChartStatus, FileAction, FileChange, Vendored
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.tree import File, Tree
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.helm.repository import plain
from kubeaid_ci.net.errors import Failed, FailedKind

_FILE_RULES = {
    FileAction.MODIFIED: RULES["chart/file-modified"],
    FileAction.ADDED: RULES["chart/file-added"],
    FileAction.MISSING: RULES["chart/file-missing"],
}
_FAILED = {
    FailedKind.UNSAFE_ARCHIVE: RULES["chart/unsafe-archive"],
    FailedKind.DIGEST_MISMATCH: RULES["chart/digest-mismatch"],
}

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """The difference of our files to the published ones with the declared patches applied, or to the ledger's.

    `patch_failure` is the reason why a patch cannot be applied; `ignored` are missing files that Git ignores;
    `published` are the published files, with patches applied; `note` is what else is known of how ours became another.
    `ours` has our files by path.
    """

    changes: tuple[FileChange, ...] = ()
    patch_failure: str | None = None
    ignored: frozenset[str] = frozenset()
    note: str = ""
    published: Mapping[str, File] = field(default_factory=dict, repr=False)
    ours: Tree = field(default_factory=dict, repr=False)

    @property
    def is_same(self) -> bool:
        """True if our files are the published ones."""
        return not self.changes and self.patch_failure is None


def judge(
    vendored: Vendored, entry: LedgerEntry | None, got: Fetched | Failed, compared: Comparison | None = None
) -> tuple[ChartResult, tuple[Finding, ...]]:
    """Return the verdict on one vendored chart, and its findings. `compared` belongs to the fetched archive."""
    if isinstance(got, Failed):
        return vendored.result(ChartStatus.UNVERIFIABLE), tuple(_failed(vendored, entry, got))
    compared = compared or Comparison()
    is_same = compared.is_same
    findings = (
        *_archive(vendored, entry, got, compared),
        *_place(vendored, entry, got, is_same=is_same),
        *_content(vendored, entry, got, compared),
    )
    status = ChartStatus.IDENTICAL if is_same else ChartStatus.DIFFERENT
    return vendored.result(status, digest=got.sha256, files=compared.changes), findings


def is_republished(vendored: Vendored, entry: LedgerEntry | None, got: Fetched | Failed) -> bool:
    """Return whether our copy is the reviewed one but the archive is another than was published then."""
    if not isinstance(got, Fetched) or entry is None or entry.sha256 in (None, got.sha256):
        return False
    return entry.tree == vendored.subchart.tree


def file_findings(vendored: Vendored, compared: Comparison, *, than: str) -> Iterator[Finding]:
    """Yield one finding per file; `than` names what it was compared with."""
    note = compared.note
    for change in compared.changes:
        path = f"{vendored.subchart.path}/{change.path}"
        words = {
            "modified": f"differs from {than}",
            "added": f"is not in {than}",
            "missing": f"is in {than}, but not here",
        }
        name = plain(change.path)
        rule, message = _FILE_RULES[change.change], f"{name} {words[change.change]}{note}"
        if change.change is FileAction.MISSING and change.path in compared.ignored:
            rule = RULES["chart/dropped-by-gitignore"]
            message = f"{name} is in {than}, but an ignore file keeps it out of Git{note}"
        edited = compared.ours.get(change.path)
        content = f"{edited.mode} {edited.id}" if edited else ""
        yield rule.at(path, message, subject=vendored.key, key=change.path, content=content)


def _failed(vendored: Vendored, entry: LedgerEntry | None, got: Failed) -> Iterator[Finding]:
    rule = _FAILED.get(got.kind)
    if rule is not None:
        yield _about(vendored, rule.id, got.message)
    if got.kind is FailedKind.NO_SUCH_VERSION:
        yield _not_listed(vendored, entry, got)
    holds = entry is not None and entry.tree == vendored.subchart.tree
    # A host that cannot be reached is one finding, whatever the number of its charts.
    is_told = rule is not None or got.kind is FailedKind.NO_SUCH_VERSION or bool(got.host)
    if not is_told or (got.kind is FailedKind.NO_SUCH_VERSION and not holds):
        state = "; it still matches the ledger" if holds else ""
        message = f"{vendored.key} could not be compared: {got.message}{state}"
        # Why a server could not be reached differs from run to run.
        yield _about(vendored, "chart/unverifiable", message, content=f"{got.kind} {vendored.subchart.version} {holds}")


def _not_listed(vendored: Vendored, entry: LedgerEntry | None, got: Failed) -> Finding:
    """Return the finding about an unlisted version: a recorded checksum shows that it was published once."""
    is_recorded = entry is not None and entry.version == vendored.subchart.version
    if entry and is_recorded and entry.sha256:
        return _about(vendored, "chart/version-yanked", f"{got.message}; it was published when the ledger recorded it")
    severity = Severity.WARNING if entry and is_recorded and entry.reason else None
    message = f"{got.message}, and the ledger has no checksum of it: it was never seen published"
    return _about(vendored, "chart/version-unpublished", message, severity=severity, content=vendored.subchart.version)


def _archive(vendored: Vendored, entry: LedgerEntry | None, got: Fetched, compared: Comparison) -> Iterator[Finding]:
    """Yield findings from comparing the archive with the index and with the ledger."""
    known, is_same = entry.sha256 if entry else None, compared.is_same
    promised = got.index_digest.removeprefix("sha256:") if got.index_digest else None
    if promised and promised != got.sha256:
        message = f"the index promises {promised[:16]}…, the archive at {got.url} is {got.sha256[:16]}…"
        is_ours = is_same or known == got.sha256
        rule = "chart/index-digest-stale" if is_ours else "chart/digest-mismatch"
        yield _about(vendored, rule, message, content=f"{promised} {got.sha256}")
    if known and known != got.sha256:
        was, now = f"SHA-256 {known[:16]}…", f"{got.sha256[:16]}…"
        message = f"the archive of {vendored.title} was {was} when it was recorded and is {now} now"
        # Ours may be edited, and the publisher's still what was reviewed.
        if is_same or (entry and entry.tree == got.tree_id):
            yield _about(vendored, "chart/repacked", f"{message}; its files are the same", content=got.sha256)
        else:
            message = f"{message}; {_differing(compared)}"
            yield _about(vendored, "chart/upstream-republished", message, content=got.sha256)
    if got.yanked:
        yield _about(vendored, "chart/version-yanked", f"{vendored.title} is no longer in the index")
    if got.deprecated and not (vendored.subchart.chart and vendored.subchart.chart.deprecated):
        yield _about(vendored, "chart/deprecated", f"{vendored.key} is deprecated by its publisher")


def _differing(compared: Comparison) -> str:
    """Return a text such as ``2 of its files are not ours: values.yaml, templates/x.yaml``."""
    names = [plain(change.path) for change in compared.changes]
    if not names:
        return "its files cannot be compared with ours"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    count = "1 of its files is" if len(names) == 1 else f"{len(names)} of its files are"
    return f"{count} not as ours: {', '.join(names[:_MOST_NAMED])}{more}"


def _place(vendored: Vendored, entry: LedgerEntry | None, got: Fetched, *, is_same: bool) -> Iterator[Finding]:
    """Yield a finding if the archive comes from another host: a name that expired may have a new owner."""
    if entry and entry.host and entry.host != got.host:
        message = f"the archive came from {entry.host}, now from {got.host}"
        severity = Severity.WARNING if is_same else Severity.ERROR
        yield _about(vendored, "chart/repository-changed", message, severity=severity)


def _content(vendored: Vendored, entry: LedgerEntry | None, got: Fetched, compared: Comparison) -> Iterator[Finding]:
    if compared.patch_failure is not None:
        reason = compared.patch_failure
        yield _about(vendored, "chart/patch-does-not-apply", reason, content=f"{vendored.subchart.tree} {reason}")
        return
    if is_republished(vendored, entry, got):
        return  # our copy is the reviewed one: one finding is enough, the files are in the result
    than = f"the published {vendored.subchart.title}"
    yield from file_findings(vendored, compared, than=f"{than} with our patches" if entry and entry.patches else than)


def _about(
    vendored: Vendored, rule: str, message: str, *, severity: Severity | None = None, content: str | None = None
) -> Finding:
    path, line = (
        (vendored.dependency.path, vendored.dependency.line) if vendored.dependency else (vendored.subchart.path, None)
    )
    return RULES[rule].at(path, message, subject=vendored.key, line=line, severity=severity, key=rule, content=content)
