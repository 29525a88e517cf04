"""Reads a chart repository's index as Helm does: entries are accepted or skipped, or the whole index is refused.

Helm decodes an index into types (`loadIndex` of https://github.com/helm/helm/blob/v4.2.3/pkg/repo/v1/index.go). One
value of a wrong type makes it refuse the index, for every chart in it; so does, in YAML, an unknown field. Each entry
is then validated (https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/metadata.go), and skipped if that fails.

One difference is on purpose: Helm refuses an index with a time that is not as in RFC 3339. Times of an index prove
nothing, so such an index is still compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.chart_yaml import TEXT_FIELDS, metadata_fields
from kubeaid_ci.helm.go_types import (
    Check,
    WrongTypeError,
    anything,
    boolean,
    by_name,
    list_of,
    map_of,
    scalar,
    string,
    struct,
    text,
)
from kubeaid_ci.helm.published import Release


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
    check = _ENTRIES if is_json else _STRICT_ENTRIES
    for number, entry in enumerate(entries):
        if entry is None:
            continue
        _refused_unless(check, entry, f"{where}[{number}]")
        fields = by_name(entry)
        if reason := _skip_reason(fields):
            skipped.setdefault(text(fields.get("version")), reason)
        else:
            releases.append(_release(fields))
    return Entries(tuple(releases), skipped)


def check_top(top: Mapping[str, Any], *, where: str, is_json: bool = False) -> None:
    """Check what an index has besides its entries. Raises `UserError` if Helm refuses the index."""
    around = {key: value for key, value in top.items() if key.lower() != "entries"}
    _refused_unless(_TOP if is_json else _STRICT_TOP, around, f"{where}: ")
    if not text(by_name(top).get("apiversion")):
        raise UserError(f"{where}: apiVersion is missing, so Helm refuses the whole index")


def _refused_unless(check: Check, value: Any, where: str) -> None:
    try:
        check(value, "")
    except WrongTypeError as error:
        raise UserError(f"{where}{error.path}: {error.reason}, so Helm refuses the whole index") from error


def _skip_reason(fields: Mapping[str, Any]) -> str | None:
    """Return why Helm's `Validate` fails. Two dependencies of one name are no reason here (helm/helm#12748)."""
    some = fields.get("dependencies")
    dependencies = [by_name(one) if isinstance(one, dict) else one for one in some or ()]
    return chart_yaml.problem({**fields, "dependencies": dependencies})


def _release(fields: Mapping[str, Any]) -> Release:
    urls = fields.get("urls") or []
    return Release(
        fields["version"],
        app_version=fields.get("appversion"),
        kube_version=fields.get("kubeversion"),
        created=fields.get("created"),
        digest=text(fields.get("digest")).lower().removeprefix("sha256:") or None,
        url=text(urls[0]) or None if urls else None,
        deprecated=fields.get("deprecated") is True,
        removed=fields.get("removed") is True,
        home=fields.get("home"),
        sources=tuple(one for one in fields.get("sources") or () if one is not None),
        annotations={key: value or "" for key, value in (fields.get("annotations") or {}).items()},
    )


_OF_THE_INDEX: Mapping[str, Check] = {
    "urls": list_of(scalar),
    "created": string,
    "removed": boolean,
    # These are not of the chart's metadata, so Helm makes text of numbers and booleans.
    **dict.fromkeys(("digest", "checksum", "engine", "tillerversion", "url"), scalar),
}
FIELDS = (
    TEXT_FIELDS
    | ({*metadata_fields(string), *_OF_THE_INDEX} - {name.lower() for name in TEXT_FIELDS})
    | {"tillerVersion"}
)
"""The fields of an entry, as Helm writes them."""


def _entry(*, is_strict: bool) -> Check:
    return struct({**metadata_fields(string, is_strict=is_strict), **_OF_THE_INDEX}, is_strict=is_strict)


_ENTRIES, _STRICT_ENTRIES = _entry(is_strict=False), _entry(is_strict=True)
_AROUND: Mapping[str, Check] = {
    "serverinfo": anything,
    "apiversion": scalar,
    "generated": string,
    "publickeys": list_of(scalar),
    "annotations": map_of(scalar),
}
_TOP, _STRICT_TOP = struct(_AROUND), struct(_AROUND, is_strict=True)
