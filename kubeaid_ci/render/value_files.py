"""The values that an Application gives to a chart: of files, of patterns of files, and its own."""

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kubeaid_ci.argocd import inline_values
from kubeaid_ci.argocd.application import Application, HelmSource, Source
from kubeaid_ci.config_repo.general_settings import Addresses
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.revision import TreeRevision
from kubeaid_ci.globs import argocd
from kubeaid_ci.net.address import without_credentials
from kubeaid_ci.render.rendering import ValuesLayer
from kubeaid_ci.render.repositories import LocalRepositories, Place, UnavailableError

_SPECIAL = "*?["
_PATTERN = re.compile(r"[*?\[{]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

_Known = tuple[str, TreeRevision, str]


@dataclass(frozen=True, slots=True)
class ValueFiles:
    """The search path for the values of one source.

    `place` and `folder` are its chart's, `where` the Application's file; `substituted` puts the variables of
    the build in.
    """

    repositories: LocalRepositories
    own: Addresses
    application: Application
    where: str
    place: Place
    folder: str
    substituted: Callable[[str], str]

    def layers(self, helm: HelmSource, at: int) -> Iterator[ValuesLayer]:
        """Yield the values of source number `at` in Helm's order, the later over the earlier, each file once.

        As Argo CD has it from 3.4 on, a pattern represents its files in order of their paths, but for those that
        are also named by themselves. Raises `UserError` and `UnavailableError`.
        """
        found = [(written, *self._located(written)) for written in helm.value_files]
        named = {_known(place, path) for _, place, path in found if not _is_pattern(path)}
        taken: set[_Known] = set()
        for written, place, path in found:
            for file in self._matches(place, path, named) if _is_pattern(path) else [path]:
                if _known(place, file) in taken:
                    continue
                taken.add(_known(place, file))
                text = self._text(place, file)
                if text is not None:
                    yield ValuesLayer(file, text, repository=self.repositories.name_of(place))
                elif not helm.ignore_missing_value_files:
                    raise UserError(_missing(written, place, "valueFiles"))
        yield from self._inline(helm, at)

    def text(self, written: str) -> str:
        """Return the text of a file that an Application names; raises `UserError` if it does not exist."""
        place, path = self._located(written)
        text = self._text(place, path)
        if text is None:
            raise UserError(_missing(written, place, "fileParameters"))
        return text

    def _text(self, place: Place, path: str) -> str | None:
        """Return the text of a file; None if it does not exist. Raises `UnavailableError` if it is in a submodule."""
        there = self.repositories.at_same_revision(place, path)
        there.refuse_submodules(path)
        return there.text(path)

    def _located(self, written: str) -> tuple[Place, str]:
        """Return the repository that a file is in, and its path there."""
        if source := self._referenced(written):
            path = self.substituted(written.partition("/")[2])
            place = self.repositories.place(source, self.own, _start(path))
            self._check_revision(source, place)
            return place, posixpath.normpath(path)
        path = self.substituted(written)
        if _SCHEME.match(path):
            raise UnavailableError(f"the value file {without_credentials(path)} is an address, which is not followed")
        path = path.removeprefix("/") if path.startswith("/") else f"{self.folder}/{path}"
        return self.place, posixpath.normpath(path)

    def _referenced(self, written: str) -> Source | None:
        """Return the source that a file of several sources names: ``$ref/…``. Raises `UserError` for a wrong one."""
        if not written.startswith("$") or not self.application.has_several_sources:
            return None
        first = written.partition("/")[0]
        refs = {f"${one.ref}": one for one in self.application.sources if one.ref}
        if first not in refs:
            raise UserError(
                f"{written}: names no source: {first} is not one of {', '.join(refs) or 'none'}; set ref on that source"
            )
        if refs[first].chart:
            raise UserError(f"{written}: {first} is a chart, which Argo CD refuses for files; use a Git repository")
        return refs[first]

    def _check_revision(self, source: Source, place: Place) -> None:
        """Raise `UserError` if the chart is of the same repository at another commit, which Argo CD refuses."""
        same = _address(source.url) in {_address(one.url) for one in self.application.sources if one is not source}
        if same and place.at.root == self.place.at.root and place.at.revision != self.place.at.revision:
            raise UserError(
                f"${source.ref} names {source.revision or 'HEAD'} of the repository that the chart is in at another"
                " revision, which Argo CD refuses; use one revision"
            )

    def _matches(self, place: Place, pattern: str, named: set[_Known]) -> list[str]:
        """Return the files of a pattern but those that are named; the pattern itself if nothing matches."""
        wanted = argocd.doublestar(pattern)
        there = self.repositories.at_same_revision(place, _start(pattern))
        there.refuse_submodules(posixpath.dirname(_PATTERN.split(pattern)[0]), below=True)
        files = there.files.files
        found = [path for path in files if wanted.fullmatch(path)]
        if folder := _folder_matched(pattern, files):
            raise UserError(f"helm.valueFiles: {pattern} matches the folder {folder}, which Helm cannot read")
        return [one for one in sorted(found, key=_walked) if _known(place, one) not in named] if found else [pattern]

    def _inline(self, helm: HelmSource, at: int) -> Iterator[ValuesLayer]:
        if helm.values_object is None and not helm.values:
            return
        template = self.repositories.config_place(self.where).text(self.where) or ""
        text = inline_values.placed(
            template, self.application.name, at, values=helm.values, values_object=helm.values_object
        )
        if text is not None:
            yield ValuesLayer(self.where, text, repository="config")
        elif helm.values_object is None:
            yield ValuesLayer(self.where, helm.values, has_lines=False, repository="config")
        else:
            values = json.dumps(helm.values_object, sort_keys=True)
            yield ValuesLayer(self.where, values, has_lines=False, repository="config")


def _folder_matched(pattern: str, files: Iterable[str]) -> str:
    """Return a folder that a pattern matches, empty if it matches only files. ``a/**`` matches a too."""
    patterns = [argocd.doublestar(pattern), *([argocd.doublestar(pattern[:-3])] if pattern.endswith("/**") else [])]
    folders = {path[:end] for path in files for end in range(len(path)) if path[end] == "/"}
    return next((folder for folder in sorted(folders) if any(one.fullmatch(folder) for one in patterns)), "")


def _address(url: str) -> str:
    """Return an address as Argo CD compares it, so far as spelling goes (`NormalizeGitURL`)."""
    return url.strip().lower().removesuffix(".git")


def _is_pattern(path: str) -> bool:
    return any(letter in path for letter in _SPECIAL)


def _start(path: str) -> str:
    """Return the path to open the repository at: its top if the first folder is a pattern."""
    return "" if _is_pattern(path.partition("/")[0]) else path


def _known(place: Place, path: str) -> _Known:
    return place.at.root, place.at.revision, path


def _missing(written: str, place: Place, field: str) -> str:
    return f"{written}: no such file in the repository at {place.revision}; correct {field}"


def _walked(path: str) -> tuple[tuple[bool, str], ...]:
    """Return the order of somebody who walks through folders: first a folder's own files, then its folders."""
    *folders, name = path.split("/")
    return (*((True, one) for one in folders), (False, name))
