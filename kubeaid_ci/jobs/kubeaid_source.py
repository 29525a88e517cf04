"""Which KubeAid files each cluster is built from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.checks.rules import RULES
from kubeaid_ci.edges import config_repo
from kubeaid_ci.edges.disk_tree import DiskTree
from kubeaid_ci.edges.git import Repository
from kubeaid_ci.edges.sources import CommitAt, FolderAt, SourceAt
from kubeaid_ci.edges.tree_reader import TreeReader
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.cluster import Cluster
from kubeaid_ci.model.finding import Finding
from kubeaid_ci.model.remote import Remote
from kubeaid_ci.plan import revision as plan

BUILD = "build/kube-prometheus"
TEMPLATE = f"{BUILD}/common-template.jsonnet"
_APPLICATION = "kube-prometheus"


@dataclass(frozen=True, slots=True)
class KubeAid:
    """The KubeAid files at one revision. `tree` names the content of the build folder of a commit."""

    at: SourceAt
    revision: str | None
    tree: str = ""


def resolve(root: Path, ref: str, config: Path, clusters: tuple[Cluster, ...]) -> Mapping[str, KubeAid | Finding]:
    """For each cluster (by its folder) the KubeAid files to build from, or why there are none.

    `ref` is ``worktree``, ``pinned`` or a revision. Raises `UserError` where `root` is no KubeAid
    checkout or has no such revision.
    """
    repository = Repository.at(root)
    if ref == "worktree":
        if not (root / TEMPLATE).is_file():
            raise UserError(f"{root}: not a KubeAid checkout: it has no {TEMPLATE}; name one with --kubeaid")
        kubeaid = KubeAid(FolderAt(str(root)), repository.describe() if repository else None)
        return {cluster.dir: kubeaid for cluster in clusters}
    if repository is None:
        raise UserError(f"{root}: not a Git repository, so it has no revision {ref}; use --kubeaid-ref worktree")
    if ref != "pinned":
        kubeaid = _at(repository, ref, ref)
        return {cluster.dir: kubeaid for cluster in clusters}
    return _pinned(repository, config, clusters)


def _pinned(repository: Repository, config: Path, clusters: tuple[Cluster, ...]) -> dict[str, KubeAid | Finding]:
    known: dict[str | None, KubeAid] = {}
    found: dict[str, KubeAid | Finding] = {}
    remote, tree = origin(repository.folder), DiskTree(str(config.resolve()))
    for cluster in clusters:
        try:
            revision = pinned_revision(tree, cluster, remote)
            if revision.revision not in known:
                known[revision.revision] = _at(repository, revision.revision, revision.revision or "HEAD")
            found[cluster.dir] = known[revision.revision]
        except UserError as error:
            rule = RULES["build/pinned-revision-missing"]
            message = str(error)
            # Where the checkout is on this machine is no part of the finding.
            content = message.replace(str(repository.folder), "")
            found[cluster.dir] = rule.at(
                cluster.vars_file, message, subject=cluster.label, key="pinned", content=content
            )
    return found


def pinned_revision(config: TreeReader, cluster: Cluster, remote: Remote | None) -> plan.Pinned:
    """Return the KubeAid revision that a cluster pins. Raises `UserError` if it names none."""
    application = config_repo.application(config, cluster, _APPLICATION)
    where = f"{cluster.path}/argocd-apps/templates/{_APPLICATION}.yaml"
    if application is None:
        raise UserError(f"{where}: no Application {_APPLICATION}, so no KubeAid revision is pinned")
    pinned = plan.pinned(application, remote)
    if pinned is None:
        raise UserError(
            f"{where}: names no KubeAid revision: no source points at a KubeAid repository"
            f" and the label {plan.VERSION_LABEL} is not set"
        )
    return pinned


def _at(repository: Repository, revision: str | None, name: str) -> KubeAid:
    commit = repository.default_branch() if revision is None else repository.commit(revision)
    if commit is None:
        raise UserError(
            f"{repository.folder}: has no revision {name}; fetch it: git -C {repository.folder} fetch --tags origin"
        )
    tree = repository.tree(commit, BUILD)
    if tree is None:
        raise UserError(f"{repository.folder}: revision {name} has no {BUILD}/, so it is no KubeAid revision")
    return KubeAid(CommitAt(str(repository.folder), commit, BUILD), name if revision else commit[:12], tree)


def origin(root: Path) -> Remote | None:
    """The address that a KubeAid checkout came from; nothing where it has none."""
    repository = Repository.at(root)
    try:
        return repository.remote() if repository else None
    except UserError:
        return None  # an origin that is no address names nothing that an Application could point at
