"""The KubeAid files that each cluster is built from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.config_repo import folders
from kubeaid_ci.config_repo import versions as plan
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.findings.registry import RULES
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Pinned, Revision, WorkTree
from kubeaid_ci.git.source_files import CommitRef, FolderRef, SourceRef
from kubeaid_ci.git.target_revision import range_of
from kubeaid_ci.git.tree_reader import TreeReader
from kubeaid_ci.net.address import Remote

BUILD = "build/kube-prometheus"
TEMPLATE = f"{BUILD}/common-template.jsonnet"
_APPLICATION = "kube-prometheus"


@dataclass(frozen=True, slots=True)
class KubeAid:
    """The KubeAid files at one revision. `tree` names the content of the build folder of a commit."""

    at: SourceRef
    revision: str | None
    tree: str = ""


def resolve(
    root: Path,
    ref: Revision,
    config: Path,
    clusters: tuple[Cluster, ...],
    *,
    addresses: frozenset[Remote] = frozenset(),
) -> Mapping[str, KubeAid | Finding]:
    """Return for each cluster (by its folder) the KubeAid files to build from, or the error.

    `addresses` are those of the KubeAid repo besides its origin. Raises `UserError` if `root` is no KubeAid checkout or
    has no such revision.
    """
    repository = Repository.at(root)
    if isinstance(ref, WorkTree):
        if not (root / TEMPLATE).is_file():
            raise UserError(f"{root}: not a KubeAid checkout: {not_kubeaid(root, TEMPLATE)}")
        kubeaid = KubeAid(FolderRef(str(root)), repository.describe() if repository else None)
        return {cluster.dir: kubeaid for cluster in clusters}
    if repository is None:
        raise UserError(f"{root}: not a Git repository, so it has no revision {ref}; use --kubeaid-ref worktree")
    if isinstance(ref, Pinned):
        return _pinned(repository, config, clusters, addresses)
    kubeaid = _at(repository, repository.commit(ref.name), ref.name)
    return {cluster.dir: kubeaid for cluster in clusters}


def not_kubeaid(root: Path, lacking: str) -> str:
    """Return why a folder that lacks a path is no KubeAid checkout, and what to do."""
    if (root / folders.HOME).is_dir():
        return "it is a config repo; name the KubeAid repo with --kubeaid, and this one with --config-repo"
    return f"it has no {lacking}; name one with --kubeaid"


def _pinned(
    repository: Repository, config: Path, clusters: tuple[Cluster, ...], addresses: frozenset[Remote]
) -> dict[str, KubeAid | Finding]:
    known: dict[plan.Pinned, KubeAid] = {}
    found: dict[str, KubeAid | Finding] = {}
    tree = DiskTree(str(config.resolve()))
    known_addresses = addresses.union(one for one in [origin(repository.folder)] if one)
    for cluster in clusters:
        try:
            revision = pinned_revision(tree, cluster, known_addresses)
            if revision not in known:
                known[revision] = _pinned_at(repository, revision)
            found[cluster.dir] = known[revision]
        except UserError as error:
            rule = RULES["build/pinned-revision-missing"]
            message = str(error)
            # Where the checkout is on this machine is no part of the finding.
            content = message.replace(str(repository.folder), "")
            found[cluster.dir] = rule.at(
                cluster.vars_file, message, subject=cluster.label, key="pinned", content=content
            )
    return found


def pinned_revision(config: TreeReader, cluster: Cluster, kubeaid: frozenset[Remote]) -> plan.Pinned:
    """Return the KubeAid revision that a cluster pins. Raises `UserError` if it names none.

    `kubeaid` are addresses of the KubeAid repo, besides those of the cluster's general settings file. That file's
    version is the last resort.
    """
    try:
        pinned = _pinned_by_application(config, cluster, kubeaid.union(cluster.general.kubeaid))
    except UserError:
        version = cluster.general.kubeaid_version
        if version is None:
            raise
        return plan.Pinned(None if version == "HEAD" else version)
    if pinned.revision and "{{" in pinned.revision:
        raise UserError(
            f"{_where(cluster)}: targetRevision {pinned.revision} is a template, whose value only `render` and `diff`"
            " know; write the revision itself, or choose one with --kubeaid-ref"
        )
    return pinned


def _pinned_by_application(config: TreeReader, cluster: Cluster, kubeaid: frozenset[Remote]) -> plan.Pinned:
    application = folders.application(config, cluster, _APPLICATION)
    where = _where(cluster)
    if application is None:
        raise UserError(f"{where}: no Application {_APPLICATION}, so no KubeAid revision is pinned")
    pinned = plan.pinned(application, kubeaid)
    if pinned is None:
        raise UserError(
            f"{where}: names no KubeAid revision: no source has an address of the KubeAid repo, and the label"
            f" {plan.VERSION_LABEL} is not set; set the label, or list the address under repositories.kubeaid in"
            " .kubeaid-ci.yaml"
        )
    return pinned


def _where(cluster: Cluster) -> str:
    return f"{cluster.path}/argocd-apps/templates/{_APPLICATION}.yaml"


def _pinned_at(repository: Repository, pinned: plan.Pinned) -> KubeAid:
    if pinned.revision is None:
        commit = repository.default_branch()
        return _at(repository, commit, commit[:12])
    name = repository.target_name(pinned.revision, pinned.tag_prefix)
    return _at(repository, repository.target(name), name)


def _at(repository: Repository, commit: str | None, name: str) -> KubeAid:
    if commit is None:
        what = "no tag in the range" if range_of(name) else "no revision"
        raise UserError(
            f"{repository.folder}: has {what} {name}; fetch it: git -C {repository.folder} fetch --tags origin"
        )
    tree = repository.tree(commit, BUILD)
    if tree is None:
        raise UserError(f"{repository.folder}: revision {name} has no {BUILD}/, so it is no KubeAid revision")
    return KubeAid(CommitRef(str(repository.folder), commit, BUILD), name, tree)


def origin(root: Path) -> Remote | None:
    """Return the address that a KubeAid checkout came from; None if it has none."""
    repository = Repository.at(root)
    try:
        return repository.remote() if repository else None
    except UserError:
        return None  # an origin that is no address names nothing that an Application could point at
