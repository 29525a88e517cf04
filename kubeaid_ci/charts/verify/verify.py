"""Compares vendored charts with the ledger, and with what is published if upstreams are reachable."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from kubeaid_ci.charts import source, structure
from kubeaid_ci.charts.ledger import check as ledger_checks
from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger, LedgerEntry
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.verify import base_change
from kubeaid_ci.charts.verify.chart import ChartVerifier, Verdict
from kubeaid_ci.charts.verify.compare import Comparison
from kubeaid_ci.charts.verify.effects import ChartEffects
from kubeaid_ci.charts.verify.upstream import Fetch, answers, unreachable_findings
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
"""Called when the verdict on a chart is known."""

_FETCHES_A_JOB = 4
"""Several, because a fetch mostly waits."""


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
    jobs: int | None = None,
    cache: bool = True,
    effects: bool = True,
    progress: Progress | None = None,
) -> Verification:
    """Verify the vendored charts of a KubeAid repo: all of them, or those of the umbrella charts named.

    `ref` is a revision, or the work tree; `base` a revision whose ledger and repositories are compared with. Without
    `fetch` no network is used; `upstream_charts` returns one that fetches from repositories and registries, and it is
    called several times in parallel for each of the `jobs` (default: CPU cores). `update_ledger` adds what the ledger
    lacks; `accept` records the current content of charts, with a reason. `kubernetes` are the versions that clusters
    run. `effects` renders charts that differ, to show what the difference does. `progress` is called with each chart's
    result. Raises `UserError` for an unknown name and a ledger that cannot be read.
    """
    revision = parse_tree_revision(ref)
    if (update_ledger or accept) and not isinstance(revision, WorkTree):
        raise UserError(f"the ledger of a revision cannot be written; leave out --ref {ref}")
    root = Path(kubeaid).resolve()
    repo = source.read(root, revision, cache=cache)
    with repo.snapshot, _base(root, base, cache=cache) as before, ChartEffects(repo.snapshot, kubernetes) as rendered:
        chosen = source.selected(repo.charts, charts)
        verifier = ChartVerifier(root, repo.snapshot, revision, rendered if effects else None)
        day = today or datetime.now(UTC).date()
        run = _Run(repo, chosen, ledgers.vendored(chosen.charts, repo.ledger), verifier, day, everything=not charts)
        if accept:
            run.accept(accept, reason)
        if update_ledger:
            run.update_ledger()
        run.verify(fetch, jobs=jobs, record=update_ledger, progress=progress)
        if update_ledger or accept:
            write_atomically(root / LEDGER, ledgers.text(run.ledger).encode())
        findings = tuple(run.findings(before, kubernetes))
    results = tuple(run.verdicts[chart.key][0] for chart in run.vendored)
    return Verification(results, findings, tuple(run.changes), run.may_pass)


@dataclass(slots=True)
class _Run:
    """One verification: the ledger as it becomes on the way, and the verdicts that are known by now."""

    repo: ChartRepo
    chosen: Charts
    vendored: tuple[Vendored, ...]
    verifier: ChartVerifier
    today: date
    everything: bool = field(kw_only=True)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    """The changes of the ledger, one plain line each."""
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

    def accept(self, keys: Sequence[str], reason: str) -> None:
        """Record the content of charts in the ledger, whatever it had before."""
        if not reason.strip():
            raise UserError("accepting content takes a reason, which the ledger records; give one with --reason")
        ledger, changes = ledgers.accepted(self.ledger, self.vendored, keys, reason=reason.strip())
        self.repo = replace(self.repo, ledger=ledger)
        self.changes += changes

    def update_ledger(self) -> None:
        """Add charts and versions that the ledger lacks."""
        ledger, changes = ledgers.updated(self.ledger, self.vendored, today=self.today, everything=self.everything)
        self.repo = replace(self.repo, ledger=ledger)
        self.changes += changes

    def verify(self, fetch: Fetch | None, *, jobs: int | None, record: bool, progress: Progress | None) -> None:
        """Reach a verdict on every chart as upstream answers. With `record`, note what upstream publishes."""
        entries = {chart.key: self.ledger.entries.get(chart.key) for chart in self.vendored}
        asked = [
            (chart, entries[chart.key]) for chart in self.vendored if fetch and _has_upstream(chart, entries[chart.key])
        ]
        self.asked = len(asked)
        recorded: dict[str, str] = {}
        for one, got in answers(asked, fetch, jobs=_FETCHES_A_JOB * (jobs or os.cpu_count() or 1)) if fetch else ():
            compared = self.verifier.compare(one, entries[one.key], got) if isinstance(got, Fetched) else None
            if record and isinstance(got, Fetched) and compared is not None and compared.is_same:
                recorded |= self._record(one, got)
            self._conclude(one, got, compared, progress)
        for vendored in self.vendored:
            if vendored.key not in self.verdicts:
                self._conclude(vendored, None, None, progress)
        self.changes += (recorded[key] for key in sorted(recorded))

    def _record(self, vendored: Vendored, got: Fetched) -> dict[str, str]:
        """Add the data of upstream to an entry that has none; our copy is what upstream publishes."""
        entry = self.ledger.entries.get(vendored.key)
        if entry is None or entry.sha256 is not None:
            return {}
        entries = {**self.ledger.entries, vendored.key: ledgers.recorded(entry, got)}
        self.repo = replace(self.repo, ledger=replace(self.ledger, entries=entries))
        return {vendored.key: f"recorded what {got.host} publishes as {vendored.key} {vendored.subchart.version}"}

    def _conclude(
        self, vendored: Vendored, got: Fetched | Failed | None, compared: Comparison | None, progress: Progress | None
    ) -> None:
        verdict = self.verifier.verdict(vendored, self.ledger.entries.get(vendored.key), got, compared)
        self.verdicts[vendored.key] = verdict
        match got:
            case Fetched():
                self.compared.add(vendored.key)
            case Failed():
                self.may_pass = self.may_pass or got.may_pass
                if got.host:
                    self.unreachable.append((vendored, got))
        if progress:
            progress(verdict[0])

    def findings(self, before: ChartRepo | None, kubernetes: Sequence[Version]) -> Iterator[Finding]:
        """Yield everything that is wrong: in the charts' structure, with the ledger, since the base, and upstream."""
        charts = self.chosen.charts
        declared = {f"{chart.folder}/{one.name}" for chart in charts for one in chart.dependencies}
        yield from structure.check(self.chosen, kubernetes=kubernetes, base=before.charts if before else None)
        yield from ledger_checks.check(self.vendored, self.ledger, declared=declared, everything=self.everything)
        if before:
            yield from base_change.check(
                self.repo,
                before,
                chosen=self.chosen,
                vendored=self.vendored,
                compared=self.compared,
                everything=self.everything,
                today=self.today,
            )
        yield from (finding for vendored in self.vendored for finding in self.verdicts[vendored.key][1])
        yield from self._unreachable()

    def _unreachable(self) -> Iterator[Finding]:
        """Yield one finding for each host that could not be reached."""
        failures = sorted(self.unreachable, key=lambda failure: failure[0].key)
        contents = {}
        for one, _ in failures:
            entry = self.ledger.entries.get(one.key)
            holds = entry is not None and entry.tree == one.subchart.tree
            contents[one.key] = f"{one.subchart.version} {holds}"
        consequence = "{} could not be compared with what is published"
        consequence += ", only with the ledger" if self.ledger.exists else ""
        yield from unreachable_findings(failures, asked=self.asked, consequence=consequence, contents=contents)


def _has_upstream(vendored: Vendored, entry: LedgerEntry | None) -> bool:
    return bool(vendored.repository) and (entry is None or entry.is_compared)


@contextmanager
def _base(root: Path, base: TreeRevision | str | None, *, cache: bool) -> Iterator[ChartRepo | None]:
    """Open the state that is compared with; None if there is no `base`."""
    if base is None:
        yield None
        return
    repo = source.read(root, parse_tree_revision(base), cache=cache)
    with repo.snapshot:
        yield repo
