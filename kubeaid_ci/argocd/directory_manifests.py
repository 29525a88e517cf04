"""The objects of a folder of plain manifests (`getObjsFromYAMLOrJSON` in reposerver/repository of Argo CD 3.5)."""

import codecs
from collections.abc import Iterable

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.k8s import rendered
from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.k8s.rendered import Rendered

ENDINGS = (".yaml", ".yml", ".json", ".jsonnet")
_SKIP_MARKER = "+argocd:skip-file-rendering"
_FIELDS = ("apiVersion:", "kind:", "metadata:")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def text_of(data: bytes) -> str:
    """Decode a file: UTF-8, or UTF-16 if it starts with a byte order mark of that."""
    encoding = next((encoding for bom, encoding in _BOMS.items() if data.startswith(bom)), "utf-8")
    return data.decode(encoding, "replace")


def is_skipped(text: str) -> bool:
    """Return whether a file asks Argo CD to skip it."""
    return _SKIP_MARKER in text


def parsed(files: Iterable[tuple[str, str]]) -> list[Rendered]:
    """Return the objects of files, given as path and text. Raises `UserError` for a file that Argo CD refuses."""
    return [found for path, text in files if not is_skipped(text) for found in _objects(path, text)]


def _objects(path: str, text: str) -> list[Rendered]:
    try:
        if path.endswith(".json"):
            _check_json(path, text)
        return rendered.parsed([(path, text)])
    except UserError:
        if not path.endswith(".json") and _is_other_yaml(text):
            return []
        raise


def _check_json(path: str, text: str) -> None:
    if len(documents.load_all(text, where=path)) != 1:
        raise UserError(f"{path}: expected one JSON object; Argo CD reads one object from a .json file")


def _is_other_yaml(text: str) -> bool:
    """Return whether Argo CD ignores a YAML file that it cannot read: it begins with no object, and looks like none."""
    return not all(field in text for field in _FIELDS) and not _begins_with_object(text)


def _begins_with_object(text: str) -> bool:
    for piece in documents.split(text):
        try:
            values = documents.load_all(piece, where="a file")
        except UserError:
            return False
        for value in values:
            if value is not None:
                return isinstance(value, dict) and bool(ObjectId.of(value).kind)
    return False
