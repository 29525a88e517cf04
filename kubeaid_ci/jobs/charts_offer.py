"""Offers prepared updates of charts: a change request for each umbrella chart or group, where one is needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.errors import KubeaidCiError
from kubeaid_ci.jobs import charts_look
from kubeaid_ci.jobs.charts_bump import Prepared, Refused
from kubeaid_ci.jobs.charts_effect import Effects
from kubeaid_ci.jobs.charts_make import Made
from kubeaid_ci.jobs.charts_plan import Planned
from kubeaid_ci.jobs.publish_desk import Desk
from kubeaid_ci.jobs.publish_proposal import publish_proposal
from kubeaid_ci.jobs.publish_target import Target
from kubeaid_ci.model.chart import Chart
from kubeaid_ci.model.chart_update import ChartUpdate, Updates, UpdateStatus
from kubeaid_ci.model.ledger import LEDGER, Ledger
from kubeaid_ci.model.publication import Proposal, Published
from kubeaid_ci.model.tree import File
from kubeaid_ci.plan import body as bodies
from kubeaid_ci.plan import chart_branches, platform_files
from kubeaid_ci.plan import ledger as ledgers
from kubeaid_ci.report import chart_request
from kubeaid_ci.report.markdown import code


@dataclass(frozen=True, slots=True)
class Unpublished:
    """What could not be offered, and why; other change requests were."""

    branch: str
    error: KubeaidCiError


@dataclass(frozen=True, slots=True)
class ChartPublication:
    """What was updated, and what became of the change requests, those that are no longer needed among them."""

    updates: Updates
    requests: tuple[Published, ...] = ()
    failed: tuple[Unpublished, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that a run has to offer."""

    target: Target
    desk: Desk
    made: Made
    ledger: Ledger
    effects: Effects
    folders: frozenset[str]

    def all(self, heads: Heads, *, everything: bool) -> ChartPublication:
        """Offer every group, and close what nothing is left of, where `everything` was looked at."""
        groups: dict[str, list[Prepared]] = {}
        unsure: dict[str, list[str]] = {}
        for one in self.made.ready:
            match one:
                case Prepared():
                    groups.setdefault(self._branch(one.chart), []).append(one)
                case Refused():
                    unsure.setdefault(self._branch(one.chart), []).append(one.chart.folder)
        done = {branch: self._group(branch, group, unsure.get(branch, ())) for branch, group in groups.items()}
        # Of a chart that could not be looked at nothing is known, and what is open stays open.
        gone = chart_branches.left_over(heads.commits, {*groups, *unsure}) if everything else ()
        closed = [self._attempt(self._proposal(branch, (), {})) for branch in gone]
        answers = [*done.values(), *closed, *(self._sights(heads) if everything else ())]
        return ChartPublication(
            self._updates(done),
            tuple(one for one in answers if isinstance(one, Published)),
            tuple(one for one in answers if isinstance(one, Unpublished)),
        )

    def _sights(self, heads: Heads) -> Iterator[Published | Unpublished]:
        """Offer what the ledger is to know of releases that are too young: from it their age counts."""
        if not any(look.policy.minimum_age for look in self.made.looks):
            return
        after = charts_look.with_sights(self.ledger, self.made.looks, everything=True)
        told = ledgers.sights_told(self.ledger, after)
        if not told and chart_branches.SIGHTS not in heads.commits:
            return
        files: dict[str, bytes | File | None] = {LEDGER: ledgers.text(after).encode()} if told else {}
        proposal = self._proposal(chart_branches.SIGHTS, (), files)
        text = "From these days on the age of releases counts.\n\n" + "".join(f"- {code(line)}\n" for line in told)
        title = "chore(charts): record when releases were first seen"
        yield self._attempt(replace(proposal, title=title, body=text, labels=("charts", *proposal.labels)))

    def _branch(self, chart: Chart) -> str:
        return chart_branches.branch(
            chart.folder, self.made.groups.get(chart.folder), is_new=chart.folder not in self.folders
        )

    def _status(self, one: Prepared) -> UpdateStatus:
        return UpdateStatus.UPDATED if one.chart.folder in self.folders else UpdateStatus.ADDED

    def _updates(self, done: Mapping[str, Published | Unpublished]) -> Updates:
        results = []
        for one in self.made.ready:
            name = one.chart.folder
            match one:
                case Planned():
                    results.append(ChartUpdate(name, UpdateStatus.UP_TO_DATE))
                case Refused():
                    status = UpdateStatus.FAILED if one.outside else UpdateStatus.REFUSED
                    results.append(ChartUpdate(name, status, error=one.error))
                case Prepared():
                    answer = done[self._branch(one.chart)]
                    request = answer if isinstance(answer, Published) else None
                    error = str(answer.error) if isinstance(answer, Unpublished) else None
                    results.append(ChartUpdate(name, self._status(one), one.subcharts, error, request))
        findings = [each for one in self.made.ready if not isinstance(one, Planned) for each in one.findings]
        return Updates(tuple(results), tuple(findings))

    def _group(self, branch: str, group: Sequence[Prepared], unsure: Sequence[str]) -> Published | Unpublished:
        updates = [ChartUpdate(one.chart.folder, self._status(one), one.subcharts) for one in group]
        try:
            proposal = self._proposal(branch, updates, self._files(group, updates))
            proposal = replace(proposal, incomplete=tuple(unsure))
        except KubeaidCiError as error:
            return Unpublished(branch, error)
        return self._attempt(proposal, [one.chart for one in updates])

    def _files(self, group: Sequence[Prepared], updates: Sequence[ChartUpdate]) -> dict[str, bytes | File | None]:
        """Every file that a group changes: its charts, the ledger, and what follows the charts."""
        files: dict[str, bytes | File | None] = {path: file for one in group for path, file in one.files.items()}
        entries = {**self.ledger.entries, **{key: entry for one in group for key, entry in one.entries.items()}}
        files[LEDGER] = ledgers.text(replace(self.ledger, entries=entries, exists=True)).encode()
        folders = self.folders | {one.chart.folder for one in group}
        there = [path for path in platform_files.FILES if (self.desk.checkout / path).is_file()]
        texts = {path: (self.desk.checkout / path).read_text(encoding="utf-8", errors="replace") for path in there}
        after = platform_files.following(texts, folders, chart_request.step(updates))
        return files | {path: text.encode() for path, text in after.items()}

    def _proposal(
        self, branch: str, updates: Sequence[ChartUpdate], files: Mapping[str, bytes | File | None]
    ) -> Proposal:
        wishes = self.target.wishes
        proposal = Proposal(
            branch,
            self.desk.base,
            chart_request.title(updates, given=wishes.title),
            "",
            files,
            labels=wishes.labels,
            reviewers=wishes.reviewers,
            team_reviewers=wishes.team_reviewers,
            assignees=wishes.assignees,
            milestone=wishes.milestone,
            draft=wishes.draft,
            auto_merge=wishes.auto_merge,
        )
        return self._with_text(proposal, updates) if updates else proposal

    def _with_text(self, proposal: Proposal, updates: Sequence[ChartUpdate]) -> Proposal:
        defaults = self.effects.defaults([self.made.trials[one.chart] for one in updates])
        clusters, lost = self.effects.clusters(proposal, updates, self.target.style)
        compared = [defaults, *([clusters] if clusters else [])]

        def text(limit: int) -> str:
            return chart_request.body(updates, defaults=defaults, clusters=clusters, lost=lost, limit=limit)

        return replace(
            proposal,
            body=text(self.target.limit),
            whole=text(bodies.NO_LIMIT) if self.target.wishes.preview else "",
            labels=(*chart_request.labels(updates, compared, lost), *proposal.labels),
        )

    def _attempt(self, proposal: Proposal, charts: Sequence[str] = ()) -> Published | Unpublished:
        wishes = self.target.wishes
        try:
            return publish_proposal(
                proposal,
                # No file of a published chart is left out for an ignore file's sake.
                replace(self.desk.workshop, checkout=None),
                self.target.forge,
                style=self.target.style,
                clusters=charts,
                on_foreign_commits=wishes.on_foreign_commits,
                commit_via=wishes.commit_via,
                preview=Path(wishes.preview) if wishes.preview else None,
                dry_run=wishes.dry_run,
            )
        except KubeaidCiError as error:
            return Unpublished(proposal.branch, error)
