"""The local config and KubeAid repositories, at any revision an Application names."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Self

from kubeaid_ci.argocd.application import Application, Source
from kubeaid_ci.config_repo.general_settings import Addresses
from kubeaid_ci.errors import UserError
from kubeaid_ci.git import snapshot
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.revision import (
    WORK_TREE,
    Commit,
    Pinned,
    Revision,
    TreeRevision,
    WorkTree,
    parse_revision,
    parse_tree_revision,
)
from kubeaid_ci.git.snapshot import Snapshot
from kubeaid_ci.git.target_revision import range_of
from kubeaid_ci.git.tree import Entry, tree_id
from kubeaid_ci.git.tree_reader import checked
from kubeaid_ci.helm.chart_files import chart_files
from kubeaid_ci.net.address import Remote
from kubeaid_ci.render.rendering import OtherRevision, RepositoryName, SourceHost
from kubeaid_ci.render.task import FilesAt
from kubeaid_ci.repositories.kubeaid import BUILD, not_kubeaid, origin
from kubeaid_ci.suggestion import NAME, near_names

CHARTS = "argocd-helm-charts"
_DEFAULT = ("", "HEAD")
# The names of a default branch if it is not known otherwise.
_USUAL = ("main", "master")


class UnavailableError(Exception):
    """A source that cannot be rendered, and why. `rule` is that of its finding."""

    rule = "gitops/source-not-rendered"


class ForeignRepositoryError(UnavailableError):
    """Raised for a source in neither of the two given repositories."""

    rule = "gitops/repository-unknown"


class RevisionMissingError(UserError):
    """Raised if a local repository lacks the requested revision."""

    def __init__(self, root: Path, revision: str, tags: Iterable[str] = ()) -> None:
        what = "no tag in the range" if range_of(revision) else "no revision"
        near = near_names(revision, tags, likeness=NAME).rstrip("?")
        super().__init__(f"{root} has {what} {revision}{near}; fetch it: git -C {root} fetch --tags origin")


@dataclass(slots=True)
class Place:
    """Files below one folder at the top of a repository, at one revision."""

    at: FilesAt
    files: Snapshot
    revision: str
    _trees: dict[str, str] = field(default_factory=dict)

    def below(self, folder: str) -> dict[str, Entry]:
        """Return the files below a folder, by their path in the repository."""
        return self.files.below(folder)

    def refuse_submodules(self, path: str, *, below: bool = False) -> None:
        """Raise `UnavailableError` if a path is in a submodule, or has one below it: Argo CD checks submodules out."""
        around = accumulate(path.split("/"), "{}/{}".format)
        for name in (*around, *(self.below(path) if below else ())):
            entry = self.files.files.get(name)
            if entry is not None and entry.may_be_folder and not entry.is_link:
                raise UnavailableError(f"{name} is a submodule, which Argo CD checks out and kubeaid-ci does not")

    def chart_tree(self, folder: str) -> str:
        """Return what names the content of a chart's folder, linked subcharts with it. Raises `LinkError`."""
        if folder not in self._trees:
            found = chart_files(self.files.files, self.files.links, folder, below=self.below)
            self._trees[folder] = tree_id({inside: entry for inside, (_, entry) in found.items()})
        return self._trees[folder]

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it does not exist, or a link on its path leads out of the repository.

        Raises `UserError` for a pointer of Git LFS.
        """
        real = self.files.real(path)
        return checked(self.files.read(real), path).decode("utf-8", "replace") if isinstance(real, str) else None

    def read(self, path: str) -> str:
        """Return the text of a file. Raises `UserError` if it does not exist or leads out of the repository."""
        text = self.text(path)
        if text is None:
            raise UserError(f"{path}: no such file in the repository at {self.revision}")
        return text


@dataclass(slots=True)
class LocalRepositories:
    """The config repo and the KubeAid repo, each at the requested revision."""

    config: Path
    config_ref: TreeRevision
    kubeaid: Path
    kubeaid_ref: Revision
    base: str = ""
    """The revision before the change, if there is one."""
    _reviewed: frozenset[str] | None = None
    _commits: dict[tuple[Path, str, str | None], str | None] = field(default_factory=dict)
    _places: dict[FilesAt, Place] = field(default_factory=dict)
    _origins: dict[Path, Remote | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        config_repo: str | os.PathLike[str],
        kubeaid: str | os.PathLike[str],
        *,
        config_ref: TreeRevision | str,
        kubeaid_ref: Revision | str,
    ) -> Self:
        """Return the repositories of two folders at revisions, also by their texts on the command line."""
        config, root = Path(config_repo).resolve(), Path(kubeaid).resolve()
        return cls(config, parse_tree_revision(config_ref), root, parse_revision(kubeaid_ref))

    def check(self) -> None:
        """Raise `UserError` if the KubeAid folder is not a KubeAid repo, or a fixed revision does not exist."""
        if isinstance(self.kubeaid_ref, WorkTree):
            if not (self.kubeaid / CHARTS).is_dir():
                reason = not_kubeaid(self.kubeaid, f"{CHARTS}/")
                raise UserError(f"{self.kubeaid}: not a KubeAid checkout: {reason}")
        else:
            self._check_revision()
        self._config_commit("")

    def _check_revision(self) -> None:
        # Of what Applications pin, each revision is looked at by itself.
        commit, revision = self._kubeaid_commit("")
        if all(Repository(self.kubeaid).tree(str(commit), folder) is None for folder in (CHARTS, BUILD)):
            raise UserError(
                f"{self.kubeaid}: not a KubeAid repo: it has neither {CHARTS}/ nor {BUILD}/ at {revision};"
                " name one with --kubeaid"
            )

    def place(self, source: Source, own: Addresses, path: str) -> Place:
        """Return where the files of a source are, those next to `path` at least. `own` are addresses of both.

        Raises `UnavailableError`, or `UserError` if it never can be.
        """
        if source.chart:
            raise ForeignRepositoryError(
                f"chart {source.chart} of {source.shown_url} is in neither of the two repositories given"
            )
        if source.url.startswith("oci://"):
            raise ForeignRepositoryError(
                f"{source.shown_url} is an OCI registry, and its artifacts are in neither of the two repositories given"
            )
        try:
            remote = Remote.parse(source.url)
        except UserError as error:
            raise UserError(f"repoURL: {error}; correct repoURL") from error
        if self._is_config(source, own):
            commit = self._config_commit(source.revision, source.tag_prefix)
            return self._opened(self.config, commit, source.revision or "HEAD", path)
        if self._is_kubeaid(remote, own):
            return self._opened(self.kubeaid, *self._kubeaid_commit(source.revision, source.tag_prefix), path)
        config, kubeaid = (self._origin(root) or "no origin" for root in (self.config, self.kubeaid))
        raise ForeignRepositoryError(
            f"{source.shown_url} is neither the config repo ({config}) nor the KubeAid repo ({kubeaid})"
        )

    def _is_config(self, source: Source, own: Addresses) -> bool:
        return source.remote in own.config or (source.remote is not None and source.remote == self._origin(self.config))

    def _is_kubeaid(self, remote: Remote, own: Addresses) -> bool:
        return remote in own.kubeaid or remote == self._origin(self.kubeaid)

    def hosts(self, application: Application, own: Addresses) -> Iterator[SourceHost]:
        """Yield the host of each source that has one."""
        for source in application.sources:
            if found := source.host:
                remote = None if source.chart else source.remote
                is_given = remote is not None and (self._is_config(source, own) or self._is_kubeaid(remote, own))
                yield SourceHost(found, is_given)

    def synced_commit(self, source: Source, own: Addresses) -> str | None:
        """Return the commit that Argo CD will sync for a source; None if it does not exist yet.

        The commit of a change is made when it is merged, and a work tree has none. Raises as `place`.
        """
        revision = self.place(source, own, source.path).at.revision
        is_reviewed = source.revision.removeprefix("refs/heads/") in self._branches_reviewed()
        is_config = self._is_config(source, own)
        return None if isinstance(revision, WorkTree) or (is_config and is_reviewed) else revision.name

    def other_revisions(self, application: Application, own: Addresses) -> Iterator[OtherRevision]:
        """Yield the paths of the config repo that an Application takes from another revision than the given one."""
        for source in application.sources:
            if source.revision.removeprefix("refs/heads/") in self._branches_reviewed():
                continue
            if source.chart or not self._is_config(source, own):
                continue
            start = f"${source.ref}/"
            named = [file for each in application.sources for file in each.helm.value_files if source.ref]
            values = [file.removeprefix(start).lstrip("/") for file in named if file.startswith(start)]
            for path in [source.path, *values] if source.path else values:
                files = self.config_place(path).files
                itself = {path: files.files[path]} if path in files.files else {}
                yield OtherRevision(source.revision, path, tree_id({**files.below(path), **itself}))

    def config_place(self, path: str) -> Place:
        """Return the local config repo, with at least the files next to `path`."""
        return self._opened(self.config, self._config_commit(""), "HEAD", path)

    def files_below(self, source: Source) -> str:
        """Name the files below a source's path in both repositories, whatever its address; no files have one name."""
        if not source.path:
            return ""
        return " ".join(self._tree(root, source) for root in (self.config, self.kubeaid))

    def name_of(self, place: Place) -> RepositoryName:
        """Return which of the two repositories a place is in."""
        return "config" if place.at.root == str(self.config) else "kubeaid"

    def _tree(self, root: Path, source: Source) -> str:
        try:
            if root == self.config:
                commit = self._config_commit("")
            else:
                commit, _ = self._kubeaid_commit(source.revision, source.tag_prefix)
        except UserError:
            return tree_id({})
        return tree_id(self._opened(root, commit, source.revision, source.path).below(source.path))

    def at_same_revision(self, place: Place, path: str) -> Place:
        """Return the same repository at the same revision, with the files next to `path`."""
        return self._opened(Path(place.at.root), place.at.revision, place.revision, path)

    def _config_commit(self, revision: str, tag_prefix: str = "") -> TreeRevision:
        """Return the commit that a revision of the config repo means, or the work tree.

        The given revision represents the branch that the change goes to: it is what will be there after the merge.
        """
        if revision.removeprefix("refs/heads/") in self._branches_reviewed():
            return self._commit(self.config, self.config_ref)
        return self._target(self.config, revision, tag_prefix)

    def _branches_reviewed(self) -> frozenset[str]:
        """Return the branches that the given revision represents: the base, and what ``origin/HEAD`` names.

        The branch that is checked out counts too, unless the base is another branch: then it has only the change.
        Every branch that holds the base counts if that is no branch itself, and the default branch does not hold it.
        """
        if self._reviewed is None:
            repository = Repository.at(self.config) if self.config.is_dir() else None
            base = repository.branch_named(self.base) if repository and self.base else None
            default = repository.default_branch_name() if repository else None
            current = repository.current_branch() if repository else None
            names = [base, *([default] if default else _USUAL)]
            if base is None:
                names.append(current)
            if base is None and repository and self.base:
                holding = repository.branches_with(self.base)
                names += [] if any(name in holding for name in (default, *_USUAL)) else holding
            self._reviewed = frozenset({*_DEFAULT, *(name for name in names if name)})
        return self._reviewed

    def _kubeaid_commit(self, revision: str, tag_prefix: str = "") -> tuple[TreeRevision, str]:
        """Return what a source of the KubeAid repo is read at, and its name for messages."""
        if isinstance(self.kubeaid_ref, Pinned):
            commit = self._target(self.kubeaid, revision, tag_prefix)
            return commit, Repository(self.kubeaid).target_name(revision, tag_prefix) or "HEAD"
        return self._commit(self.kubeaid, self.kubeaid_ref), str(self.kubeaid_ref)

    def _commit(self, root: Path, revision: TreeRevision) -> TreeRevision:
        """Return the work tree, or the commit that the user names in any of Git's spellings, by its id."""
        if isinstance(revision, WorkTree):
            return WORK_TREE
        name = revision.name
        return self._resolved(root, name, lambda repository: repository.commit(name))

    def _target(self, root: Path, revision: str, tag_prefix: str) -> Commit:
        """Return the commit of a ``targetRevision``."""
        return self._resolved(root, revision, lambda repository: repository.target(revision, tag_prefix), tag_prefix)

    def _resolved(
        self, root: Path, revision: str, resolve: Callable[[Repository], str | None], tag_prefix: str | None = None
    ) -> Commit:
        key = (root, revision, tag_prefix)
        if key not in self._commits:
            repository = Repository.at(root) if root.is_dir() else None
            if repository is None:
                option = "--kubeaid" if root == self.kubeaid else "--config-repo"
                raise UserError(
                    f"{root}: not a Git repository, so it has no revision {revision or 'HEAD'}; name one with {option}"
                )
            is_default = root == self.kubeaid and revision in ("", "HEAD")
            self._commits[key] = repository.default_branch() if is_default else resolve(repository)
        commit = self._commits[key]
        if commit is None:
            repository = Repository.at(root)
            raise RevisionMissingError(root, f"{tag_prefix or ''}{revision}", repository.tags() if repository else ())
        return Commit(commit)

    def resolved(self) -> Iterator[tuple[Path, str, str | None]]:
        """Yield the revisions that were read so far: repository, name of the revision, and commit, None if missing.

        The name is that of a tag for a range of versions, and ``HEAD`` for the default branch.
        """
        for (root, revision, prefix), commit in self._commits.items():
            name = Repository(root).target_name(revision, prefix or "")
            yield root, name or "HEAD", commit

    def _opened(self, root: Path, at_revision: TreeRevision, revision: str, path: str) -> Place:
        top = path.split("/", 1)[0]
        if top == "..":
            top = ""  # nothing is there, and Git would end with an error of its own
        at = FilesAt(str(root), at_revision, (top or ".",))
        if at not in self._places:
            self._places[at] = Place(at, snapshot.open_snapshot(root, at_revision, at.folders), revision)
        found = self._places[at]
        return found if found.revision == revision else replace(found, revision=revision)

    def _origin(self, root: Path) -> Remote | None:
        if root not in self._origins:
            self._origins[root] = origin(root)
        return self._origins[root]

    def close(self) -> None:
        """End the programs that read for us."""
        for place in self._places.values():
            place.files.close()
