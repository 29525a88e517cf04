"""The parameters of folders and files in Git (applicationset/generators/git.go)."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application_set.model import GitGenerator
from kubeaid_ci.argocd.application_set.template import Renderer, flattened
from kubeaid_ci.argocd.gotemplate import StringList, StringMap, from_json, to_text
from kubeaid_ci.argocd.gotemplate.text_functions import sanitized
from kubeaid_ci.errors import UserError
from kubeaid_ci.globs import argocd

Set = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository, the folders that are other repositories, and how to read a file."""

    paths: Sequence[str]
    read: Callable[[str], str]
    submodules: Sequence[str] = ()


Lookup = Callable[[str, str], Listing]
"""Returns the files of a repository for its address and revision; raises `UnsupportedError` if it is not available."""


def parameters(generator: GitGenerator, lookup: Lookup, renderer: Renderer) -> list[Set]:
    """Return the sets of parameters of a git generator. Raises `UserError` if Argo CD fails."""
    if not generator.directories and not generator.files:
        raise UserError("a git generator without directories and files")
    listing = lookup(generator.url, generator.revision)
    if generator.directories:
        found = [_of_folder(generator, folder, renderer) for folder in _folders(generator, listing)]
    else:
        found = [
            fields for path in _files(generator, listing) for fields in _of_file(generator, path, listing, renderer)
        ]
    for entry in found:
        _add_values(entry, generator, renderer)
    return found


def _folders(generator: GitGenerator, listing: Listing) -> list[str]:
    """Return the folders that are included and not excluded, in the order of a walk; hidden ones never are."""
    patterns = [(argocd.path_match(item.pattern), item) for item in generator.directories]
    for submodule in listing.submodules:
        if any(_reaches_into(item.pattern, submodule) for _, item in patterns):
            raise UnsupportedError(f"the git generator, and {submodule} is another repository")
    chosen = []
    for folder in sorted(
        {*_around((*listing.paths, *listing.submodules)), *listing.submodules}, key=lambda path: path.split("/")
    ):
        found = {item.excludes for pattern, item in patterns if pattern.fullmatch(folder)}
        if found == {False} and not any(part.startswith(".") for part in folder.split("/")):
            chosen.append(folder)
    return chosen


def _around(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        folder = posixpath.dirname(path)
        while folder:
            yield folder
            folder = posixpath.dirname(folder)


def _reaches_into(pattern: str, folder: str) -> bool:
    parts, inside = pattern.split("/"), folder.count("/") + 1
    return len(parts) > inside and argocd.path_match("/".join(parts[:inside])).fullmatch(folder) is not None


def _files(generator: GitGenerator, listing: Listing) -> list[str]:
    included = [argocd.pathspec(item.pattern or ".") for item in generator.files if not item.excludes]
    excluded = [argocd.pathspec(item.pattern or ".") for item in generator.files if item.excludes]
    found = [
        path
        for path in (*listing.paths, *listing.submodules)
        if any(pattern.fullmatch(path) for pattern in included)
        and not any(pattern.fullmatch(path) for pattern in excluded)
    ]
    if other := next((path for path in found if path in listing.submodules), None):
        raise UserError(f"{other}: is another repository, not a file")
    return sorted(found, key=lambda path: path.encode("utf-8", "surrogateescape"))


def _of_folder(generator: GitGenerator, folder: str, renderer: Renderer) -> Set:
    return _about(generator, folder, None, renderer)


def _of_file(generator: GitGenerator, path: str, listing: Listing, renderer: Renderer) -> Iterator[Set]:
    folder = posixpath.dirname(path) or "."
    for content in _contents(path, listing.read(path)):
        data = content if renderer.in_go else dict(flattened(content))
        yield {**data, **_about(generator, folder, posixpath.basename(path), renderer)}


def _contents(path: str, text: str) -> list[dict[str, Any]]:
    """Return the objects of a file: one, or those of a list."""
    content = next(iter(documents.load_all(text, where=path)), None)
    found = [content or {}] if content is None or isinstance(content, Mapping) else content
    if not isinstance(found, list) or not all(one is None or isinstance(one, Mapping) for one in found):
        raise UserError(f"{path}: expected keys with values, or a list of these")
    return [_as_json(one or {}) for one in found]


def _as_json(value: Any) -> Any:
    """Return data of YAML as Go reads it through JSON: keys are texts, numbers are float64."""
    match value:
        case Mapping():
            return {_key(key): _as_json(item) for key, item in value.items()}
        case list():
            return [_as_json(item) for item in value]
    return from_json(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else to_text(key)


def _about(generator: GitGenerator, folder: str, name: str | None, renderer: Renderer) -> Set:
    """Return the parameters that describe a path."""
    base = posixpath.basename(folder)
    about: Set = {"basename": base, "basenameNormalized": sanitized(base)}
    if name is not None:
        about |= {"filename": name, "filenameNormalized": sanitized(name)}
    segments = folder.split("/")
    if renderer.in_go:
        path = {"path": folder, "segments": StringList(segments), **about}
        return {generator.prefix: {"path": path}} if generator.prefix else {"path": path}
    key = f"{generator.prefix}.path" if generator.prefix else "path"
    numbered = {f"{key}[{at}]": segment for at, segment in enumerate(segments) if segment}
    return {key: folder, **{f"{key}.{field}": value for field, value in about.items()}, **numbered}


def _add_values(one: Set, generator: GitGenerator, renderer: Renderer) -> None:
    """Add the generator's own values; none of them sees another."""
    filled = {key: renderer.text(value or "", one) for key, value in generator.values.items()}
    if renderer.in_go and filled:
        one["values"] = StringMap(filled)
    elif filled:
        one.update({f"values.{key}": value for key, value in filled.items()})
