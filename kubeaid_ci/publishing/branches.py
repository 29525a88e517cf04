"""Branch names. They never change, so that the next run finds its branches again.

A branch is identified by what it holds and by the base branch that it is proposed to. The remote's default branch is
left out of the name.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from kubeaid_ci.build.result import BuildResult, Builds, BuildStatus
from kubeaid_ci.config_repo.cluster import Cluster

PREFIX = "kubeaid-ci"
TOPIC = "kube-prometheus"
ROOT = f"{PREFIX}/{TOPIC}"
"""The branch for all clusters, proposed to the default branch."""
# Those of the platform's earlier scripts, for GitHub and for GitLab.
OLD = ("obmondo-deploy", "argocd-deploy")
# The name of a reference is a file name, to which Git adds ``.lock``; these have at most 255 bytes.
_LONGEST_PART = 200


@dataclass(frozen=True, slots=True)
class Group:
    """The content of one branch: the built clusters, and those that belong to it but failed.

    A group of neither is a branch that is no longer used. `successor` is the branch that took its place, if any.
    """

    branch: str
    built: tuple[BuildResult, ...] = ()
    failed: tuple[BuildResult, ...] = ()
    successor: str | None = None


def root(base: str, default: str | None) -> str:
    """Return the branch for all clusters. `default` is the remote's default branch, None if it has none."""
    return f"{prefix(base, default)}/{TOPIC}"


def prefix(base: str, default: str | None) -> str:
    """Return what the names of all branches to a base begin with, without a slash at the end."""
    return PREFIX if base == default else f"{PREFIX}/into/{part(base)}"


def single_group(builds: Builds, branch: str) -> tuple[Group, ...]:
    """Return one group for all clusters. If none could be built, what is open stays open."""
    built = _built(builds)
    return (Group(branch, built, builds.failed),) if built else ()


def per_cluster(builds: Builds, own: Mapping[str, str], *, stale: Mapping[str, str | None]) -> tuple[Group, ...]:
    """Return a group for each built cluster, by its folder in `own`, after those of stale branches.

    The names of a stale branch and of a new one may exclude each other (see `conflicting_branch`), so the first has
    to go before the second comes. `stale` has the successor of each stale branch, if any.
    """
    old = tuple(Group(branch, successor=new) for branch, new in sorted(stale.items()))
    return (*old, *(Group(own[result.dir], (result,)) for result in _built(builds)))


def of_clusters(clusters: Iterable[Cluster], root: str) -> dict[str, str]:
    """Return the branch of each cluster by its folder, which is what identifies a cluster."""
    return {cluster.dir: f"{root}/{part(cluster.dir)}" for cluster in clusters}


def former(cluster: Cluster) -> tuple[str, ...]:
    """Return the branches that earlier releases used for a cluster, whatever the base."""
    name, folder = _plain(cluster.name), _plain(cluster.dir)
    return (f"{ROOT}/{name}", f"{ROOT}/{name}/{folder}")


def conflicting_branch(branch: str, present: Iterable[str]) -> str | None:
    """Return a branch with which Git cannot keep this one: ``a`` and ``a/b`` exclude each other."""
    for other in sorted(present):
        if other.startswith(f"{branch}/") or branch.startswith(f"{other}/"):
            return other
    return None


def refs_to_fetch(base: str, branch: str) -> tuple[str, ...]:
    """Return the branches, and patterns of branches, whose state matters to a proposal, or to one below its branch."""
    above = [str(path) for path in PurePosixPath(branch).parents if str(path) != "."]
    return (base, branch, f"{branch}/*", *above, ROOT, f"{ROOT}/*", *OLD)


def part(name: str) -> str:
    """Return a name as one part of a branch name. Different names give different parts.

    Git does not allow spaces, some signs, and dots at the ends. A checksum of the name follows if it had to be changed.
    """
    plain = _plain(name)[:_LONGEST_PART]
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _plain(name: str) -> str:
    plain = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", name))
    return re.sub(r"^[.-]+|(\.lock)?\.*$", "", plain) or "cluster"


def _built(builds: Builds) -> tuple[BuildResult, ...]:
    return tuple(result for result in builds.results if result.status is not BuildStatus.FAILED)
