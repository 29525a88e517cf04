"""Text and types as Go programs treat them.

A value is checked for the type that sigs.k8s.io/yaml and encoding/json decode it into: fields are matched whatever
their case, and a null leaves any field as it is. Text is cleaned as Go's `unicode` and `strings` packages and Helm's
metadata do it.
"""

from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

from kubeaid_ci.documents.scalars import float32_text

_BLANKS = "\t\n\v\f\r\x85"
_NAMES = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "a mapping"}


def is_space(character: str) -> bool:
    """Return what Go's `unicode.IsSpace` does; Python's `str.isspace` is true for more."""
    return character in _BLANKS or category(character)[0] == "Z"


def trim_space(text: str) -> str:
    """Return the text without spaces at either end, as Go's `strings.TrimSpace` does."""
    start, end = 0, len(text)
    while start < end and is_space(text[start]):
        start += 1
    while end > start and is_space(text[end - 1]):
        end -= 1
    return text[start:end]


def sanitized(text: str) -> str:
    """Return a text of a Chart.yaml as Helm takes it: each kind of space as a plain space, without unprintable ones.

    It is `sanitizeString` of https://github.com/helm/helm/blob/v4.2.3/pkg/chart/v2/metadata.go.
    """
    if text.isascii() and text.isprintable():
        return text
    blank = (" " if is_space(character) else character for character in text)
    return "".join(character for character in blank if character == " " or category(character)[0] in "LMNPS")


Check = Callable[[Any, str], None]
"""Raises `WrongTypeError` if a value does not fit; the text is its path, such as ``[0].urls``."""


class WrongTypeError(ValueError):
    """A value that Go cannot decode: its path, such as ``.urls[0]`` (empty for the whole), and why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path.lstrip('.')}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


def text(value: Any) -> str:
    """Return a scalar as the text that sigs.k8s.io/yaml makes of it for a field of text, empty for null."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return float32_text(value)
    return str(value)


def by_name(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by their names in lower case; of two spellings the last in order counts, as in Go."""
    return {key.lower(): fields[key] for key in sorted(fields) if fields[key] is not None}


def string(value: Any, path: str) -> None:
    """Check a field that takes text only."""
    if not isinstance(value, str):
        raise wrong(value, path, "text")


def scalar(value: Any, path: str) -> None:
    """Check a field of text for which numbers and booleans become text."""
    if isinstance(value, dict | list):
        raise wrong(value, path, "text")


def boolean(value: Any, path: str) -> None:
    """Check a field that takes true or false."""
    if not isinstance(value, bool):
        raise wrong(value, path, "a boolean")


def anything(value: Any, path: str) -> None:
    """Check nothing: Go decodes it into no type."""


def list_of(check: Check) -> Check:
    """Check a list and its items."""

    def check_list(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong(value, path, "a list")
        for number, item in enumerate(value):
            if item is not None:
                check(item, f"{path}[{number}]")

    return check_list


def map_of(check: Check) -> Check:
    """Check a mapping with any keys, and its values."""

    def check_map(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong(value, path, "a mapping")
        for key, inner in value.items():
            if inner is not None:
                check(inner, f"{path}.{key}")

    return check_map


def struct(fields: Mapping[str, Check], *, is_strict: bool = False) -> Check:
    """Check a mapping with the named fields (in lower case); others are refused if it is strict."""

    def check_struct(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong(value, path, "a mapping")
        for key, inner in value.items():
            check = fields.get(key.lower())
            if check is None and is_strict:
                raise WrongTypeError(f"{path}.{key}", "an unknown field")
            if check is not None and inner is not None:
                check(inner, f"{path}.{key}")

    return check_struct


def wrong(value: Any, path: str, wanted: str) -> WrongTypeError:
    """Return the error about a value of another type than `wanted`."""
    found = _NAMES.get(type(value), "something else")
    example = "" if isinstance(value, dict | list) else f" {text(value)[:40]!r}"
    quote = "; it must be quoted" if wanted == "text" and not isinstance(value, dict | list) else ""
    return WrongTypeError(path, f"{found}{example} instead of {wanted}{quote}")
