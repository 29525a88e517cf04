"""The build plan for an Application whose folder has a kustomization: the files that it needs, or the error."""

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from kubeaid_ci import documents
from kubeaid_ci.argocd import kustomization, kustomize_edit
from kubeaid_ci.argocd.kustomization import UnfollowedError
from kubeaid_ci.argocd.kustomize_edit import Kustomization
from kubeaid_ci.argocd.kustomize_source import KustomizeSource
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import links
from kubeaid_ci.git.tree import Entry, tree_id
from kubeaid_ci.render import kustomize
from kubeaid_ci.render.kustomize import Kustomize
from kubeaid_ci.render.repositories import LocalRepositories, Place, UnavailableError
from kubeaid_ci.render.task import FilesAt, KustomizeTask

_MOST_FILES = 5000


def kustomize_task(
    place: Place,
    folder: str,
    source: KustomizeSource,
    *,
    repositories: LocalRepositories,
    substituted: Callable[[str], str],
) -> KustomizeTask:
    """Return the kustomization in a folder with what the Application changes in it.

    Raises `UnavailableError` if it cannot be built here, and `UserError` where it never can be.
    """
    program = _program(folder)
    walk = _Walk(repositories, place)
    if source.unread:
        raise UnavailableError(
            f"the Application sets kustomize.{', kustomize.'.join(source.unread)}, not followed here"
        )
    content = kustomize_edit.edited(walk.read(folder), _known(source, folder, walk), substituted)
    walk.visit(folder, content)
    walk.texts[walk.file_in(folder)] = documents.dump(kustomize_edit.with_origins(content))
    entries = walk.entries
    return KustomizeTask(
        FilesAt(place.at.root, place.at.revision, tuple(sorted({path.split("/", 1)[0] for path in entries}))),
        folder,
        walk.file_in(folder),
        tuple(sorted(entries)),
        tree_id(entries) if entries else "",
        tuple(sorted(walk.texts.items())),
        program,
        keeps_origins=kustomize_edit.keeps_origins(content),
    )


def _program(folder: str) -> Kustomize:
    program = kustomize.find()
    if program is None:
        raise UnavailableError(f"{folder} has a kustomization, and neither kustomize nor kubectl is on PATH")
    if not program.is_new_enough:
        raise UnavailableError(
            f"{folder} has a kustomization, and {program.name} {program.version} is too old to build it"
        )
    return program


def _known(source: KustomizeSource, folder: str, walk: "_Walk") -> KustomizeSource:
    """Return the changes, without components that may be missing and are."""
    if any(letter in path for path in source.components for letter in "*?["):
        raise UnavailableError("kustomize.components of the Application has a pattern, which is not followed")
    if not source.ignore_missing_components:
        return source
    return replace(source, components=tuple(one for one in source.components if walk.is_there(folder, one)))


@dataclass(slots=True)
class _Walk:
    """Follows a kustomization from folder to folder: `entries` are files as they are, `texts` kustomizations."""

    repositories: LocalRepositories
    place: Place
    entries: dict[str, Entry] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def visit(self, folder: str, content: Kustomization) -> None:
        """Take in everything that a kustomization reaches."""
        waiting = [(folder, content)]
        while waiting:
            folder, content = waiting.pop()
            where = self.file_in(folder)
            if where in self.texts:
                continue
            self.texts[where] = documents.dump(content)
            waiting += [(inner, self.read(inner)) for inner in self._folders_of(folder, content, where)]
            if len(self.entries) + len(self.texts) > _MOST_FILES:
                raise UnavailableError(f"{where} reaches more than {_MOST_FILES} files")

    def read(self, folder: str) -> Kustomization:
        where = self.file_in(folder)
        return kustomization.read(self._text(where), where=where)

    def file_in(self, folder: str) -> str:
        """Return the path of the kustomization of a folder."""
        for name in kustomization.FILES:
            path = posixpath.join(folder, name)
            if path in self._place(path).files.files:
                return path
        raise UserError(f"{folder or '/'}: has no {kustomization.FILES[0]}")

    def is_there(self, folder: str, named: str) -> bool:
        path = posixpath.normpath(posixpath.join(folder, named))
        return not path.startswith("..") and bool(self._place(path).below(path))

    def _folders_of(self, folder: str, content: Kustomization, where: str) -> Iterator[str]:
        """Yield the folders that are still to be read; the files are taken in."""
        try:
            named = list(kustomization.named(content, lambda path: self._text(self._path(folder, path, where))))
        except UnfollowedError as reason:
            raise UnavailableError(f"{where} {reason}") from None
        may_be_folders = set(kustomization.folders(content))
        for one in named:
            path = self._path(folder, one, where)
            there = self._place(path)
            if path in there.files.files:
                self.entries[path] = there.files.files[path]
            elif one not in may_be_folders or not there.below(path):
                raise UserError(f"{where}: names {one}, which is not in the repository at {self.place.revision}")
            elif self.file_in(path) not in self.texts:
                yield path

    def _path(self, folder: str, named: str, where: str) -> str:
        path = posixpath.normpath(posixpath.join(folder, named))
        if path.startswith(("..", "/")):
            raise UserError(f"{where}: {named} leads out of the repository")
        there = self._place(path)
        entry = there.files.files.get(path)
        if links.follow(path, there.files.links) != ("" if path == "." else path) or (entry and entry.may_be_folder):
            raise UnavailableError(f"{where} reaches {named} through a link, which is not followed")
        return "" if path == "." else path

    def _text(self, path: str) -> str:
        text = self._place(path).text(path)
        if text is None:
            raise UserError(f"{path}: not in the repository at {self.place.revision}")
        return text

    def _place(self, path: str) -> Place:
        return self.repositories.at_same_revision(self.place, path)
