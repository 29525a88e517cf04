"""Publishes prepared updates of charts: a change request for each umbrella chart or group.

The names of branches never change, so that the next run finds them again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kubeaid_ci.charts.ledger import update as ledgers
from kubeaid_ci.charts.ledger.ledger import LEDGER, Ledger
from kubeaid_ci.charts.update import platform_files, request_text, upstream_status
from kubeaid_ci.charts.update.bump import PreparedUpdate, RefusedUpdate
from kubeaid_ci.charts.update.effect import Effects
from kubeaid_ci.charts.update.job import PreparedUpdates
from kubeaid_ci.charts.update.result import ChartUpdate, Updates, UpdateStatus
from kubeaid_ci.charts.update.write import texts, unchanged
from kubeaid_ci.diff.comparison import ScanNote
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.forge.change_request import Proposal, Published
from kubeaid_ci.forge.forge import Size
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.tree import File
from kubeaid_ci.helm.chart import Chart
from kubeaid_ci.publishing import body as bodies
from kubeaid_ci.publishing.branches import PREFIX, part
from kubeaid_ci.publishing.checkout import PublishCheckout
from kubeaid_ci.publishing.proposal import publish_proposal
from kubeaid_ci.publishing.rules import check
from kubeaid_ci.publishing.target import Target
from kubeaid_ci.report.json_result import JsonResult
from kubeaid_ci.report.markdown import code

Files = Mapping[str, bytes | File | None]


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A branch that could not be published, and why. Other change requests were."""

    branch: str
    error: KubeaidCiError


