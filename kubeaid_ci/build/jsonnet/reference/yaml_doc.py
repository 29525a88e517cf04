"""`std.manifestYamlDoc` as go-jsonnet 0.20 has it; later versions spell numbers in another way."""

import string
from collections.abc import Callable
from typing import Any

_LETTERS = frozenset(string.ascii_letters + "_-/")
_DIGITS = frozenset(string.digits)
_RESERVED = frozenset(
    ("true", "false", "yes", "no", "on", "off", "y", "n", ".nan", "-.inf", "+.inf", ".inf", "null", "-", "---", "")
)


def yaml_doc(
    value: Any,
    *,
    indent_arrays: bool,
    quote_keys: bool,
    quote: Callable[[str], str],
    number: Callable[[float], str],
) -> str:
    """Write JSON data as YAML."""

    def key(name: str) -> str:
        return name if not quote_keys and _is_bare(name) else quote(name)

    def block(inner: Any, indent: str) -> str:
        match inner:
            case bool():
                return "true" if inner else "false"
            case None:
                return "null"
            case str():
                return _text(inner, indent, quote)
            case float():
                return number(inner)
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


def _text(text: str, indent: str, quote: Callable[[str], str]) -> str:
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
