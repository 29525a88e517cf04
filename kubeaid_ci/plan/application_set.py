"""The Applications that an ApplicationSet makes: of lists, and of folders and files in Git."""

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.plan.patterns import compiled

_FAST = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_FIELD = re.compile(r"\.([\w.]+)|index\s+\.([\w.]+)\s+(\d+)")
_NOT_NORMAL = re.compile(r"[^a-z0-9.-]+")
_MOST = 2000


class UnsupportedError(Exception):
    """What an ApplicationSet does that cannot be worked out without a cluster, or not here."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository, and how to read one."""

    paths: Sequence[str]
    read: Callable[[str], str]


Lookup = Callable[[str, str], Listing]
"""The files of a repository (address, revision); raises `UnsupportedError` where it is not at hand."""


def expand(body: Mapping[str, Any], lookup: Lookup) -> Iterator[dict[str, Any]]:
    """The Applications, as objects. Raises `UnsupportedError` naming what is not followed, and `UserError`."""
    spec = _mapping(body.get("spec"))
    if spec.get("templatePatch"):
        raise UnsupportedError("templatePatch")
    in_go = spec.get("goTemplate") is True
    template = _mapping(spec.get("template"))
    made = 0
    for generator in _list(spec.get("generators")):
        for parameters in _generated(_mapping(generator), lookup, in_go=in_go):
            made += 1
            if made > _MOST:
                raise UnsupportedError(f"more than {_MOST} Applications")
            yield _application(body, _filled(template, parameters, in_go=in_go))


def _application(body: Mapping[str, Any], template: Any) -> dict[str, Any]:
    namespace = _mapping(body.get("metadata")).get("namespace")
    metadata = {**_mapping(template.get("metadata")), "namespace": namespace}
    return {"apiVersion": body.get("apiVersion"), "kind": "Application", **template, "metadata": metadata}


def _generated(generator: Mapping[str, Any], lookup: Lookup, *, in_go: bool) -> Iterator[Mapping[str, Any]]:
    kinds = set(generator) - {"selector"}
    if generator.get("selector"):
        raise UnsupportedError("a generator's selector")
    match sorted(kinds):
        case ["list"]:
            said = _mapping(generator["list"])
            if said.get("elementsYaml"):
                raise UnsupportedError("elementsYaml of the list generator")
            yield from (_mapping(one) for one in _list(said.get("elements")))
        case ["git"]:
            yield from _from_git(_mapping(generator["git"]), lookup, in_go=in_go)
        case _:
            raise UnsupportedError(f"the generator {', '.join(sorted(kinds)) or 'without a kind'}")


def _from_git(said: Mapping[str, Any], lookup: Lookup, *, in_go: bool) -> Iterator[Mapping[str, Any]]:
    if said.get("template") or said.get("pathParamPrefix"):
        raise UnsupportedError("template and pathParamPrefix of the git generator")
    listing = lookup(str(said.get("repoURL") or ""), str(said.get("revision") or ""))
    more = {"values": said["values"]} if said.get("values") else {}
    if folders := _list(said.get("directories")):
        every = sorted({above for path in listing.paths for above in _folders_above(path)})
        for folder in _chosen(every, folders):
            yield {**_about(folder, "", in_go=in_go), **more}
        return
    for path in _chosen(sorted(listing.paths), _list(said.get("files"))):
        content = documents.load(listing.read(path), where=path)
        for one in content if isinstance(content, list) else [content]:
            folder, _, name = path.rpartition("/")
            yield {**_mapping(one), **_about(folder, name, in_go=in_go), **more}


def _folders_above(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        if not any(part.startswith(".") for part in folder.split("/")):
            yield folder
        folder = posixpath.dirname(folder)


def _chosen(paths: Sequence[str], wanted: Sequence[Any]) -> Iterator[str]:
    rules = [_mapping(one) for one in wanted]
    patterns = [
        (compiled(str(rule.get("path")), where="spec.generators", deep=True), rule.get("exclude") is True)
        for rule in rules
    ]
    for path in paths:
        named = {excluded for pattern, excluded in patterns if pattern.fullmatch(path)}
        if named == {False}:
            yield path


def _about(folder: str, name: str, *, in_go: bool) -> dict[str, Any]:
    """The parameters that tell of a path."""
    segments = folder.split("/") if folder else []
    about = {"basename": posixpath.basename(folder), "basenameNormalized": _normal(posixpath.basename(folder))}
    if name:
        about |= {"filename": name, "filenameNormalized": _normal(name)}
    if in_go:
        return {"path": {"path": folder, "segments": segments, **about}}
    flat = {f"path.{key}": value for key, value in about.items()}
    return {"path": folder, **flat, **{f"path[{at}]": one for at, one in enumerate(segments)}}


def _normal(text: str) -> str:
    return _NOT_NORMAL.sub("-", text.lower())[:253].strip("-.")


def _filled(value: Any, parameters: Mapping[str, Any], *, in_go: bool) -> Any:
    flat = {} if in_go else dict(_flat(parameters))

    def replaced(found: re.Match[str]) -> str:
        if in_go:
            return _shown(_looked_up(found[1].strip("- "), parameters))
        return flat.get(found[1], found[0])

    def walked(one: Any) -> Any:
        match one:
            case dict():
                return {_FAST.sub(replaced, key): walked(item) for key, item in one.items()}
            case list():
                return [walked(item) for item in one]
            case str():
                return _FAST.sub(replaced, one)
        return one

    return walked(value)


def _flat(parameters: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, str]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield start + key, _shown(value)


def _looked_up(expression: str, parameters: Mapping[str, Any]) -> Any:
    found = _FIELD.fullmatch(expression)
    if found is None:
        raise UnsupportedError(f"the template {{{{ {expression} }}}}")
    value: Any = parameters
    for step in (found[1] or found[2]).split("."):
        value = _mapping(value).get(step)
    if found[3]:
        items = value if isinstance(value, list) else []
        if int(found[3]) >= len(items):
            raise UserError(f"{{{{ {expression} }}}}: there is no such item")
        value = items[int(found[3])]
    return "<no value>" if value is None else value


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
