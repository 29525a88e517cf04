"""Globs in which only ``**`` spans slashes."""

import re
from functools import lru_cache

_TOKEN = re.compile(r"(?P<folders>\*\*/)|(?P<all>\*\*)|(?P<star>\*)|(?P<one>\?)|(?P<set>\[!?\]?[^\]/]*\])")


def matches(glob: str, text: str) -> bool:
    """Whether the whole text matches.

    ``*`` and ``?`` do not match a slash, ``**/`` matches any number of folders, none included, and
    ``**`` anything; ``[abc]`` and ``[!a-z]`` match one character.
    """
    return _compiled(glob).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str]:
    """Runs of stars are one: they mean the same and would be slow to try."""
    glob = re.sub(r"\*{3,}", "**", re.sub(r"(\*\*/){2,}", "**/", glob))
    parts, done = [], 0
    for token in _TOKEN.finditer(glob):
        parts += [re.escape(glob[done : token.start()]), _pattern(token)]
        done = token.end()
    return re.compile("".join([*parts, re.escape(glob[done:])]), re.DOTALL)


def _pattern(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "folders":
            return "(?:.*/)?"
        case "all":
            return ".*"
        case "star":
            return "[^/]*"
        case "one":
            return "[^/]"
    inside = token[0][1:-1]
    negated = "^/" if inside.startswith("!") else ""
    characters = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside.removeprefix("!"))
    try:
        re.compile(f"[{characters}]")
    except re.error:  # a range that runs backwards
        return re.escape(token[0])
    return f"[{negated}{characters}]"
