"""A clone of the config repo's base branch to build in, and a workshop to publish from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.edges import config_repo, git_remote
from kubeaid_ci.edges.config_repo import NotACluster
from kubeaid_ci.edges.git_access import GitAccess
from kubeaid_ci.edges.git_remote import Heads
from kubeaid_ci.errors import UserError
from kubeaid_ci.jobs.publish_target import Target
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.suppression import SETTINGS_FILE
from kubeaid_ci.plan import branches

if TYPE_CHECKING:
    from kubeaid_ci.edges.git_workshop import Workshop


@dataclass(frozen=True)
class Desk:
    """`checkout` has the base branch as it was at `commit`."""

    checkout: Path
    base: str
    commit: str
    access: GitAccess

    @cached_property
    def workshop(self) -> "Workshop":
        """The workshop, set up when it is wanted first: where nothing is to be published, it never is."""
        from kubeaid_ci.edges.git_workshop import open_workshop

        objects = self.checkout / ".git" / "objects"
        return open_workshop(self.checkout.parent / "workshop.git", self.access, self.checkout, objects=objects)

    def look(self) -> Heads:
        """What the remote has of the base, and of all branches that matter to what is published."""
        return git_remote.heads(self.access, *branches.looked_at(self.base, branches.ROOT))

    def is_outdated(self, heads: Heads) -> bool:
        """Whether the base has moved since it was cloned, in what clusters are built from."""
        if heads.commits.get(self.base, self.commit) == self.commit:
            return False
        now = self.workshop.see(self.base, fetch=(self.base,), known=heads).commits[self.base]
        changed = self.workshop.changed_paths(self.commit, now)
        return any(path.startswith("k8s/") or path == SETTINGS_FILE for path in changed)

    def proposed(self) -> list[str]:
        """The folders of the clusters that the branch for all of them changes already."""
        commits = self.workshop.see(self.base, branches.ROOT, fetch=(self.base, branches.ROOT)).commits
        base, seen = commits.get(self.base), commits.get(branches.ROOT)
        root = self.workshop.merge_base(base, seen) if base and seen else None
        changed = self.workshop.changed_paths(root, seen) if root and seen else ()
        folders = {path.split("/")[1] for path in changed if path.startswith("k8s/")}
        return [one.dir for one in self._folders() if isinstance(one, Cluster) and one.dir in folders]

    def branches(self) -> dict[str, str]:
        """The branch of each cluster, by its folder."""
        return branches.of_clusters(one for one in self._folders() if isinstance(one, Cluster))

    def left_over(self, heads: Heads) -> set[str]:
        """Branches of clusters that are no more; none where a folder is unreadable and may yet be a cluster."""
        if any(isinstance(one, NotACluster) and one.wrong for one in self._folders()):
            return set()
        own = {branch for branch in heads.commits if branch.startswith(f"{branches.ROOT}/")}
        return own - set(self.branches().values())

    def _folders(self) -> tuple[Cluster | NotACluster, ...]:
        return config_repo.folders(self.checkout)


def set_up(target: Target, folder: Path, *, wanted: str = "k8s") -> Desk:
    """Clone into a new folder; raises `UserError` where there is no such base branch, or it lacks the `wanted` folder.

    A config repo has ``k8s/``, a KubeAid repo ``argocd-helm-charts/``.
    """
    folder.mkdir()
    checkout = folder / (target.address.remote.name or "config")
    base, commit = git_remote.clone_branch(target.access, checkout, branch=target.base, objects=target.objects)
    if not (checkout / wanted).is_dir():
        kind = "config" if wanted == "k8s" else "KubeAid"
        raise UserError(f"{target.access.url}: not a {kind} repo: its branch {base} has no folder {wanted}/")
    return Desk(checkout, base, commit, target.access)
