"""The charts of a checkout as of its last commit: what an update of the checkout has changed since."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kubeaid_ci.charts import source
from kubeaid_ci.charts.source import ChartRepo
from kubeaid_ci.charts.update import select_release
from kubeaid_ci.charts.update.tracked import tracked
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.settings.policy import Step


@dataclass(frozen=True, slots=True)
class HeadCharts:
    """The folders of umbrella charts, and the vendored versions by ``umbrella/folder``."""

    folders: frozenset[str]
    versions: Mapping[str, str]

    @classmethod
    def read(cls, root: Path, repo: ChartRepo, *, cache: bool) -> Self:
        """Read the last commit of a checkout. Without one, nothing has changed: `repo` is what was there."""
        if repo.snapshot.commit is None and _has_commit(root):
            try:
                head = source.read(root, "HEAD", cache=cache)
            except UserError:
                return cls.of(repo)  # the commit has no charts, or no readable ledger
            head.snapshot.close()
            return cls.of(head)
        return cls.of(repo)

    @classmethod
    def of(cls, repo: ChartRepo) -> Self:
        """Return what a repository holds."""
        folders = {chart.folder for chart in repo.charts.charts} | {bad.path.split("/")[1] for bad in repo.charts.bad}
        return cls(frozenset(folders), {one.key: one.current for one in tracked(repo.charts.charts)})

    def interrupted(self, repo: ChartRepo) -> Iterator[tuple[str, str]]:
        """Yield dependencies, by key, that have another version than here and than in the ledger: a kill came between.

        Each comes with its version here.
        """
        for one in tracked(repo.charts.charts):
            entry = repo.ledger.entries.get(one.key)
            before = self.versions.get(one.key)
            if one.current and before not in (None, one.current) and (entry is None or entry.version != one.current):
                yield one.key, before or ""

    def step_to(self, versions: Mapping[str, str]) -> Step | None:
        """Return the largest step from the versions here to others."""
        steps = [
            select_release.step(before, versions[key])
            for key, before in self.versions.items()
            if versions.get(key) not in (None, before)
        ]
        return max((one for one in steps if one), key=lambda step: step.weight, default=None)


def _has_commit(root: Path) -> bool:
    repository = Repository.at(root)
    return repository is not None and repository.date("HEAD") is not None