@dataclass(frozen=True, slots=True)
class ChartPublication(JsonResult):
    """The updates and their change requests, with those that were closed because nothing is left of them."""

    updates: Updates
    requests: tuple[Published, ...] = ()
    failed: tuple[Unpublished, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the change requests; those about charts are in `updates`."""
        return tuple(check(self.requests, {each.branch: str(each.error) for each in self.failed}))


@dataclass(frozen=True, slots=True)
class ChartPublisher:
    """Publishes the updates of one run.

    `command` is what was run, for advice in messages. The names of all branches begin with `prefix`.
    """

    target: Target
    checkout: PublishCheckout
    made: PreparedUpdates
    ledger: Ledger
    effects: Effects
    folders: frozenset[str]
    command: str
    prefix: str
    scan_note: ScanNote | None = None

    def publish_all(self, heads: Heads, *, everything: bool) -> ChartPublication:
        """Publish every group. With `everything`, close the requests of charts that need no update any more."""
        groups: dict[str, list[PreparedUpdate]] = {}
        unsure: dict[str, list[str]] = {}
        for ready in self.made.ready:
            match ready:
                case PreparedUpdate():
                    groups.setdefault(self._branch(ready.chart), []).append(ready)
                case RefusedUpdate():
                    unsure.setdefault(self._branch(ready.chart), []).append(ready.chart.folder)
        done = {branch: self._group(branch, group, unsure.get(branch, ())) for branch, group in groups.items()}
        # A chart that could not be checked may still need its open request.
        gone: tuple[str, ...] = ()
        if everything:
            gone = left_over(heads.commits, {*groups, *unsure}, prefix=self.prefix)
        closed = [self._attempt(self._proposal(branch, (), {})) for branch in gone]
        answers = [*done.values(), *closed, *(self._first_seen(heads) if everything else ())]
        return ChartPublication(
            self._updates(done),
            tuple(request for request in answers if isinstance(request, Published)),
            tuple(unpublished for unpublished in answers if isinstance(unpublished, Unpublished)),
        )

    def _first_seen(self, heads: Heads) -> Iterator[Published | Unpublished]:
        """Publish the days on which young releases were first seen: their age counts from there."""
        if not any(look.policy.minimum_age for look in self.made.looks):
            return
        after = upstream_status.with_sightings(self.ledger, self.made.looks, everything=True)
        lines = ledgers.first_seen_lines(self.ledger, after)
        branch = first_seen(prefix=self.prefix)
        if not lines and branch not in heads.commits:
            return
        files: Files = {LEDGER: ledgers.text(after).encode()} if lines else {}
        proposal = self._proposal(branch, (), files)
        text = "From these days on the age of releases counts.\n\n" + "".join(f"- {code(line)}\n" for line in lines)
        title = "chore(charts): record when releases were first seen"
        yield self._attempt(replace(proposal, title=title, body=text, labels=("charts", *proposal.labels)))

    def _branch(self, chart: Chart) -> str:
        group, is_new = self.made.groups.get(chart.folder), chart.folder not in self.folders
        return branch(chart.folder, group, is_new=is_new, prefix=self.prefix)

    def _update(self, prepared: PreparedUpdate) -> ChartUpdate:
        status = UpdateStatus.UPDATED if prepared.chart.folder in self.folders else UpdateStatus.ADDED
        return ChartUpdate(prepared.chart.folder, status, prepared.subcharts, dry_run=bool(self.target.options.dry_run))

    def _updates(self, done: Mapping[str, Published | Unpublished]) -> Updates:
        results: list[ChartUpdate] = []
        findings: list[Finding] = [*self.made.findings]
        for prepared in self.made.ready:
            if not isinstance(prepared, PreparedUpdate):
                results.append(unchanged(prepared))
                continue
            findings += prepared.findings
            match done[self._branch(prepared.chart)]:
                case Unpublished() as failed:
                    results.append(replace(self._update(prepared), error=str(failed.error)))
                case request:
                    results.append(replace(self._update(prepared), request=request))
        return Updates(tuple(results), tuple(findings), dry_run=bool(self.target.options.dry_run))

    def _group(self, branch: str, group: Sequence[PreparedUpdate], unsure: Sequence[str]) -> Published | Unpublished:
        updates = [self._update(prepared) for prepared in group]
        try:
            proposal = self._proposal(branch, updates, self._files(group, updates))
            proposal = replace(proposal, incomplete=tuple(unsure))
        except KubeaidCiError as error:
            return Unpublished(branch, error)
        return self._attempt(proposal, [update.chart for update in updates])

    def _files(self, group: Sequence[PreparedUpdate], updates: Sequence[ChartUpdate]) -> Files:
        """Return every file that a group changes: its charts, the ledger, and the files that follow the charts."""
        files: dict[str, bytes | File | None] = {
            path: file for prepared in group for path, file in prepared.files.items()
        }
        entries = {
            **self.ledger.entries,
            **{key: entry for prepared in group for key, entry in prepared.entries.items()},
        }
        files[LEDGER] = ledgers.text(replace(self.ledger, entries=entries, exists=True)).encode()
        added = {prepared.chart.folder for prepared in group} - self.folders
        step = request_text.step(updates)
        after = platform_files.following(texts(self.checkout.folder), added=added, step=step)
        return files | {path: text.encode() for path, text in after.items()}

    def _proposal(self, branch: str, updates: Sequence[ChartUpdate], files: Files) -> Proposal:
        proposal = Proposal(
            branch,
            self.checkout.base,
            request_text.title(updates, given=self.target.options.title),
            "",
            files,
            command=self.command,
        )
        return self._with_text(proposal, updates) if updates else proposal

    def _with_text(self, proposal: Proposal, updates: Sequence[ChartUpdate]) -> Proposal:
        defaults = self.effects.defaults([self.made.trials[update.chart] for update in updates])
        clusters, lost = self.effects.clusters(proposal, updates, self.target.style)
        compared = [defaults, *([clusters] if clusters else [])]
        repository, base = self.checkout.repository, self.checkout.commit
        files = repository.changed_files(base, repository.tree_with(base, proposal.files))
        scan = self.scan_note((clusters or defaults).images) if self.scan_note else ""

        def text(limit: int, size: Size = len) -> str:
            return request_text.body(
                updates,
                files=files,
                defaults=defaults,
                clusters=clusters,
                lost=lost,
                scan=scan,
                limit=limit,
                size=size,
            )

        return replace(
            proposal,
            body=text(self.target.limit, self.target.size),
            whole=text(bodies.NO_LIMIT) if self.target.options.preview else "",
            labels=request_text.labels(updates, compared, lost),
        )

    def _attempt(self, proposal: Proposal, charts: Sequence[str] = ()) -> Published | Unpublished:
        try:
            return publish_proposal(
                proposal,
                # No file of a published chart is left out because of an ignore file.
                replace(self.checkout.repository, checkout=None),
                self.target.forge,
                style=self.target.style,
                clusters=charts,
                options=self.target.options,
            )
        except KubeaidCiError as error:
            return Unpublished(proposal.branch, error)


def branch(chart: str, group: str | None, *, is_new: bool = False, prefix: str = PREFIX) -> str:
    """Return the branch of an umbrella chart, or of the group that it is updated with."""
    if is_new:
        return f"{prefix}/new-charts/{part(chart)}"
    return f"{prefix}/chart-groups/{part(group)}" if group else f"{prefix}/charts/{part(chart)}"


def first_seen(*, prefix: str = PREFIX) -> str:
    """Return the branch that records when releases were first seen."""
    return f"{prefix}/first-seen"


def looked_at(prefix: str) -> tuple[str, ...]:
    """Return the names and patterns of the branches that may be left over."""
    return (f"{prefix}/charts/*", f"{prefix}/chart-groups/*", first_seen(prefix=prefix))


def left_over(heads: Iterable[str], wanted: Iterable[str], *, prefix: str = PREFIX) -> tuple[str, ...]:
    """Return our branches that no update needs any more."""
    ours = {head for head in heads if head.startswith((f"{prefix}/charts/", f"{prefix}/chart-groups/"))}
    return tuple(sorted(ours - set(wanted)))
