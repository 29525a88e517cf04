"""Reads Chart.yaml, requirements.yaml and locks as Helm does, for all features, and reports what Helm refuses to load.

Helm decodes the file into types (`LoadFiles` of https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/loader/load.go)
and then validates it (https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/metadata.go). Unknown fields are allowed,
the last of two equal keys counts, and numbers and booleans become text where text is wanted. Of several documents the
first counts.
"""

import codecs
import posixpath
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm.chart import Metadata
from kubeaid_ci.helm.go_types import (
    Check,
    WrongTypeError,
    anything,
    boolean,
    by_name,
    list_of,
    map_of,
    sanitized,
    scalar,
    struct,
    text,
)
from kubeaid_ci.semver.version import Version

CHART, REQUIREMENTS = "Chart.yaml", "requirements.yaml"
_MOST_BYTES = 1024 * 1024

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+")
TEXT_FIELDS = frozenset(
    (
        *("name", "home", "version", "description", "icon", "apiVersion", "condition", "tags", "appVersion"),
        *("kubeVersion", "type"),
    )
)
"""The fields of a chart's metadata that hold text, as Helm writes them."""
_OTHER_FIELDS = ("digest", "deprecated", "dependencies", "maintainers", "sources", "keywords", "annotations")
_NAMES = {name.lower(): name for name in (*TEXT_FIELDS, *_OTHER_FIELDS)}


def metadata_fields(texts: Check, *, is_strict: bool = False) -> dict[str, Check]:
    """Return the fields of a chart's metadata by their names in lower case.

    `texts` checks those that hold text: a Chart.yaml may have numbers there, an index may not.
    """
    dependency: Mapping[str, Check] = {
        **dict.fromkeys(("name", "version", "repository", "condition", "alias"), texts),
        "tags": list_of(texts),
        "enabled": boolean,
        "import-values": list_of(anything),
    }
    return {
        **dict.fromkeys(map(str.lower, TEXT_FIELDS), texts),
        **dict.fromkeys(("sources", "keywords"), list_of(texts)),
        "deprecated": boolean,
        "annotations": map_of(texts),
        "maintainers": list_of(struct(dict.fromkeys(("name", "email", "url"), texts), is_strict=is_strict)),
        "dependencies": list_of(struct(dependency, is_strict=is_strict)),
    }


_FILE: Mapping[str, Check] = {**metadata_fields(scalar), "digest": scalar}


def read(data: bytes, *, where: str) -> dict[str, Any]:
    """Return the fields of a Chart.yaml, a requirements.yaml or a lock, as `decode` does.

    Raises `UserError` if Helm cannot load the file, or if it has more than 1 MiB, which no metadata has.
    """
    if len(data) > _MOST_BYTES:
        raise UserError(f"{where}: larger than 1 MiB, which no chart's metadata is")
    found = documents.load_all(data.removeprefix(codecs.BOM_UTF8), where=where)
    return decode(found[0] if found else None, where=where)


@lru_cache(maxsize=256)
def read_if_valid(data: bytes) -> Metadata:
    """Return the fields of a file; empty if Helm cannot load it, because Helm reports the reason when it renders.

    The result is cached: each question reads the files of all subcharts, and versions of a chart share most files.
    """
    try:
        return read(data, where=CHART)
    except UserError:
        return {}


def of_folder(files: Mapping[str, bytes], folder: str = "") -> Metadata:
    """Return the metadata of the chart in a folder: its Chart.yaml with its requirements.yaml merged over it.

    Files that do not exist or that Helm cannot load count as empty.
    """
    chart, requirements = (files.get(posixpath.join(folder, name), b"") for name in (CHART, REQUIREMENTS))
    return merged(read_if_valid(chart), read_if_valid(requirements)) if requirements else read_if_valid(chart)


def decode(value: Any, *, where: str) -> dict[str, Any]:
    """Return the fields of a file by the names that Helm gives them, texts as text; a null is left out.

    A dependency has ``name``, ``version``, ``repository``, ``condition``, ``alias``, ``tags``, ``enabled`` and
    ``import-values`` as far as they are given. Raises `UserError` if Helm cannot decode the file.
    """
    try:
        struct(_FILE)(value if value is not None else {}, "")
    except WrongTypeError as error:
        raise UserError(f"{where}: {error}, so Helm cannot load the chart") from error
    found = by_name(value or {})
    known = ((_NAMES[key], inner) for key, inner in found.items() if key in _NAMES)
    fields = {name: inner if name == "deprecated" else _plain(inner) for name, inner in known}
    if any(key.lower() == "dependencies" for key in value or {}):
        # A null takes away what another file declares.
        declared = found.get("dependencies")
        fields["dependencies"] = None if declared is None else [_dependency(one) for one in declared]
    return fields


def merged(chart: Mapping[str, Any], requirements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Chart.yaml with a requirements.yaml laid over it, which Helm does for any API version.

    Go reuses the dependencies that it has: what requirements.yaml leaves out stays from the one of the same number.
    """
    fields = {**chart, **requirements}
    if requirements.get("dependencies") is not None:
        before = [*(chart.get("dependencies") or ()), *([None] * len(requirements["dependencies"]))]
        pairs = zip(before, requirements["dependencies"], strict=False)
        fields["dependencies"] = [None if new is None else {**(old or {}), **new} for old, new in pairs]
    return fields


def problem(fields: Mapping[str, Any]) -> str | None:  # noqa: PLR0911 - one reason a line
    """Return why Helm's `Validate` refuses a chart, as a fragment; None if it does not."""
    name, version = sanitized(fields.get("name") or ""), fields.get("version") or ""
    if not name:
        return "name is missing"
    if name in (".", "..") or "/" in name:
        return f"name: {name!r} is not allowed"
    if not version:
        return "version is missing"
    try:
        Version.parse(version)
    except UserError:
        return f"version: {version!r} is not a version"
    if (fields.get("type") or "") not in ("", "application", "library"):
        return f"type: {fields['type']!r} is neither application nor library"
    if None in (fields.get("maintainers") or ()):
        return "maintainers: an item is empty"
    return _dependencies_problem(fields.get("dependencies") or ())


def repeated_dependency(dependencies: Iterable[Mapping[str, Any]]) -> str | None:
    """Return a name or alias that two dependencies share, which Helm refuses in a chart; None if none does."""
    seen: set[str] = set()
    for dependency in dependencies:
        name = dependency.get("alias") or sanitized(dependency.get("name") or "")
        if name in seen:
            return name
        seen.add(name)
    return None


def _dependencies_problem(dependencies: Iterable[Mapping[str, Any] | None]) -> str | None:
    for dependency in dependencies:
        if dependency is None:
            return "dependencies: an item is empty"
        alias = dependency.get("alias")
        if alias and not _ALIAS.fullmatch(alias):
            return f"dependencies: the alias {alias!r} has other characters than letters, digits, - and _"
    return None


def _plain(value: Any) -> Any:
    return value if isinstance(value, list | dict) else text(value)


def _dependency(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a dependency; None for an empty item."""
    if entry is None:
        return None
    found = by_name(entry)
    names = ("name", "version", "repository", "condition", "alias")
    fields: dict[str, Any] = {name: text(found[name]) for name in names if name in found}
    if "tags" in found:
        fields["tags"] = [text(tag) for tag in found["tags"]]
    return fields | {name: found[name] for name in ("enabled", "import-values") if name in found}
