"""Names of clusters in one text, such as an environment variable: ``production staging`` or a JSON list."""

import json
from collections.abc import Collection, Sequence

from kubeaid_ci.errors import UserError


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a JSON list, else each line; `split` separates the names of a line.

    Raises `UserError` for JSON that is no list of texts.
    """
    if not text.lstrip().startswith("["):
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UserError(f"{text!r}: not a JSON list: {error}") from error
    if not all(isinstance(name, str) for name in found):
        raise UserError(f"{text!r}: not a JSON list of names")
    return tuple(found)


def split(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Split a text at spaces into known names; a name may hold spaces itself.

    Returns the words if that is not possible. Raises `UserError` if it is possible in several ways.
    """
    ways = _ways(text.split(" "), known)
    if len(ways) > 1:
        raise UserError(f"{text!r}: may name several clusters in different ways; write a JSON list: {_json(ways[0])}")
    return tuple(ways[0]) if ways else tuple(text.split())


def joined(names: Sequence[str]) -> str:
    """Return a text that `listed` and `split` read as these names: separated by spaces if no name holds one."""
    plain = all(name and name.split() == [name] and not name.startswith("[") for name in names)
    return " ".join(names) if plain else _json(names)


def _ways(words: list[str], known: Collection[str]) -> list[list[str]]:
    """Return up to two ways to read the words as names; `words` are what spaces separate."""
    found: list[list[list[str]]] = [[[]], *([] for _ in words)]
    for end in range(1, len(words) + 1):
        for start in range(end):
            name = " ".join(words[start:end])
            if name in known or not name:
                found[end] += [[*way, *([name] if name else [])] for way in found[start]]
        found[end] = found[end][:2]
    return [way for way in found[-1] if way]


def _json(names: Sequence[str]) -> str:
    return json.dumps(list(names))
