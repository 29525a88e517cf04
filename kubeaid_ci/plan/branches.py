"""Which branch brings which clusters. The names never change, so that the next run finds them again."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from kubeaid_ci.model.build import BuildResult, Builds, BuildStatus
from kubeaid_ci.model.cluster import Cluster

ROOT = "kubeaid-ci/kube-prometheus"
# Those of the platform's earlier scripts, for GitHub and for GitLab.
OLD = ("obmondo-deploy", "argocd-deploy")


@dataclass(frozen=True, slots=True)
class Group:
    """What one branch brings: the built clusters, and those that should be in it but failed."""

    branch: str
    built: tuple[BuildResult, ...]
    failed: tuple[BuildResult, ...] = ()


def together(builds: Builds) -> tuple[Group, ...]:
    """One branch for all clusters. Where none could be built nothing is known, and what is open stays open."""
    built = _built(builds)
    return (Group(ROOT, built, builds.failed),) if built else ()


def each(builds: Builds, own: Mapping[str, str], *, left_over: Iterable[str] = ()) -> tuple[Group, ...]:
    """A branch for each built cluster, by its folder in `own`, and nothing for the branches that are left over."""
    groups = [Group(own[result.dir], (result,)) for result in _built(builds)]
    return (*groups, *(Group(branch, ()) for branch in sorted(left_over)))


def of_clusters(clusters: Iterable[Cluster]) -> dict[str, str]:
    """The branch of each cluster, by its folder. Where several share a name, the folder tells them apart."""
    names = {cluster.dir: part(cluster.name) for cluster in clusters}
    shared = Counter(names.values())
    return {
        folder: f"{ROOT}/{name}/{part(folder)}" if shared[name] > 1 else f"{ROOT}/{name}"
        for folder, name in names.items()
    }


def in_the_way(branch: str, present: Iterable[str]) -> str | None:
    """A branch with which Git cannot keep this one: ``a`` and ``a/b`` exclude each other."""
    for other in sorted(present):
        if other.startswith(f"{branch}/") or branch.startswith(f"{other}/"):
            return other
    return None


def looked_at(base: str, branch: str) -> tuple[str, ...]:
    """The branches, and patterns of branches, whose state matters to a proposal, or to one below its branch."""
    above = [str(path) for path in PurePosixPath(branch).parents if str(path) != "."]
    return (base, branch, f"{branch}/*", *above, *OLD)


def part(name: str) -> str:
    """A name as a part of a branch name, which Git wants without blanks, some signs, and dots at its ends."""
    plain = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", name))
    return re.sub(r"^[.-]+|(\.lock)?\.*$", "", plain) or "cluster"


def _built(builds: Builds) -> tuple[BuildResult, ...]:
    return tuple(result for result in builds.results if result.status is not BuildStatus.FAILED)
