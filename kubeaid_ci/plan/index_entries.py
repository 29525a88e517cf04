"""Which entries of a chart repository's index Helm accepts, which it skips, and when it refuses the whole index.

Helm decodes an index into types (`loadIndex` of https://github.com/helm/helm/blob/v4.2.3/pkg/repo/v1/index.go). One
value of a wrong type makes it refuse the index, for every chart in it; so does, in YAML, an unknown field. Each entry
is then validated (https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/metadata.go), and skipped if that fails.

One difference is on purpose: Helm refuses an index with a time that is not as in RFC 3339. Times of an index prove
nothing, so such an index is still compared.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.upstream import Release
from kubeaid_ci.model.version import Version
from kubeaid_ci.plan.go_text import sanitized

_ALIAS = re.compile(r"[a-zA-Z0-9_-]+")
_TYPES = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}

Check = Callable[[Any, str], None]
"""Raises `UserError` if Helm cannot decode a value; the text names its place."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The releases of one chart in the order of its index, and why Helm skips other entries, by their version."""

    releases: tuple[Release, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def read(entries: Iterable[Any], *, where: str, is_json: bool = False) -> Entries:
    """Return what Helm finds in the entries of one chart; `where` names them, such as ``index.yaml: entries.web``.

    In JSON Helm allows unknown fields. Raises `UserError` if Helm refuses the whole index because of an entry.
    """
    releases: list[Release] = []
    skipped: dict[str, str] = {}
    for number, entry in enumerate(entries):
        if entry is None:
            continue
        place = f"{where}[{number}]"
        _mapping(entry, place, _ENTRY, is_json=is_json)
        fields = _by_name(entry)
        if reason := _skip_reason(fields):
            skipped.setdefault(_text(fields.get("version")), reason)
        else:
            releases.append(_release(fields))
    return Entries(tuple(releases), skipped)


def check_top(top: Mapping[str, Any], *, where: str, is_json: bool = False) -> None:
    """Check what an index has besides its entries. Raises `UserError` if Helm refuses the index."""
    fields = _by_name(top)
    _mapping({key: value for key, value in top.items() if key.lower() != "entries"}, where, _TOP, is_json=is_json)
    if not _text(fields.get("apiversion")):
        raise UserError(f"{where}: apiVersion is missing, so Helm refuses the whole index")


def _skip_reason(fields: Mapping[str, Any]) -> str | None:  # noqa: PLR0911 - one reason a line
    """Why Helm's `Validate` fails, or None. Helm accepts entries that name a dependency twice."""
    name, version = sanitized(fields.get("name") or ""), fields.get("version") or ""
    if not name:
        return "it has no name"
    if name in (".", "..") or "/" in name:
        return f"its name is {name!r}"
    if not version:
        return "it has no version"
    try:
        Version.parse(version)
    except UserError:
        return f"{version!r} is not a version"
    if (fields.get("type") or "") not in ("", "application", "library"):
        return f"its type is {fields['type']!r}"
    if None in (fields.get("maintainers") or ()):
        return "one of its maintainers is empty"
    for dependency in fields.get("dependencies") or ():
        alias = _by_name(dependency).get("alias") if dependency is not None else None
        if dependency is None:
            return "one of its dependencies is empty"
        if alias and not _ALIAS.fullmatch(alias):
            return f"the alias {alias!r} of a dependency is not allowed"
    return None


def _release(fields: Mapping[str, Any]) -> Release:
    urls = fields.get("urls") or []
    return Release(
        fields["version"],
        app_version=fields.get("appversion"),
        kube_version=fields.get("kubeversion"),
        created=fields.get("created"),
        digest=_text(fields.get("digest")).lower().removeprefix("sha256:") or None,
        url=_text(urls[0]) or None if urls else None,
        deprecated=fields.get("deprecated") is True,
        removed=fields.get("removed") is True,
        home=fields.get("home"),
        sources=tuple(one for one in fields.get("sources") or () if one is not None),
        annotations={key: value or "" for key, value in (fields.get("annotations") or {}).items()},
    )


def _by_name(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields by their names in lower case, as Go matches them; of two spellings the last in order counts."""
    return {key.lower(): given[key] for key in sorted(given) if given[key] is not None}


def _text(value: Any) -> str:
    """A scalar as the text that Helm makes of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _mapping(value: Any, where: str, known: Mapping[str, Check], *, is_json: bool = False) -> None:
    if not isinstance(value, dict):
        raise _wrong(value, where, "a mapping")
    for key, inner in value.items():
        check = known.get(key.lower())
        if check is None:
            if not is_json:
                raise UserError(f"{where}.{key}: an unknown field, so Helm refuses the whole index")
        elif inner is not None:
            check(inner, f"{where}.{key}")


def _wrong(value: Any, where: str, wanted: str) -> UserError:
    found = _TYPES.get(type(value), "something else")
    quote = "; it must be quoted" if wanted == "text" and isinstance(value, int | float) else ""
    shown = "" if isinstance(value, dict | list) else f" {_text(value)[:40]!r}"
    return UserError(f"{where}: {found}{shown} instead of {wanted}{quote}, so Helm refuses the whole index")


def _string(value: Any, where: str) -> None:
    if not isinstance(value, str):
        raise _wrong(value, where, "text")


def _scalar(value: Any, where: str) -> None:
    """For fields of the index itself Helm makes text of numbers and booleans."""
    if isinstance(value, dict | list):
        raise _wrong(value, where, "text")


def _boolean(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise _wrong(value, where, "a boolean")


def _anything(value: Any, where: str) -> None:
    """Helm decodes it into no type."""


def _list_of(check: Check) -> Check:
    def check_list(value: Any, where: str) -> None:
        if not isinstance(value, list):
            raise _wrong(value, where, "a list")
        for number, item in enumerate(value):
            if item is not None:
                check(item, f"{where}[{number}]")

    return check_list


def _map_of(check: Check) -> Check:
    def check_map(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(value, where, "a mapping")
        for key, inner in value.items():
            if inner is not None:
                check(inner, f"{where}.{key}")

    return check_map


def _of(known: Mapping[str, Check]) -> Check:
    return lambda value, where: _mapping(value, where, known)


_MAINTAINER: Mapping[str, Check] = dict.fromkeys(("name", "email", "url"), _string)
_DEPENDENCY: Mapping[str, Check] = {
    **dict.fromkeys(("name", "version", "repository", "condition", "alias"), _string),
    "tags": _list_of(_string),
    "enabled": _boolean,
    "import-values": _list_of(_anything),
}
TEXT_FIELDS = frozenset(
    (
        *("name", "home", "version", "description", "icon", "apiVersion", "condition", "tags", "appVersion"),
        *("kubeVersion", "type"),
    )
)
"""The fields of an entry that have to be text, as Helm writes them."""
_ENTRY: Mapping[str, Check] = {
    **dict.fromkeys(map(str.lower, TEXT_FIELDS), _string),
    **dict.fromkeys(("sources", "keywords"), _list_of(_string)),
    "deprecated": _boolean,
    "annotations": _map_of(_string),
    "maintainers": _list_of(_of(_MAINTAINER)),
    "dependencies": _list_of(_of(_DEPENDENCY)),
    "urls": _list_of(_scalar),
    "created": _string,
    "removed": _boolean,
    **dict.fromkeys(("digest", "checksum", "engine", "tillerversion", "url"), _scalar),
}
_TOP: Mapping[str, Check] = {
    "serverinfo": _anything,
    "apiversion": _scalar,
    "generated": _string,
    "publickeys": _list_of(_scalar),
    "annotations": _map_of(_scalar),
}
FIELDS = TEXT_FIELDS | frozenset({*_ENTRY} - {name.lower() for name in TEXT_FIELDS}) | {"tillerVersion"}
"""The fields of an entry, as Helm writes them."""
