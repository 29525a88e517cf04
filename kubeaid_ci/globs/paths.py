"""Globs in which only ``**`` spans slashes."""

import re
from collections.abc import Iterator
from functools import lru_cache

from kubeaid_ci.globs.wildcard import Folders, Many, One, Part, Pattern

_TOKEN = re.compile(
    r"(?P<folders>\*\*/)|(?P<all>\*\*)|(?P<star>\*)|(?P<one>\?)|(?P<set>\[!?\]?[^\]/]*\])|(?P<character>.)", re.DOTALL
)


def matches(glob: str, text: str) -> bool:
    """Return whether the whole text matches, in time linear in the text.

    ``*`` and ``?`` do not match a slash, ``**/`` matches any number of folders, none included, and
    ``**`` anything; ``[abc]`` and ``[!a-z]`` match one character.
    """
    return _compiled(glob).fullmatch(text)


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> Pattern:
    """Compile a glob. Runs of stars are taken as one: they mean the same."""
    glob = re.sub(r"\*{3,}", "**", re.sub(r"(\*\*/){2,}", "**/", glob))
    return Pattern([part for token in _TOKEN.finditer(glob) for part in _parts(token)])


def _parts(token: re.Match[str]) -> Iterator[Part]:
    match token.lastgroup:
        case "folders":
            yield Folders()
        case "all":
            yield Many(lambda _: True)
        case "star":
            yield Many(lambda character: character != "/")
        case "one":
            yield One(lambda character: character != "/")
        case "set":
            yield from _set(token[0])
        case _:
            yield One(token[0].__eq__)


def _set(text: str) -> Iterator[Part]:
    inside = text[1:-1]
    negated = "^/" if inside.startswith("!") else ""
    characters = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside.removeprefix("!"))
    try:
        pattern = re.compile(f"[{negated}{characters}]", re.DOTALL)
    except re.error:  # a range that runs backwards is plain text
        yield from (One(character.__eq__) for character in text)
        return
    yield One(lambda character: pattern.fullmatch(character) is not None)
