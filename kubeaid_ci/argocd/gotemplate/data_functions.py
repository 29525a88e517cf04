"""The functions for JSON and YAML: sprig's (defaults.go), and those that Argo CD has from Helm."""

import json
import re
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.values import NilList, Signature, from_json
from kubeaid_ci.errors import UserError

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_EXACT = 2.0**53


def _plain(value: Any) -> Any:
    """Return data with the numbers that Go's JSON writes without a fraction as integers."""
    match value:
        case float():
            if not value.is_integer() or abs(value) >= _EXACT:
                if not value.is_integer() and 1e-4 <= abs(value) < 1e15:
                    return value
                raise UnsupportedError(f"{value} in JSON in a template")
            return int(value)
        case NilList():
            return None
        case dict():
            return {key: _plain(value[key]) for key in sorted(value, key=lambda key: key.encode())}
        case list():
            return [_plain(item) for item in value]
    return value


def _json(value: Any, *, html: bool, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(_plain(value), ensure_ascii=False, separators=separators, indent=indent)
    escaped = _HTML if html else {key: _HTML[key] for key in ("\u2028", "\u2029")}
    return re.sub("[<>&\u2028\u2029]", lambda found: escaped.get(found[0], found[0]), text)


def _from_json(text: str) -> Any:
    try:
        return from_json(json.loads(text, parse_constant=_refused))
    except ValueError:
        return None


def _must_from_json(text: str) -> Any:
    try:
        return from_json(json.loads(text, parse_constant=_refused))
    except ValueError as error:
        raise UserError(f"mustFromJson: {error}") from None


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _loaded(text: str, where: str) -> Any:
    if text.startswith("%"):
        raise UnsupportedError(f"{where} of YAML with a directive in a template")
    return documents.load(text, where=where)


def _from_yaml(text: str) -> dict[str, Any]:
    found = _loaded(text, "fromYaml")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError("fromYaml: expected keys with values")
    return dict(from_json(found))


def _from_yaml_list(text: str) -> list[Any]:
    found = _loaded(text, "fromYamlArray")
    if not isinstance(found, list | None):
        raise UserError("fromYamlArray: expected a list")
    return list(from_json(found or []))


_TO_JSON = {
    "toJson": Signature("any", lambda value: _json(value, html=True)),
    "toPrettyJson": Signature("any", lambda value: _json(value, html=True, indent=2)),
    "toRawJson": Signature("any", lambda value: _json(value, html=False)),
}
SIGNATURES = {
    **_TO_JSON,
    **{f"must{name[0].upper()}{name[1:]}": signature for name, signature in _TO_JSON.items()},
    "fromJson": Signature("string", _from_json),
    "mustFromJson": Signature("string", _must_from_json),
    "toYaml": Signature("any", lambda value: documents.dump(_plain(value)).removesuffix("\n")),
    "fromYaml": Signature("string", _from_yaml),
    "fromYamlArray": Signature("string", _from_yaml_list),
}
