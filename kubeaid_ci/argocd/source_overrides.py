"""The files next to a source's files that override its settings (`mergeSourceParameters` of Argo CD 3.5)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.application import Source
from kubeaid_ci.argocd.application_schema import SOURCE
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s.shapes import ListOf, Shape, check, decoded_over


def names(app: str) -> tuple[str, str]:
    """Return the names of the files for all Applications and for one, whose instance name is `app`."""
    return ".argocd-source.yaml", f".argocd-source-{app}.yaml"


def overridden(source: Source, files: Iterable[tuple[str, str]]) -> Source:
    """Return a source with the settings of files, given as path and text, each over the one before.

    A file is a JSON merge patch (RFC 7386) of the source. Its result is decoded over the source: a null removes
    nothing, and items of a new list keep fields of the old items. Raises `UserError` if Argo CD fails, and
    `UnsupportedError` for a field in another spelling.
    """
    files = list(files)
    if not files:
        return source
    body: Mapping[str, Any] = {name: value for name, value in source.body.items() if value is not None}
    for path, text in files:
        patch = documents.load(text, where=path)
        if not isinstance(patch, Mapping):
            raise UserError(
                f"{path}: expected keys with values, which Argo CD requires; remove the file if it is empty"
            )
        check(SOURCE, patch, path)
        if unusual := next(_other_spellings(SOURCE, patch), None):
            raise UnsupportedError(f"{unusual} in {path}, whose spelling Argo CD accepts in some places only")
        body = decoded_over(SOURCE, body, _merged(body, patch))
    made = Source.parse(body)
    return replace(
        made, url=source.url, path=source.path, revision=source.revision, chart=source.chart, body=source.body
    )


def _other_spellings(shape: Shape, value: Any) -> Iterator[str]:
    """Return the fields that differ from a known one only by upper and lower case: Go accepts them."""
    match shape:
        case ListOf(item) if isinstance(value, list):
            for one in value:
                yield from _other_spellings(item, one)
        case Mapping() if isinstance(value, Mapping):
            known = {name.lower() for name in shape}
            for name, inside in value.items():
                if name in shape:
                    yield from _other_spellings(shape[name], inside)
                elif name.lower() in known:
                    yield name


def _merged(old: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return _without_nulls(patch)
    merged = dict(old) if isinstance(old, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value)
    return merged


def _without_nulls(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
    return value
