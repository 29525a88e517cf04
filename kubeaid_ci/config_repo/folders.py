"""Reads a config repo: its clusters, their general settings and their Applications."""

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.config_repo.cluster import APPLICATIONS, OUTPUT, Cluster, labelled
from kubeaid_ci.config_repo.general_settings import FILES, GeneralSettings
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.disk_tree import DiskTree
from kubeaid_ci.git.tree import FOLDER, GITLINK, LINK
from kubeaid_ci.git.tree_reader import Kind, Listed, TreeReader

HOME = "k8s"
VARS_SUFFIX = "-vars.jsonnet"
_TEMPLATES = f"{APPLICATIONS}/templates"
# A link may lead back to a folder around it.
_MOST_DEEP = 5


@dataclass(frozen=True, slots=True)
class NotACluster:
    """A folder below ``k8s/`` that cannot be taken for a cluster, and why.

    `wrong` if that is an error. `has_output` if it has built manifests anyway. `about_vars` if its vars files
    are the reason.
    """

    dir: str
    reason: str
    wrong: bool
    has_output: bool = False
    about_vars: bool = False


Folders = tuple[Cluster | NotACluster, ...]


def folders(root: Path) -> Folders:
    """Return every folder below ``k8s/`` on disk, as `folders_of` does; empty if ``k8s/`` holds no file.

    Such a folder does not exist in Git, but it shows that this is a config repo.
    """
    tree = DiskTree(str(root.resolve()))
    if tree.mode(HOME) is None and (root / HOME).is_dir():
        return ()
    return folders_of(tree, where=str(root))


def folders_of(tree: TreeReader, *, where: str) -> Folders:
    """Return every folder below ``k8s/`` that is, was or may be a cluster, sorted by name.

    `where` names the repository in messages. Raises `UserError` if it has no folder ``k8s/``.
    """
    mode = tree.mode(HOME)
    if mode in (LINK, GITLINK):
        raise UserError(f"{where}: {HOME} is a link or a submodule; put the folder itself there")
    if mode != FOLDER:
        raise UserError(f"{where}: not a config repo: {_reason(tree)}")
    found = [one for entry in tree.listing(HOME) if (one := _folder(tree, entry))]
    clusters = {info.dir: info for info in labelled([cluster for cluster in found if isinstance(cluster, Cluster)])}
    return tuple(clusters.get(folder.dir, folder) for folder in found)


def _reason(tree: TreeReader) -> str:
    """Return why a tree without a folder ``k8s/`` is no config repo, and what to do."""
    if FOLDER in (tree.mode("argocd-helm-charts"), tree.mode("build/kube-prometheus")):
        return "it is a KubeAid repo; name the config repo with --config-repo, and this one with --kubeaid"
    return f"it has no folder {HOME}/; name one with --config-repo"


def _folder(tree: TreeReader, entry: Listed) -> Cluster | NotACluster | None:
    """Return what an entry of ``k8s/`` is; None for a file, and for a hidden folder that is no cluster."""
    if entry.kind is Kind.FILE:
        return None
    found = _found(tree, entry)
    if entry.is_link and entry.kind is Kind.FOLDER:
        return _linked(entry, found)
    is_hidden = isinstance(found, NotACluster) and not found.wrong and entry.name.startswith(".")
    return None if is_hidden else found


def _found(tree: TreeReader, entry: Listed) -> Cluster | NotACluster:
    where = f"{HOME}/{entry.name}"
    if entry.kind is Kind.REFUSED:
        # A submodule, or a link out of the repository, may still be a cluster.
        return NotACluster(entry.name, f"{where}: {entry.reason}", wrong=not entry.is_broken)
    if not _is_text(entry.name):
        return NotACluster(entry.name, f"{where}: the folder's name is not UTF-8; rename it", wrong=True)
    try:
        return _cluster(tree, entry.name)
    except UserError as error:
        return NotACluster(entry.name, str(error), wrong=True)


def _linked(entry: Listed, found: Cluster | NotACluster) -> NotACluster:
    """Return why a link is no cluster: its target is one, counted once, or it must be a folder."""
    where = f"{HOME}/{entry.name}: is a link to {entry.target}"
    home, _, name = entry.real.rpartition("/")
    if home == HOME:
        return NotACluster(entry.name, f"{where}; the cluster is {HOME}/{name}", wrong=False)
    if isinstance(found, Cluster) or found.wrong:
        return NotACluster(entry.name, f"{where}; a cluster is a folder: put the folder itself here", wrong=True)
    return NotACluster(entry.name, f"{where}, so not a cluster", wrong=False)


