"""Compares vendored charts with the ledger, and with what is published where that can be asked."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.checks import chart_structure, chart_upstream
from kubeaid_ci.checks import ledger as ledger_checks
from kubeaid_ci.checks.chart_upstream import Comparison
from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.compare import file_diff
from kubeaid_ci.compare.chart_trees import compare
from kubeaid_ci.edges import history, work_tree
from kubeaid_ci.edges.files import write_atomically
from kubeaid_ci.edges.git import Blobs, Repository
from kubeaid_ci.edges.patches import PatchError, apply_patches
from kubeaid_ci.edges.snapshot import WORKTREE, Snapshot
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs import charts_source
from kubeaid_ci.jobs.charts_source import ChartRepo
from kubeaid_ci.model.chart import Charts
from kubeaid_ci.model.chart_verdict import ChartResult, ChartStatus, FileAction, FileChange, Vendored, Verification
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.ledger import LEDGER, OWN, Ledger, LedgerEntry
from kubeaid_ci.model.tree import Entry, File, below
from kubeaid_ci.model.upstream import Failed, Fetched
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan import ledger as ledgers

Fetch = Callable[[Vendored, LedgerEntry | None], Fetched | Failed]
"""Asks upstream for the published chart; it is called from several threads."""

_Verdict = tuple[ChartResult, tuple[Finding, ...]]
_MOST_COMMITS = 3


def verify_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: str = WORKTREE,
    base: str | None = None,
    fetch: Fetch | None = None,
    update_ledger: bool = False,
    accept: Sequence[str] = (),
    reason: str = "",
    today: date | None = None,
    kubernetes: Sequence[Version] = (),
    jobs: int = 8,
    cache: bool = True,
) -> Verification:
    """Verify the vendored charts of a KubeAid repo: all of them, or those of the umbrella charts named.

    `ref` is a revision, or ``worktree`` for the checkout as it is; `base` a revision whose ledger and
    repositories are compared with. Without `fetch` nobody is asked. `update_ledger` adds what the
    ledger does not know; `accept` takes over what charts hold now, for a reason. `kubernetes` are the
    versions that clusters run. Raises `UserError` for a name that is none and a ledger that cannot be read.
    """
    if ref != WORKTREE and (update_ledger or accept):
        raise UserError(f"the ledger of a revision cannot be written; leave out --ref {ref}")
    root = Path(kubeaid).resolve()
    repo = charts_source.read(root, ref, cache=cache)
    with repo.snapshot:
        chosen = charts_source.selected(repo.charts, charts)
        run = _Run(root, repo, ledgers.vendored(chosen.charts, repo.ledger), everything=not charts, ref=ref)
        told = run.accept(accept, reason) if accept else ()
        if update_ledger:
            told += run.update(today or datetime.now(UTC).date())
        fetched = _fetched(run, fetch, jobs) if fetch else {}
        if update_ledger:
            told += run.record(fetched)
        if update_ledger or accept:
            run.write()
        declared = {f"{chart.folder}/{one.name}" for chart in chosen.charts for one in chart.dependencies}
        verdicts = [run.verdict(one, fetched.get(one.key)) for one in run.vendored]
        findings = (
            *chart_structure.check(chosen, kubernetes=kubernetes),
            *ledger_checks.check(run.vendored, run.ledger, declared=declared, everything=run.everything),
            *(_against(root, base, run, chosen, cache=cache) if base else ()),
            *(finding for _, found in verdicts for finding in found),
        )
    may_pass = any(isinstance(got, Failed) and got.may_pass for got in fetched.values())
    return Verification(tuple(result for result, _ in verdicts), findings, told, may_pass)


@dataclass(slots=True)
class _Run:
    """One verification, with the ledger as it becomes on the way."""

    root: Path
    repo: ChartRepo
    vendored: tuple[Vendored, ...]
    everything: bool
    ref: str

    @property
    def ledger(self) -> Ledger:
        return self.repo.ledger

    @property
    def snapshot(self) -> Snapshot:
        return self.repo.snapshot

    def accept(self, keys: Sequence[str], reason: str) -> tuple[str, ...]:
        if not reason.strip():
            raise UserError("accepting content takes a reason, which the ledger records; give one with --reason")
        ledger, told = ledgers.accepted(self.ledger, self.vendored, keys, reason=reason.strip())
        self.repo = replace(self.repo, ledger=ledger)
        return told

    def update(self, today: date) -> tuple[str, ...]:
        ledger, told = ledgers.updated(self.ledger, self.vendored, today=today, everything=self.everything)
        self.repo = replace(self.repo, ledger=ledger)
        return told

    def record(self, fetched: dict[str, Fetched | Failed]) -> tuple[str, ...]:
        """Note what upstream says where nothing is noted and our copy is what it publishes."""
        entries, told = dict(self.ledger.entries), []
        for one in self.vendored:
            got, entry = fetched.get(one.key), entries.get(one.key)
            if not isinstance(got, Fetched) or entry is None or entry.sha256 is not None:
                continue
            compared = self.compared(one, entry, got)
            if not compared.changes and compared.patch_failure is None:
                entries[one.key] = ledgers.recorded(entry, got)
                told.append(f"recorded what {got.host} publishes as {one.key} {one.subchart.version}")
        self.repo = replace(self.repo, ledger=replace(self.ledger, entries=entries))
        return tuple(told)

    def write(self) -> None:
        write_atomically(self.root / LEDGER, ledgers.text(self.ledger).encode())

    def verdict(self, one: Vendored, got: Fetched | Failed | None) -> _Verdict:
        entry = self.ledger.entries.get(one.key)
        offline = self.offline(one, entry)
        if got is None:
            return offline
        compared = self.compared(one, entry, got) if isinstance(got, Fetched) else None
        result, findings = chart_upstream.judge(one, entry, got, compared)
        if isinstance(got, Failed):
            return (offline[0] if offline[1] else result), (*findings, *offline[1])
        if result.status is ChartStatus.IDENTICAL and offline[1]:
            return result, (*findings, _outdated(one))
        return result, findings

    def offline(self, one: Vendored, entry: LedgerEntry | None) -> _Verdict:
        """Against the ledger alone: identical means that it holds what was reviewed."""
        if entry is None or entry.version != one.subchart.version:
            return one.result(ChartStatus.UNVERIFIABLE if one.repository else ChartStatus.LOCAL), ()
        if entry.origin == OWN and entry.tree is None:
            return one.result(ChartStatus.LOCAL), ()
        if not ledger_checks.differs(one, entry):
            return one.result(ChartStatus.IDENTICAL, digest=entry.sha256), ()
        files = self.since_review(one, entry)
        result = one.result(ChartStatus.DIFFERENT, digest=entry.sha256, files=files)
        return result, tuple(self.edited(one, entry, files))

    def since_review(self, one: Vendored, entry: LedgerEntry) -> tuple[FileChange, ...]:
        """What changed since the tree that the ledger names, where this clone still has it."""
        repository = Repository.at(self.root)
        if repository is None or entry.tree is None or not history.has(self.root, entry.tree):
            return ()
        before = repository.files(entry.tree)
        with Blobs(self.root) as blobs:
            return self.with_diffs(one, before, lambda path: blobs.read(before[path].id))

    def edited(self, one: Vendored, entry: LedgerEntry, files: tuple[FileChange, ...]) -> Iterator[Finding]:
        by = self.commits(one, entry)
        if files:
            compared = Comparison(files, ignored=self.ignored(one, files))
            yield from chart_upstream.file_findings(one, compared, than="what the ledger records", note=by)
            return
        message = f"the chart does not hold what the ledger records{by}; fetch the whole history to see the files"
        yield RULES["chart/file-modified"].at(one.subchart.path, message, subject=one.key, key="tree")

    def commits(self, one: Vendored, entry: LedgerEntry) -> str:
        revision = self.snapshot.commit or "HEAD"
        steps = history.since(self.root, one.subchart.path, entry.tree or "", revision=revision)
        named = [f"{step.commit[:10]} ({step.subject})" for step in steps or ()]
        more = f" and {len(named) - _MOST_COMMITS} more" if len(named) > _MOST_COMMITS else ""
        if named:
            return f"; changed by {', '.join(named[:_MOST_COMMITS])}{more}"
        return "; changed in the work tree" if steps is not None and self.ref == WORKTREE else ""

    def compared(self, one: Vendored, entry: LedgerEntry | None, got: Fetched) -> Comparison:
        """Our files against the published ones with the declared patches put on."""
        try:
            patches = {path: self.snapshot.read(path) for path in (entry.patches if entry else ())}
            wanted = apply_patches(got.files, patches, removed=entry.removed if entry else ())
        except (PatchError, UserError) as error:
            return Comparison(patch_failure=str(error))
        theirs = {path: file.entry for path, file in wanted.items()}
        changes = self.with_diffs(one, theirs, lambda path: wanted[path].data)
        return Comparison(changes, ignored=self.ignored(one, changes))

    def ignored(self, one: Vendored, changes: Iterable[FileChange]) -> frozenset[str]:
        """Those of the missing files that ignore files name."""
        start = f"{one.subchart.path}/"
        missing = [start + change.path for change in changes if change.change is FileAction.MISSING]
        return frozenset(path.removeprefix(start) for path in work_tree.ignored(self.root, missing))

    def with_diffs(
        self, one: Vendored, theirs: dict[str, Entry], read: Callable[[str], bytes]
    ) -> tuple[FileChange, ...]:
        ours = below(self.snapshot.files, one.subchart.path)
        found = []
        for change in compare(ours, theirs):
            path = change.path
            old = File(theirs[path].mode, read(path)) if path in theirs else None
            new = File(ours[path].mode, self.snapshot.read(f"{one.subchart.path}/{path}")) if path in ours else None
            found.append(replace(change, diff=file_diff.diff(old, new)))
        return tuple(found)


def _fetched(run: _Run, fetch: Fetch, jobs: int) -> dict[str, Fetched | Failed]:
    """What upstream gives for every chart that has one, asked side by side."""
    entries = {one.key: run.ledger.entries.get(one.key) for one in run.vendored}
    asked = [one for one in run.vendored if one.repository and _is_compared(entries[one.key])]
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as threads:
        answers = threads.map(lambda one: fetch(one, entries[one.key]), asked)
        return {one.key: answer for one, answer in zip(asked, answers, strict=True)}


def _is_compared(entry: LedgerEntry | None) -> bool:
    return entry is None or entry.is_compared


def _outdated(one: Vendored) -> Finding:
    message = f"{one.key} is what is published, but not what the ledger records; look at it, then accept it"
    return RULES["chart/ledger-changed"].at(one.subchart.path, message, subject=one.key, key="outdated")


def _against(root: Path, base: str, run: _Run, chosen: Charts, *, cache: bool) -> Iterable[Finding]:
    before = charts_source.read(root, base, cache=cache)
    with before.snapshot:
        names = {chart.folder for chart in chosen.charts}
        entries = before.ledger.entries.items()
        old = Ledger({key: entry for key, entry in entries if run.everything or key.partition("/")[0] in names})
        return (
            *ledger_checks.against_base(run.ledger, old),
            *ledger_checks.repositories(chosen.charts, before.charts.charts),
        )
