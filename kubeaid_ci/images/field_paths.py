"""Paths of fields: how a table of kinds writes them, and how results show them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
"""Keys and indexes from an object to a value in it."""

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
_FIELD = re.compile(r"\{([^{}]+)\}")


def show(body: Any, path: Path) -> str:
    """Return a path as ``spec.containers[web].image``: list items by their name if they have one, else by index.

    Keys with other characters are in brackets, as in the differences that `diff` shows.
    """
    text, value = "", body
    for part in path:
        value = _step(value, part)
        if isinstance(part, int):
            name = value.get("name") if isinstance(value, dict) else None
            text += f"[{name if isinstance(name, str) else part}]"
        elif not text:
            text = part
        else:
            text += f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{part}]"
    return text


def values_at(body: Mapping[str, Any], pattern: str) -> Iterator[tuple[Path, Any, frozenset[Path]]]:
    """Yield the values at a path of the table of kinds, each with its path and the paths of what it is made of.

    ``[]`` means each item of a list and ``*`` each field. A pattern with braces gives a text in which each
    field is replaced by its value; it gives none if a field has no text.
    """
    if "{" not in pattern:
        for path, value in _at(body, tuple(_parts(pattern)), ()):
            yield path, value, frozenset({path})
        return
    used: list[Path] = []
    texts: list[str] = []
    for field in _FIELD.findall(pattern):
        path, value = next(iter(_at(body, tuple(_parts(field)), ())), ((), None))
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            return
        used.append(path)
        texts.append(str(value))
    values = iter(texts)
    yield used[0], _FIELD.sub(lambda _: next(values), pattern), frozenset(used)


def _parts(pattern: str) -> Iterator[str]:
    for part in pattern.split("."):
        name = part.removesuffix("[]")
        yield name
        if name != part:
            yield "[]"


def _at(value: Any, parts: tuple[str, ...], path: Path) -> Iterator[tuple[Path, Any]]:
    if not parts:
        yield path, value
        return
    first, rest = parts[0], parts[1:]
    if first == "[]":
        for place, item in enumerate(value if isinstance(value, list) else ()):
            yield from _at(item, rest, (*path, place))
    elif isinstance(value, dict):
        for key in list(value) if first == "*" else [first]:
            if key in value:
                yield from _at(value[key], rest, (*path, key))


def _step(value: Any, part: str | int) -> Any:
    if isinstance(part, int):
        return value[part] if isinstance(value, list) and part < len(value) else None
    return value.get(part) if isinstance(value, dict) else None
