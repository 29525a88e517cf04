"""The files to read for an Application of plain manifests (`getPotentiallyValidManifests` of Argo CD 3.5)."""

from kubeaid_ci.argocd import directory_manifests
from kubeaid_ci.argocd.application import DirectorySource
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import Refused
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, tree_id
from kubeaid_ci.globs import argocd
from kubeaid_ci.render.repositories import NotAtHandError, Place
from kubeaid_ci.render.task import FilesAt, FolderTask


def folder_task(source: DirectorySource, place: Place, folder: str) -> FolderTask:
    """Return the files of a folder that are read as manifests, links to files in the repository included.

    Raises `NotAtHandError` for jsonnet, and `UserError` for a link that leads out of the repository.
    """
    found = {path: real for path in _chosen(source, place, folder) if (real := _real(place, path))}
    for path, real in found.items():
        if path.endswith(".jsonnet") and not _is_skipped(place, real):
            raise NotAtHandError(f"{path} is jsonnet, which Argo CD evaluates and kubeaid-ci does not")
    found = {path: real for path, real in found.items() if not path.endswith(".jsonnet")}
    tops = sorted({real.split("/", 1)[0] for real in found.values()} | set(place.at.folders))
    tree = tree_id({path: place.files.files[real] for path, real in found.items()}) if found else ""
    return FolderTask(FilesAt(place.at.root, place.at.ref, tuple(tops)), tuple(found.items()), tree)


def _chosen(source: DirectorySource, place: Place, folder: str) -> list[str]:
    """Return the paths with an ending of manifests that the patterns choose, in the order of a walk."""
    include = argocd.gobwas(source.include) if source.include else None
    exclude = argocd.gobwas(source.exclude) if source.exclude else None
    start = len(folder) + 1 if folder else 0
    chosen = []
    for path in sorted(place.below(folder), key=lambda path: path.split("/")):
        inside = path[start:]
        if not inside.endswith(directory_manifests.ENDINGS) or (not source.recurse and "/" in inside):
            continue
        if (include is None or include.fullmatch(inside)) and (exclude is None or not exclude.fullmatch(inside)):
            chosen.append(path)
    return chosen


def _real(place: Place, path: str) -> str | None:
    """Return the regular file that a path leads to; None if it leads to nothing, or to something else."""
    real = place.files.real(path)
    if isinstance(real, Refused):
        if real.is_broken:
            return None
        raise UserError(f"{path}: a link that {real.reason}, so Argo CD refuses the Application; replace it by a file")
    return real if place.files.mode(real) in (REGULAR, EXECUTABLE) else None


def _is_skipped(place: Place, path: str) -> bool:
    return directory_manifests.is_skipped(directory_manifests.text_of(place.files.read(path)))
