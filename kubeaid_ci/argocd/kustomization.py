"""The files and folders that a kustomization names; nothing that would be fetched, no program.

Go reads keys in any case (``Resources``, ``Path``): of a kustomization itself only the usual spelling is
followed, and the keys within are compared in any.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names of its file, best first."""

# What kustomize would fetch, by Git or HTTP, even where there is a folder of this name.
_ADDRESS = re.compile(r"://|^git::|^gh:|^file:|^[\w.-]+@[\w.-]+[:/]|\?ref=|\.git(?:[/?]|$)|^github\.com|/_git/", re.I)
_CHARTS = ("helmCharts", "helmChartInflationGenerator", "helmGlobals")
_PLUGINS = ("generators", "transformers", "validators")
_FOLDERS = ("resources", "bases", "components")
_LISTS = (*_FOLDERS, "crds", "configurations")
_PATCHES = ("patches", "patchesJson6902", "replacements")
_SOURCES = ("configMapGenerator", "secretGenerator")
_KNOWN = {
    "apiVersion", "kind", "metadata", "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels",
    "commonAnnotations", "images", "replicas", "vars", "generatorOptions", "buildMetadata", "sortOptions",
    *_LISTS, *_PATCHES, *_SOURCES, *_PLUGINS, "patchesStrategicMerge", "openapi",
}  # fmt: skip


class UnfollowedError(Exception):
    """An unsupported feature of a kustomization; the message describes it."""


def read(text: str, *, where: str) -> dict[str, Any]:
    """Return a kustomization as data. Raises `UserError` if it is not one."""
    kustomization = documents.load(text, where=where)
    if not isinstance(kustomization, dict):
        raise UserError(f"{where}: a kustomization has keys with values")
    return kustomization


def named(kustomization: Mapping[str, Any], read_file: Callable[[str], str]) -> Iterator[str]:
    """Yield every path that a kustomization names, relative to its folder; `read_file` gives a file's text.

    Raises `UnfollowedError` if it names an address, a chart or a plugin.
    """
    for name in kustomization:
        if name in _CHARTS:
            raise UnfollowedError("takes Helm charts")
        if name not in _KNOWN:
            raise UnfollowedError(f"has the field {name}")
    for path in _paths(kustomization):
        yield _local(path)
    for name in _PLUGINS:
        for entry in _texts(kustomization.get(name)):
            yield from _plugin(entry, read_file)


def folders(kustomization: Mapping[str, Any]) -> Iterator[str]:
    """Those of the paths that may be folders, with a kustomization of their own."""
    for name in _FOLDERS:
        yield from _texts(kustomization.get(name))


def _paths(kustomization: Mapping[str, Any]) -> Iterator[str]:
    for name in _LISTS:
        yield from _texts(kustomization.get(name))
    yield from (one for one in _texts(kustomization.get("patchesStrategicMerge")) if not _is_inline(one))
    for name in _PATCHES:
        for fields in _mappings(kustomization.get(name)):
            yield from _texts([fields.get("path")])
    for name in _SOURCES:
        for entry in _mappings(kustomization.get(name)):
            yield from _sources(entry)
    if isinstance(api := kustomization.get("openapi"), Mapping):
        yield from _texts([_small(api).get("path")])


def _sources(generator: Mapping[str, Any]) -> Iterator[str]:
    for one in _texts(generator.get("files")):
        yield one.partition("=")[2] or one
    yield from _texts(generator.get("envs"))
    yield from _texts([generator.get("env")])


def _plugin(entry: str, read_file: Callable[[str], str]) -> Iterator[str]:
    """Yield what a generator or transformer names. Only those that are part of kustomize run no other program."""
    if not _is_inline(entry):
        yield _local(entry)
        entry = read_file(entry)
    for one in documents.load_all(entry, where="a generator or transformer"):
        fields = _small(one) if isinstance(one, Mapping) else {}
        if fields.get("apiversion") != "builtin" or fields.get("kind") == "HelmChartInflationGenerator":
            raise UnfollowedError(f"runs the plugin {fields.get('kind') or 'without a kind'}")
        inner = [one for one in _mappings(fields.get("replacements")) if one.get("path")]
        for path in (*_texts([fields.get("path")]), *_texts(fields.get("paths")), *_sources(fields)):
            if not _is_inline(path):
                yield _local(path)
        yield from (_local(str(one["path"])) for one in inner)


def _local(path: str) -> str:
    if _ADDRESS.search(path):
        without_login = re.sub(r"//[^/@]*@", "//", path).partition("?")[0]
        raise UnfollowedError(f"names the address {without_login!r}, and nothing is fetched")
    return path


def _is_inline(text: str) -> bool:
    """Return whether a text is an object itself and not the path of one."""
    if "\n" not in text or _ADDRESS.match(text):
        return False
    try:
        found = documents.load_all(text, where="a patch")
    except UserError:
        return False
    return bool(found) and all(
        isinstance(one, Mapping) and {"apiversion", "kind"} <= _small(one).keys() for one in found
    )


def _small(kustomization: Mapping[str, Any]) -> dict[str, Any]:
    small = {str(key).casefold(): value for key, value in kustomization.items()}
    if len(small) != len(kustomization):
        raise UnfollowedError("gives a field twice, in another case")
    return small


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [_small(entry) for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
