"""Effects of proposed chart updates: with default values, and on the clusters of a config repo."""

from collections.abc import Iterable, Sequence
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
from kubeaid_ci.git.revision import Commit
from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.publishing.checkout import PublishCheckout
from kubeaid_ci.render.render import render_clusters
from kubeaid_ci.render.rendering import Renderings
from kubeaid_ci.settings import Settings

_DEFAULTS = "default values"
"""The cluster name if charts are compared without clusters."""


@dataclass(slots=True)
class Effects:
    """Looks at updates of one checkout, against a config repo if there is one. What is there now is rendered once.

    Clusters are taken as if they ran the newest state of the base branch, so that only the update differs.
    """

    checkout: PublishCheckout
    config: Path | None
    settings: Settings
    jobs: int | None = field(kw_only=True)
    cache: bool = field(kw_only=True)
    _now: Renderings | None = field(default=None, init=False)
    _set: tuple[SetValues, ...] = field(default=(), init=False)

    def defaults(self, trials: Iterable[TestRender]) -> Comparison:
        """Return what updates change with default values."""
        before: list[Manifest] = []
        after: list[Manifest] = []
        for trial in trials:
            before += trial.before.manifests if trial.before else ()
            after += trial.after.manifests
        helm = chosen_helm(None, self.settings)
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
            self._set = set_values(
                self.config,
                repository.folder,
                kubeaid_ref=Commit(base),
                settings=self.settings,
                jobs=self.jobs,
                cache=self.cache,
            )
        gone = [value for update in updates for value in lost(self._set, update)]
        return compare_renderings(self._now, self._rendered(self.config, after)), tuple(gone)

    def _rendered(self, config: Path, commit: str) -> Renderings:
        return render_clusters(
            config,
            self.checkout.repository.folder,
            kubeaid_ref=Commit(commit),
            settings=self.settings,
            jobs=self.jobs,
            cache=self.cache,
        )
