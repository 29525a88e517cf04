"""Effects of proposed chart updates: with default values, and on the clusters of a config repo."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubeaid_ci.charts.render import chosen_helm
from kubeaid_ci.charts.update.job import TestRender
from kubeaid_ci.charts.update.result import ChartUpdate, LostValue
from kubeaid_ci.charts.update.values_change import SetValues, lost, set_values
from kubeaid_ci.diff.clusters import compare_clusters
from kubeaid_ci.diff.comparison import Comparison
from kubeaid_ci.diff.diff import compare_renderings
from kubeaid_ci.forge.change_request import Proposal
from kubeaid_ci.git.commit import CommitStyle
from kubeaid_ci.git.revision import WORK_TREE, Commit
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.publishing.checkout import PublishCheckout
from kubeaid_ci.render.fleet import Fleet, fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.render import render_each
from kubeaid_ci.render.rendering import RenderedApp, Renderings
from kubeaid_ci.render.repositories import LocalRepositories

_DEFAULTS = "default values"
"""The cluster name if charts are compared without clusters."""


@dataclass(slots=True)
class Effects:
    """Looks at updates of one checkout, against a config repo if there is one. What is there now is rendered once.

    Clusters are taken as if they ran the newest state of the base branch, so that only the update differs.
    """

    checkout: PublishCheckout
    config: Path | None
    run: RunOptions
    _now: Renderings | None = field(default=None, init=False)
    _set: tuple[SetValues, ...] = field(default=(), init=False)

    def defaults(self, trials: Iterable[TestRender]) -> Comparison:
        """Return what updates change with default values."""
        before: list[Manifest] = []
        after: list[Manifest] = []
        for trial in trials:
            before += trial.before.manifests if trial.before else ()
            after += trial.after.manifests
        helm = chosen_helm(None, self.run.settings)
        return replace(compare_clusters({_DEFAULTS: before}, {_DEFAULTS: after}), helm=helm)

    def clusters(
        self, proposal: Proposal, updates: Sequence[ChartUpdate], style: CommitStyle
    ) -> tuple[Comparison | None, tuple[LostValue, ...]]:
        """Return what a proposal changes in each cluster, and the values that clusters set and lose by it."""
        if self.config is None:
            return None, ()
        repository, base = self.checkout.repository, self.checkout.commit
        tree = repository.tree_with(base, proposal.files)
        after = repository.commit(tree, base, message=proposal.title, style=style)
        if self._now is None:
            self._now = self._rendered(self.config, base)
            with self._fleet(self.config, base) as fleet:
                self._set = set_values(fleet)
        gone = [value for update in updates for value in lost(self._set, update)]
        return compare_renderings(self._now, self._rendered(self.config, after)), tuple(gone)

    def _rendered(self, config: Path, commit: str) -> Renderings:
        rendered: list[RenderedApp] = []
        with self._fleet(config, commit) as fleet:
            findings = render_each(fleet, rendered.append)
        return Renderings(tuple(rendered), findings)

    def _fleet(self, config: Path, commit: str) -> AbstractContextManager[Fleet]:
        """Open the clusters with their charts at a commit of the KubeAid repo."""
        folder = self.checkout.repository.folder
        repositories = LocalRepositories.of(config, folder, config_ref=WORK_TREE, kubeaid_ref=Commit(commit))
        return fleet_at(repositories, self.run)
