"""A clone of the config repo's base branch to build in, and a repository to publish from."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.config_repo import folders as config_repo
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import NotACluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.suppression import SETTINGS_FILE
from kubeaid_ci.git import remote as git_remote
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.publishing import branches
from kubeaid_ci.publishing.target import Target

if TYPE_CHECKING:
    from kubeaid_ci.git.commit_repository import CommitRepository


@dataclass(frozen=True)
class PublishCheckout:
    """A clone of the config repo's base branch. `folder` has its files as they were at `commit`."""

    folder: Path
    base: str
    commit: str
    access: GitAccess

    @cached_property
    def repository(self) -> "CommitRepository":
        """Return the repository, set up on first use: not set up if there is nothing to publish."""
        from kubeaid_ci.git.commit_repository import create_commit_repository

        objects = self.folder / ".git" / "objects"
        return create_commit_repository(self.folder.parent / "commits.git", self.access, self.folder, objects=objects)

    def remote_heads(self) -> Heads:
        """Return the remote's base, its default branch, and all branches that matter to what is published."""
        names = (branches.root(self.base, None), branches.root(self.base, self.base))
        patterns = [pattern for name in names for pattern in branches.refs_to_fetch(self.base, name)]
        return git_remote.heads(self.access, *dict.fromkeys(patterns))

    def root(self, heads: Heads) -> str:
        """Return the branch for all clusters."""
        return branches.root(self.base, heads.default)

    def is_outdated(self, heads: Heads) -> bool:
        """Return whether the base has moved since it was cloned, in what clusters are built from."""
        if heads.commits.get(self.base, self.commit) == self.commit:
            return False
        now = self.repository.fetch_heads(self.base, fetch=(self.base,), known=heads).commits[self.base]
        changed = self.repository.changed_paths(self.commit, now)
        return any(path.startswith("k8s/") or path == SETTINGS_FILE for path in changed)

    def proposed(self, heads: Heads) -> tuple[list[str], Heads]:
        """Return the folders of the clusters that the branch for all clusters changes already.

        The branch may have moved since `heads` were read, so they come back as they were when it was fetched.
        """
        root = self.root(heads)
        if root not in heads.commits:
            return [], heads
        heads = self.repository.fetch_heads(self.base, root, fetch=(self.base, root), known=heads)
        base, seen = heads.commits.get(self.base), heads.commits.get(root)
        start = self.repository.merge_base(base, seen) if base and seen else None
        changed = self.repository.changed_paths(start, seen) if start and seen else ()
        folders = {path.split("/")[1] for path in changed if path.startswith("k8s/")}
        return [cluster.dir for cluster in self._clusters() if cluster.dir in folders], heads

    def branch_names(self, heads: Heads) -> dict[str, str]:
        """Return the branch of each cluster, by its folder."""
        return branches.of_clusters(self._clusters(), self.root(heads))

    def superseded(self, group: branches.Group, heads: Heads) -> tuple[str, ...]:
        """Return the branches that earlier releases used for the same clusters and every base."""
        if self.base == heads.default:
            return ()
        dirs = {result.dir for result in group.built}
        clusters = [cluster for cluster in self._clusters() if cluster.dir in dirs]
        return (branches.ROOT, *(old for cluster in clusters for old in branches.former(cluster)))

    def stale_branches(self, heads: Heads, *, everything: bool) -> dict[str, str | None]:
        """Return the branches of clusters that are no longer used, each with its successor, if any.

        Unless `everything` was built, only those that have a successor. None are returned if a folder is unreadable,
        because it may be a cluster. Earlier releases used the same names for every base, so that only a run for the
        default branch knows that such a branch is not in use.
        """
        if any(isinstance(one, NotACluster) and one.wrong for one in self._folders()):
            return {}
        own = self.branch_names(heads)
        in_use = {*own.values(), self.root(heads)}
        renamed = {
            old: own[cluster.dir]
            for cluster in self._clusters()
            for old in branches.former(cluster)
            if self.base == heads.default and old in heads.commits and old not in in_use
        }
        below = [branch for branch in heads.commits if branch.startswith(f"{self.root(heads)}/")]
        gone = dict.fromkeys(branch for branch in below if branch not in in_use) if everything else {}
        return {**gone, **renamed}

    def _clusters(self) -> list[Cluster]:
        return [one for one in self._folders() if isinstance(one, Cluster)]

    def _folders(self) -> tuple[Cluster | NotACluster, ...]:
        return config_repo.folders(self.folder)


def clone_base(target: Target, folder: Path, *, wanted: str = "k8s") -> PublishCheckout:
    """Clone into a new folder; raises `UserError` if there is no such base branch, or it lacks the `wanted` folder.

    A config repo has ``k8s/``, a KubeAid repo ``argocd-helm-charts/``.
    """
    folder.mkdir()
    checkout = folder / (target.address.remote.name or "config")
    base, commit = git_remote.clone_branch(target.access, checkout, branch=target.base, objects=target.objects)
    if not (checkout / wanted).is_dir():
        kind = "config" if wanted == "k8s" else "KubeAid"
        raise UserError(f"{target.access.url}: not a {kind} repo: its branch {base} has no folder {wanted}/")
    return PublishCheckout(checkout, base, commit, target.access)
