"""The functions in Python that `std.libsonnet` calls, by name and parameters.

They get and give what JSON knows; every number is a float. What they raise ends the evaluation by
rjsonnet, and the reference evaluates the code from the start.
"""

import json
import math
import re
import string
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from kubeaid_ci.build.jsonnet.reference import format as formats
from kubeaid_ci.build.jsonnet.reference.format import Directive, NotRenderedError

_NAMED = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f-\x9f]')
_SEPARATOR = re.compile(r"^---\s*$", re.MULTILINE)
_LETTERS = frozenset(string.ascii_letters + "_-/")
_DIGITS = frozenset(string.digits)
_RESERVED = frozenset(
    ("true", "false", "yes", "no", "on", "off", "y", "n", ".nan", "-.inf", "+.inf", ".inf", "null", "-", "---", "")
)


def quote(text: str) -> str:
    """Spell text as `std.escapeStringJson` does."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"\\u{ord(match[0]):04x}"


def to_string(text: str) -> str:
    """Spell an array or object, given as JSON, as `std.toString` does."""
    return _spelled(json.loads(text, parse_int=float, parse_constant=_refuse))


def _spelled(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return quote(value)
        case float():
            return formats.number_text(value)
        case list():
            return f"[{', '.join(map(_spelled, value))}]" if value else "[ ]"
    fields = (f"{quote(name)}: {_spelled(inner)}" for name, inner in value.items())
    return f"{{{', '.join(fields)}}}" if value else "{ }"


@lru_cache(maxsize=4096)
def split_format(template: str, by_name: bool) -> list[Any]:  # noqa: FBT001 - called from jsonnet
    """Split a format string for `std.libsonnet`: texts, plain `%s` and other directives.

    For values in an array the first item is their number, a plain `%s` is a position, and any other
    directive `[its index, positions of width, precision and value, kind]`. By name a plain `%s` is
    `[name]`, and any other directive `[its index, name, kind]`.
    """
    parts = formats.parse(template)
    if by_name:
        return [part if isinstance(part, str) else _named(number, part) for number, part in enumerate(parts)]
    places, count = formats.positions(parts)
    following = iter(places)
    found: list[Any] = [float(count)]
    for number, part in enumerate(parts):
        if isinstance(part, str):
            found.append(part)
        else:
            place = next(following)
            found.append(float(place[2]) if part.is_plain else [float(number), *map(float, place), part.kind])
    return found


def _named(number: int, directive: Directive) -> list[Any]:
    if "*" in (directive.width, directive.precision) or (directive.key is None and directive.kind != "%"):
        raise NotRenderedError(directive)
    return [directive.key] if directive.is_plain else [float(number), directive.key, directive.kind]


def render(template: str, number: float, width: float | None, precision: float | None, value: Any) -> str:
    """Render one directive of a format string; null is a width or precision that is not among the values."""
    directive = formats.parse(template)[int(number)]
    if not isinstance(directive, Directive):
        raise NotRenderedError(template)
    fixed_width = directive.width if isinstance(directive.width, int) else width
    fixed_precision = directive.precision if not isinstance(directive.precision, str) else precision
    if not isinstance(fixed_width, int | float):
        raise NotRenderedError(template)
    if directive.kind in ("e", "g"):
        return _render_by_reference(template, directive, fixed_width, fixed_precision, value)
    return formats.render(directive, fixed_width, fixed_precision, value)


def _render_by_reference(template: str, directive: Directive, width: float, precision: float | None, value: Any) -> str:
    letter = directive.kind.upper() if directive.capital else directive.kind
    digits = "" if precision is None else f".{precision:.0f}"
    if not isinstance(value, float) or int(width) != width or int(precision or 0) != (precision or 0):
        raise NotRenderedError(template)
    single = f"%{''.join(sorted(directive.flags))}{'' if not width else int(width)}{digits}{letter}"
    return str(ask("format", json.dumps([single, value])))


def is_latin(text: str) -> bool:
    """Return whether every character is one byte, as `std.base64` demands."""
    return all(character < "\u0100" for character in text)


def parse_json(text: str) -> Any:
    """Read JSON as Go does."""
    value = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse)
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(digits)
    return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


def parse_yaml(text: str) -> Any:
    """Read YAML as go-jsonnet 0.20 does: every text with `---` in it gives an array of documents."""
    import _gojsonnet

    value = ask("parseYaml", json.dumps([text]))
    is_later = not _gojsonnet.version.startswith("v0.20.")
    return [value] if is_later and "---" in text and not _SEPARATOR.search(text) else value


def manifest_yaml_doc(text: str, indent_arrays: bool, quote_keys: bool) -> str:  # noqa: FBT001 - called from jsonnet
    """Write JSON as YAML."""
    value = json.loads(text, parse_int=float, parse_constant=_refuse)
    return _yaml_doc(value, indent_arrays=indent_arrays, quote_keys=quote_keys)


def _yaml_doc(value: Any, *, indent_arrays: bool, quote_keys: bool) -> str:
    """Write JSON data as `std.manifestYamlDoc` of go-jsonnet 0.20 does; later versions spell numbers differently."""

    def key(name: str) -> str:
        return name if not quote_keys and _is_bare(name) else quote(name)

    def block(inner: Any, indent: str) -> str:
        match inner:
            case bool():
                return "true" if inner else "false"
            case None:
                return "null"
            case str():
                return _text(inner, indent)
            case float():
                return formats.number_text(inner)
            case list():
                return f"\n{indent}".join(item_of(item, indent) for item in inner) if inner else "[]"
        return f"\n{indent}".join(field(name, inner[name], indent) for name in inner) if inner else "{}"

    def item_of(item: Any, indent: str) -> str:
        if not item or not isinstance(item, list | dict):
            return f"- {block(item, indent)}"
        deeper = indent + "  "
        lead = f"\n{deeper}" if isinstance(item, list) else " "
        return f"-{lead}{block(item, deeper)}"

    def field(name: str, item: Any, indent: str) -> str:
        if not item or not isinstance(item, list | dict):
            return f"{key(name)}: {block(item, indent)}"
        deeper = indent if isinstance(item, list) and not indent_arrays else indent + "  "
        return f"{key(name)}:\n{deeper}{block(item, deeper)}"

    return block(value, "")


def _text(text: str, indent: str) -> str:
    if text.endswith("\n"):
        return f"\n{indent}  ".join(("|", *text.split("\n")[:-1]))
    return quote(text)


def _is_bare(key: str) -> bool:
    """Return whether a key needs no quotes: it has only safe characters and is no YAML 1.1 number, date or word."""
    lower, dashes = key.lower(), key.count("-")
    used, used_lower = frozenset(key), frozenset(lower)
    if not used <= _LETTERS | _DIGITS | {"."} or lower in _RESERVED:
        return False
    is_date = used <= _DIGITS | {"-"} and dashes == 2
    is_integer = used_lower <= _DIGITS | frozenset("_-") and dashes < 2
    is_binary = used_lower <= _DIGITS | frozenset("_-b") and len(key) > 2 and key.startswith(("0b", "-0b"))
    is_float = used_lower <= _DIGITS | frozenset("e._-") and key.count(".") == 1 and dashes < 3 and lower.count("e") < 2
    is_hexadecimal = (
        used_lower <= _DIGITS | frozenset("abcdefx_-") and dashes < 2 and len(key) > 2 and key.startswith(("0x", "-0x"))
    )
    return not (is_date or is_integer or is_binary or is_float or is_hexadecimal)


@lru_cache(maxsize=4096)
def _asked(function: str, arguments: str) -> str:
    import _gojsonnet

    code = f"local a = {arguments}; std.{function}({', '.join(f'a[{n}]' for n in range(len(json.loads(arguments))))})"
    result: str = _gojsonnet.evaluate_snippet("std", code)
    return result


def ask(function: str, arguments: str) -> Any:
    """Return what gojsonnet's `std` function gives for arguments in a JSON array."""
    return json.loads(_asked(function, arguments), parse_int=float)


NATIVES: dict[str, tuple[tuple[str, ...], Callable[..., Any]]] = {
    "number": (("value",), formats.number_text),
    "quote": (("text",), quote),
    "to_string": (("json",), to_string),
    "split_format": (("template", "by_name"), split_format),
    "render": (("template", "number", "width", "precision", "value"), render),
    "is_latin": (("text",), is_latin),
    "parse_json": (("text",), parse_json),
    "parse_yaml": (("text",), parse_yaml),
    "manifest_yaml_doc": (("json", "indent_arrays", "quote_keys"), manifest_yaml_doc),
    "ask": (("name", "arguments"), ask),
}