def _cluster(tree: TreeReader, name: str) -> Cluster | NotACluster:
    """Return the cluster in a folder, or why it is not a cluster. Raises `UserError` if the folder cannot be read."""
    where = f"{HOME}/{name}"
    entries = {one.name: one for one in tree.listing(where)}
    applications, output = entries.get(APPLICATIONS), entries.get(OUTPUT)
    has_output = output is not None and output.kind is Kind.FOLDER
    found = [one for each, one in entries.items() if each.endswith(VARS_SUFFIX)]
    if len(found) > 1:
        return NotACluster(name, _several(where, found), wrong=True, has_output=has_output, about_vars=True)
    for listed in (*found, *([applications] if applications else [])):
        wanted = Kind.FOLDER if listed is applications else Kind.FILE
        if listed.kind is Kind.REFUSED or (listed.kind is not wanted and listed is not applications):
            reason = listed.reason or "is a folder, not a file"
            return NotACluster(name, f"{where}/{listed.name}: {reason}", wrong=True, has_output=has_output)
    has_applications = applications is not None and applications.kind is Kind.FOLDER
    if not found and not has_applications:
        reason = f"{where}: no {APPLICATIONS}/ and no *{VARS_SUFFIX}, so not a cluster"
        return NotACluster(name, reason, wrong=False, has_output=has_output)
    general = _general(tree, where, entries)
    stem = found[0].name.removesuffix(VARS_SUFFIX) if found else general.name or name
    if not stem or not _is_text(stem):
        reason = f"{where}/{found[0].name}: names no cluster; call it NAME{VARS_SUFFIX}"
        return NotACluster(name, reason, wrong=True, has_output=has_output)
    return Cluster(
        stem,
        name,
        f"{where}/{found[0].name}" if found else None,
        general=general,
        has_applications=has_applications,
        has_output=has_output,
    )


def _several(where: str, found: list[Listed]) -> str:
    names = [one.name for one in found]
    listed = " and ".join(names) if len(names) == 2 else ", ".join(names)
    return f"{where}: expected one *{VARS_SUFFIX}, found {len(found)}: {listed}; keep the one that names the cluster"


def _general(tree: TreeReader, where: str, entries: dict[str, Listed]) -> GeneralSettings:
    entry = next((entries[name] for name in FILES if name in entries), None)
    if entry is None:
        return GeneralSettings()
    path = f"{where}/{entry.name}"
    if entry.kind is not Kind.FILE:
        return GeneralSettings(path, problems=(entry.reason or "is a folder, not a file",))
    try:
        return GeneralSettings.parse(documents.load_texts(tree.read(entry.real), where=path), path)
    except UserError as error:
        return GeneralSettings(path, problems=(str(error).removeprefix(f"{path}: "),))


def _is_text(name: str) -> bool:
    """False for a name that is not UTF-8, which Python holds as halves of surrogate pairs."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def application(tree: TreeReader, cluster: Cluster, name: str) -> dict[str, Any] | None:
    """Return the Application of a name among a cluster's templates, or None.

    The file named like the Application is read first. Raises `UserError` if that file is not YAML.
    """
    templates = _templates(tree, f"{cluster.path}/{_TEMPLATES}")
    own = f"{cluster.path}/{_TEMPLATES}/{name}.yaml"
    for path, real in templates:
        if path == own:
            return next(iter(_applications(tree, path, real)), None)
    return next((entry for entry in applications(tree, cluster) if _name(entry) == name), None)


def applications(tree: TreeReader, cluster: Cluster) -> tuple[dict[str, Any], ...]:
    """Return every Application among a cluster's templates that is plain YAML, in order of file name."""
    found: list[dict[str, Any]] = []
    for path, real in _templates(tree, f"{cluster.path}/{_TEMPLATES}"):
        try:
            found.extend(_applications(tree, path, real))
        except UserError:
            # A template that is only YAML after Helm rendered it; `render` reads those.
            continue
    return tuple(found)


def applies_output(tree: TreeReader, cluster: Cluster) -> bool:
    """True if an Application among a cluster's templates applies its built manifests."""
    found = applications(tree, cluster)
    return any(_path(source) == cluster.output for entry in found for source in _sources(entry))


def application_names(tree: TreeReader, cluster: Cluster) -> tuple[str, ...]:
    """Return the names of a cluster's Applications, sorted."""
    return tuple(sorted({_name(entry) for entry in applications(tree, cluster)} - {""}))


def _templates(tree: TreeReader, folder: str, depth: int = 0) -> list[tuple[str, str]]:
    """Return the YAML files below a folder: the path of each, and where it leads."""
    found: list[tuple[str, str]] = []
    try:
        listed = tree.listing(folder)
    except UserError:
        return []
    for one in listed:
        if one.kind is Kind.FILE and one.name.endswith((".yaml", ".yml")):
            found.append((f"{folder}/{one.name}", one.real))
        elif one.kind is Kind.FOLDER and depth < _MOST_DEEP:
            found += _templates(tree, f"{folder}/{one.name}", depth + 1)
    return found


def _applications(tree: TreeReader, path: str, real: str) -> list[dict[str, Any]]:
    found = documents.load_all(tree.read(real), where=path)
    return [entry for entry in found if isinstance(entry, dict) and entry.get("kind") == "Application"]


def _sources(application: dict[str, Any]) -> list[Any]:
    spec = application.get("spec")
    if not isinstance(spec, dict):
        return []
    several = spec.get("sources")
    return [spec.get("source"), *(several if isinstance(several, list) else [])]


def _path(source: Any) -> str | None:
    path = source.get("path") if isinstance(source, dict) else None
    return posixpath.normpath(path).lstrip("/") if isinstance(path, str) and path else None


def _name(application: dict[str, Any]) -> str:
    metadata = application.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""
