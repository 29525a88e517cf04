"""A clone of the config repo's base branch to build in, and a workshop to publish from."""

from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.edges import config_repo, git_remote
from kubeaid_ci.edges.config_repo import NotACluster
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.edges.git_workshop import Workshop, open_workshop
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.publish_target import Target
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.suppression import SETTINGS_FILE
from kubeaid_ci.plan.branches import ROOT, of_clusters


@dataclass(frozen=True, slots=True)
class Desk:
    """`checkout` has the base branch as it was at `commit`."""

    checkout: Path
    base: str
    commit: str
    workshop: Workshop

    def look(self) -> Heads:
        """What the remote has of the base and of our branches; the base is fetched where it has moved."""
        return self.workshop.see(self.base, ROOT, f"{ROOT}/*", fetch=(self.base,))

    def is_outdated(self, heads: Heads) -> bool:
        """Whether the base has moved since it was cloned, in what clusters are built from."""
        now = heads.commits.get(self.base, self.commit)
        changed = self.workshop.changed_paths(self.commit, now) if now != self.commit else ()
        return any(path.startswith("k8s/") or path == SETTINGS_FILE for path in changed)

    def proposed(self) -> list[str]:
        """The folders of the clusters that the branch for all of them changes already."""
        commits = self.workshop.see(self.base, ROOT, fetch=(self.base, ROOT)).commits
        base, seen = commits.get(self.base), commits.get(ROOT)
        root = self.workshop.merge_base(base, seen) if base and seen else None
        changed = self.workshop.changed_paths(root, seen) if root and seen else ()
        folders = {path.split("/")[1] for path in changed if path.startswith("k8s/")}
        return [one.dir for one in self._folders() if isinstance(one, Cluster) and one.dir in folders]

    def branches(self) -> dict[str, str]:
        """The branch of each cluster, by its folder."""
        return of_clusters(one for one in self._folders() if isinstance(one, Cluster))

    def left_over(self, heads: Heads) -> set[str]:
        """Branches of clusters that are no more; none where a folder is unreadable and may yet be a cluster."""
        if any(isinstance(one, NotACluster) and one.wrong for one in self._folders()):
            return set()
        own = {branch for branch in heads.commits if branch.startswith(f"{ROOT}/")}
        return own - set(self.branches().values())

    def _folders(self) -> tuple[Cluster | NotACluster, ...]:
        return config_repo.folders(self.checkout)


def set_up(target: Target, folder: Path) -> Desk:
    """Clone into a new folder; raises `UserError` where there is no such base branch, or nothing in it."""
    folder.mkdir()
    checkout = folder / (target.address.remote.name or "config")
    base = git_remote.clone_branch(target.access, checkout, branch=target.base, objects=target.objects)
    commit = Repository(checkout).commit("HEAD")
    if commit is None:
        raise UserError(f"{target.access.url}: {base} has no commit yet, so there is nothing to build; push one first")
    return Desk(checkout, base, commit, open_workshop(folder / "workshop.git", target.access, checkout))
