"""The revisions of both repositories that clusters are built and rendered from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.bundle.repositories import Revisions
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding, Severity
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.repositories.kubeaid import origin, pinned_revision


@dataclass(frozen=True, slots=True)
class Pins:
    """The pinned revisions of each repository, and those that it does not have."""

    config: Revisions
    kubeaid: Revisions
    findings: tuple[Finding, ...]


def pins_of(repositories: LocalRepositories, clusters: Sequence[Cluster], addresses: frozenset[Remote]) -> Pins:
    """Return what rendering has resolved, with what building would resolve.

    `repositories` are those of a fleet whose clusters are rendered. `addresses` are those that mean the KubeAid repo.
    """
    by_root: dict[Path, dict[str, str]] = {repositories.config: {}, repositories.kubeaid: {}}
    findings: list[Finding] = []
    for root, name, commit in repositories.resolved():
        if commit is not None:
            by_root[root][name] = commit
        else:
            findings.append(_missing(root, name))
    for cluster in clusters:
        if cluster.vars_file:
            findings += _of_building(repositories, cluster, addresses, by_root[repositories.kubeaid])
    config, kubeaid = (Revisions(root, by_root[root]) for root in (repositories.config, repositories.kubeaid))
    return Pins(config, kubeaid, tuple(findings))


def _missing(root: Path, name: str) -> Finding:
    message = f"{root.name} has no revision {name}, which an Application pins"
    return RULES["bundle/revision-missing"].at(None, message, subject=name, key=name)


def _of_building(
    repositories: LocalRepositories, cluster: Cluster, addresses: frozenset[Remote], pinned: dict[str, str]
) -> Iterator[Finding]:
    """Add the revision of a cluster's monitoring build to `pinned`, or yield why it is unknown."""
    rule, root = RULES["bundle/revision-missing"], repositories.kubeaid
    tree = DiskTree(str(repositories.config))
    own = addresses.union(remote for remote in [origin(root)] if remote)
    try:
        revision = pinned_revision(tree, cluster, own)
    except UserError as error:
        # It cannot be built from the repositories either, so the bundle is as good as they are.
        yield rule.at(cluster.vars_file, str(error), subject=cluster.label, severity=Severity.WARNING, key="build")
        return
    repository = Repository(root)
    if revision.revision is None:
        pinned["HEAD"] = repository.default_branch()
        return
    name = repository.target_name(revision.revision, revision.tag_prefix)
    commit = repository.target(name)
    if commit is None:
        yield _missing(root, name)
    else:
        pinned[name] = commit
