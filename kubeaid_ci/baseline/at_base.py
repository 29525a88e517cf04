"""The findings that a base revision of a repository has, for ``--new-only``.

Clusters and charts that the base does not have have no findings there.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from kubeaid_ci.build.build import build_clusters
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import HOME, Folders, folders_of
from kubeaid_ci.config_repo.selection import chosen
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.checkout import checkout_at
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import Commit, TreeRevision, WorkTree
from kubeaid_ci.helm.chart import CHARTS
from kubeaid_ci.render.repositories import RevisionMissingError


def of_charts(
    kubeaid: str | os.PathLike[str],
    base: TreeRevision,
    charts: Sequence[str],
    check: Callable[[Commit, Sequence[str]], Iterable[Finding]],
) -> Iterable[Finding]:
    """Return the findings of charts (none: all) at a base revision.

    `check` runs the job at a commit for the charts of these names. Raises `UserError` for an unknown revision.
    """
    repository, commit = _at(Path(kubeaid).resolve(), base)
    folders = {name: name.rstrip("/").removeprefix(f"{CHARTS}/").partition("/")[0] for name in charts}
    present = [name for name, folder in folders.items() if repository.tree(commit, f"{CHARTS}/{folder}")]
    if (charts and not present) or repository.tree(commit, CHARTS) is None:
        return ()
    return check(Commit(commit), present)


def of_build(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    base: TreeRevision,
    dirs: Sequence[str],
    **build: Any,
) -> Iterable[Finding]:
    """Return the findings of ``build --check`` at a base revision of the config repo.

    `dirs` are folders of clusters (none: all), `build` are options of `build_clusters`. Raises `UserError` for an
    unknown revision.
    """
    repository, commit = _at(Path(config_repo).resolve(), base)
    present = _clusters(repository, commit, dirs)
    if not present:
        return ()
    with checkout_at(repository.folder, commit) as folder:
        return build_clusters(folder, kubeaid, clusters=present if dirs else (), check=True, **build).findings


def of_clusters(
    config_repo: str | os.PathLike[str],
    base: TreeRevision,
    names: Sequence[str],
    check: Callable[[TreeRevision, Sequence[str]], Iterable[Finding]],
) -> Iterable[Finding]:
    """Return the findings of clusters at a base revision of the config repo, which may be the work tree.

    `names` are clusters or their folders (none: all). `check` runs the job at a revision for the clusters of these
    names. Raises `UserError` for an unknown revision.
    """
    if isinstance(base, WorkTree):
        return check(base, names)
    repository, commit = _at(Path(config_repo).resolve(), base)
    present = _clusters(repository, commit, names)
    return check(Commit(commit), present if names else ()) if present else ()


def _at(root: Path, base: TreeRevision) -> tuple[Repository, str]:
    """Return the repository and the id of the base's commit."""
    repository = Repository.at(root)
    if repository is None:
        raise UserError(f"{root}: not a Git repository, so it has no revision {base}")
    commit = repository.commit(str(base))
    if commit is None:
        raise RevisionMissingError(root, str(base))
    return repository, commit


def _clusters(repository: Repository, commit: str, names: Sequence[str]) -> list[str]:
    """Return the folders of a commit that are clusters, or broken ones; only those that `names` has, if any."""
    if repository.tree(commit, HOME) is None:
        return []
    with snapshot.at_commit(repository.folder, commit, (HOME,)) as files:
        found = folders_of(files, where=f"{repository.folder} at {commit[:12]}")
    known = [folder for folder in found if isinstance(folder, Cluster) or folder.wrong or folder.has_output]
    wanted = {folder for name in names for folder in _named(found, name)}
    return [folder.dir for folder in known if not names or folder.dir in wanted]


def _named(found: Folders, name: str) -> set[str]:
    """Return the folders that a name means; none if the base does not have it."""
    try:
        return chosen(found, [name])
    except UserError:
        return set()
