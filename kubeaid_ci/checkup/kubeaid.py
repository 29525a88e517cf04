"""Checks the KubeAid repo: the template, releases, tags, the revisions that clusters pin, charts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.build.evaluation import Evaluation, Refused
from kubeaid_ci.checkup import checks, forge
from kubeaid_ci.checkup.config_repo import ConfigRepo, settings_check
from kubeaid_ci.checkup.forge import with_short_timeout
from kubeaid_ci.checkup.result import Area, Check
from kubeaid_ci.config_repo.cluster import Cluster, ClusterInfo
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.remote import Heads
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import PINNED, Commit, Pinned, Revision, WorkTree
from kubeaid_ci.repositories.folders import is_address, mirror_folder, reading
from kubeaid_ci.repositories.kubeaid import KubeAid, origin, resolve

_CHARTS = "argocd-helm-charts"
_ADVICE = "name one with --kubeaid PATH|URL or KUBEAID_CI_KUBEAID"


def check_kubeaid(named: str | None, ref: Revision, config: ConfigRepo) -> Iterator[Check]:
    """Check the KubeAid repo, a folder or an address. Of an address an existing mirror is read, but none is made."""
    if named is None:
        yield checks.no_repository(Area.KUBEAID_REPO, "none named", _ADVICE)
        return
    try:
        by_address = is_address(named)
    except UserError as error:
        yield checks.no_repository(Area.KUBEAID_REPO, str(error))
        return
    if not by_address:
        yield from _folder(Path(named).resolve(), ref, config)
        return
    access = with_short_timeout(reading(named))
    answer = forge.readable(access)
    default = answer.default if isinstance(answer, Heads) else answer
    yield checks.reading(Area.KUBEAID_REPO, access.url, default, access.help)
    mirror = mirror_folder(access.url)
    if mirror.is_dir() and Repository.at(mirror):
        yield from _folder(mirror, Commit("HEAD") if isinstance(ref, WorkTree) else ref, config)


def _folder(root: Path, ref: Revision, config: ConfigRepo) -> Iterator[Check]:
    if config.folder is None or config.folder.resolve() != root:
        yield from settings_check(Area.KUBEAID_REPO, root)
    infos = [cluster for cluster in config.clusters.clusters if cluster.vars_file]
    clusters = tuple(Cluster(cluster.name, cluster.dir, cluster.vars_file) for cluster in infos)
    home = config.folder or root
    try:
        sources = resolve(root, ref, home, clusters)
    except UserError as error:
        yield checks.no_repository(Area.KUBEAID_REPO, str(error))
        return
    repository = Repository.at(root)
    remote = origin(root)
    yield checks.kubeaid(str(root), repository.describe() if repository else None, str(remote) if remote else None)
    if config.has_clusters:
        yield from _releases(infos, clusters, sources, home)
    else:
        yield from checks.clusters_unknown()
    if repository:
        yield checks.history(len(repository.tags()), shallow=repository.is_shallow(), folder=str(root))
    if repository and config.has_clusters:
        lacking = _lacking(resolve(root, PINNED, home, clusters), clusters)
        yield checks.pinned(len(clusters) - len(lacking), lacking, used=isinstance(ref, Pinned))
    charts = [path.parent.name for path in (root / _CHARTS).glob("*/Chart.yaml")]
    yield checks.charts(len(charts))


def _releases(
    infos: Sequence[ClusterInfo],
    clusters: Sequence[Cluster],
    sources: Mapping[str, KubeAid | Finding],
    home: Path,
) -> Iterator[Check]:
    """Check that the release of each cluster is vendored in the KubeAid files that it is built from."""
    there: dict[str, None] = {}
    lacking: dict[str, list[str]] = {}
    for info, cluster in zip(infos, clusters, strict=True):
        source = sources[cluster.dir]
        if isinstance(source, Finding) or info.release is None:
            continue  # reported for the pinned revision, or for the vars file
        evaluation = Evaluation.of(cluster, str(home), source.at, "rjsonnet")
        there |= dict.fromkeys(evaluation.releases())
        try:
            evaluation.release({"kube_prometheus_version": info.release})
        except Refused:
            lacking.setdefault(info.release, []).append(info.name)
    yield checks.releases(sorted(there), lacking)


def _lacking(sources: Mapping[str, KubeAid | Finding], clusters: Sequence[Cluster]) -> dict[str, str]:
    """Return the reason by cluster for each cluster whose KubeAid revision was not found."""
    found = ((cluster.name, sources[cluster.dir]) for cluster in clusters)
    return {name: source.message for name, source in found if isinstance(source, Finding)}
