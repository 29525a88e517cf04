"""Compares vendored charts with the ledger, and with what is published if upstreams are reachable."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.charts import source, structure
from kubeaid_ci.charts.ledger import check as ledger_checks
from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger, LedgerEntry
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.verify import base_change as charts_base
from kubeaid_ci.charts.verify import upstream
from kubeaid_ci.charts.verify.chart import Judge, Verdict
from kubeaid_ci.charts.verify.compare import Comparison
from kubeaid_ci.charts.verify.effects import ChartEffects
from kubeaid_ci.charts.verify.upstream import Fetch, answers
from kubeaid_ci.charts.verify.verdict import ChartResult, Vendored, Verification
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.revision import WORK_TREE, TreeRevision, WorkTree, parse_tree_revision
from kubeaid_ci.helm.chart import Charts
from kubeaid_ci.helm.published import Fetched
from kubeaid_ci.net.errors import Failed
from kubeaid_ci.runtime.files import write_atomically
from kubeaid_ci.semver.version import Version

Progress = Callable[[ChartResult], None]
"""Told when the verdict on a chart is known."""


def verify_charts(
    kubeaid: str | os.PathLike[str],
    *,
    charts: Sequence[str] = (),
    ref: TreeRevision | str = WORK_TREE,
    base: TreeRevision | str | None = None,
    fetch: Fetch | None = None,
    update_ledger: bool = False,
    accept: Sequence[str] = (),
    reason: str = "",
    today: date | None = None,
    kubernetes: Sequence[Version] = (),
    jobs: int = 8,
    cache: bool = True,
    effects: bool = True,
    progress: Progress | None = None,
) -> Verification:
    """Verify the vendored charts of a KubeAid repo: all of them, or those of the umbrella charts named.

    `ref` is a revision, or the work tree; `base` a revision whose ledger and
    repositories are compared with. Without `fetch` no network is used; `upstream_charts` returns one that fetches from
    repositories and registries, `jobs` in parallel. `update_ledger` adds what the ledger lacks;
    `accept` records the current content of charts, with a reason. `kubernetes` are the versions that clusters
    run. `effects` renders charts that differ, to show what the difference does. `progress` is called with each
    chart's result. Raises `UserError` for an unknown name and a ledger that cannot be read.
    """
    revision = parse_tree_revision(ref)
    if (update_ledger or accept) and not isinstance(revision, WorkTree):
        raise UserError(f"the ledger of a revision cannot be written; leave out --ref {ref}")
    root = Path(kubeaid).resolve()
    repo = source.read(root, revision, cache=cache)
    day = today or datetime.now(UTC).date()
    with repo.snapshot, _base(root, base, cache=cache) as before, ChartEffects(repo.snapshot, kubernetes) as rendered:
        chosen = source.selected(repo.charts, charts)
        judge = Judge(root, repo.snapshot, revision, rendered if effects else None)
        run = _Run(root, repo, ledgers.vendored(chosen.charts, repo.ledger), judge, everything=not charts)
        told = run.accept(accept, reason) if accept else ()
        if update_ledger:
            told += run.update(day)
        told += run.verdicts(fetch, jobs=jobs, record=update_ledger, progress=progress)
        if update_ledger or accept:
            run.write()
        declared = {f"{chart.folder}/{one.name}" for chart in chosen.charts for one in chart.dependencies}
        verdicts = [run.done[one.key] for one in run.vendored]
        findings = (
            *structure.check(chosen, kubernetes=kubernetes, base=before.charts if before else None),
            *ledger_checks.check(run.vendored, run.ledger, declared=declared, everything=run.everything),
            *(_against(before, run, chosen, today=day) if before else ()),
            *(finding for _, found in verdicts for finding in found),
            *run.not_reached(),
        )
    return Verification(tuple(result for result, _ in verdicts), findings, told, run.may_pass)


@dataclass(slots=True)
class _Run:
    """One verification, with the ledger as it becomes on the way, and the verdicts that are known by now."""

    root: Path
    repo: ChartRepo
    vendored: tuple[Vendored, ...]
    judge: Judge
    everything: bool
    done: dict[str, Verdict] = field(default_factory=dict)
    may_pass: bool = False
    compared: set[str] = field(default_factory=set)
    """The charts that upstream sent, by key."""
    asked: int = 0
    """The number of charts that were requested from upstream."""
    unreachable: list[tuple[Vendored, Failed]] = field(default_factory=list)
    """The charts whose host could not be reached."""

    @property
    def ledger(self) -> Ledger:
        return self.repo.ledger

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

    def verdicts(self, fetch: Fetch | None, *, jobs: int, record: bool, progress: Progress | None) -> tuple[str, ...]:
        """Come to a verdict on every chart, as upstream answers; gives what was noted in the ledger."""
        told: dict[str, str] = {}
        entries = {one.key: self.ledger.entries.get(one.key) for one in self.vendored}
        asked = [(one, entries[one.key]) for one in self.vendored if fetch and _is_asked(one, entries[one.key])]
        self.asked = len(asked)
        for one, got in answers(asked, fetch, jobs=jobs) if fetch else ():
            compared = self.judge.compared(one, entries[one.key], got) if isinstance(got, Fetched) else None
            if record and isinstance(got, Fetched) and compared is not None and compared.is_same:
                told |= self.record(one, got)
            self.conclude(one, got, compared, progress)
        for one in self.vendored:
            if one.key not in self.done:
                self.conclude(one, None, None, progress)
        return tuple(told[key] for key in sorted(told))

    def conclude(
        self, one: Vendored, got: Fetched | Failed | None, compared: Comparison | None, progress: Progress | None
    ) -> None:
        verdict = self.judge.verdict(one, self.ledger.entries.get(one.key), got, compared)
        self.done[one.key] = verdict
        if isinstance(got, Fetched):
            self.compared.add(one.key)
        if isinstance(got, Failed) and got.host:
            self.unreachable.append((one, got))
        self.may_pass = self.may_pass or (isinstance(got, Failed) and got.may_pass)
        if progress:
            progress(verdict[0])

    def not_reached(self) -> Iterator[Finding]:
        """Yield one finding for each host that could not be reached."""
        failures = sorted(self.unreachable, key=lambda one: one[0].key)
        contents = {one.key: f"{one.subchart.version} {self._holds(one)}" for one, _ in failures}
        consequence = "{} could not be compared with what is published"
        consequence += ", only with the ledger" if self.ledger.exists else ""
        yield from upstream.unreachable_findings(failures, asked=self.asked, consequence=consequence, contents=contents)

    def _holds(self, one: Vendored) -> bool:
        """Return whether a chart holds what the ledger records."""
        entry = self.ledger.entries.get(one.key)
        return entry is not None and entry.tree == one.subchart.tree

    def record(self, one: Vendored, got: Fetched) -> dict[str, str]:
        """Note what upstream names where nothing is noted and our copy is what it publishes."""
        entry = self.ledger.entries.get(one.key)
        if entry is None or entry.sha256 is not None:
            return {}
        entries = {**self.ledger.entries, one.key: ledgers.recorded(entry, got)}
        self.repo = replace(self.repo, ledger=replace(self.ledger, entries=entries))
        return {one.key: f"recorded what {got.host} publishes as {one.key} {one.subchart.version}"}

    def write(self) -> None:
        write_atomically(self.root / LEDGER, ledgers.text(self.ledger).encode())


def _is_asked(one: Vendored, entry: LedgerEntry | None) -> bool:
    return bool(one.repository) and (entry is None or entry.is_compared)


@contextmanager
def _base(root: Path, base: TreeRevision | str | None, *, cache: bool) -> Iterator[ChartRepo | None]:
    """Open the state that is compared with; None if there is no `base`."""
    if base is None:
        yield None
        return
    repo = source.read(root, parse_tree_revision(base), cache=cache)
    with repo.snapshot:
        yield repo


def _against(before: ChartRepo, run: _Run, chosen: Charts, *, today: date) -> Iterable[Finding]:
    return charts_base.check(
        run.repo,
        before,
        chosen=chosen,
        vendored=run.vendored,
        compared=run.compared,
        everything=run.everything,
        today=today,
    )
