"""Template actions (``{{ … }}``) in a YAML text, and the text without them.

A Helm template is no YAML. With each action replaced by as many characters the rest mostly is, and every position stays
what it was. The syntax is that of Go's text/template/parse/lex.go.
"""

import re

_ACTION = re.compile(
    r"""\{\{-?\s*/\*.*?\*/\s*-?\}\}"""  # a comment
    r"""|\{\{(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|[^"'`}]|\}(?!\}))*\}\}""",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"\{\{-?\s*(?:/\*|if\b|else\b|end\b|range\b|with\b|define\b|block\b|break\b|continue\b|\$\w*\s*:?=)"
)
_LINE_BREAKS = "\r\n"


def masked(text: str) -> str:
    """Return a text in which each action is replaced by as many characters.

    Spaces replace actions that have their lines to themselves, and ``x`` replaces all others. Line breaks stay.
    """
    if "{{" not in text:
        return text
    touched = {number for found in _ACTION.finditer(text) for number in _lines_of(text, found)}
    with_words = _ACTION.sub(lambda found: _filled(found[0], "x"), text).split("\n")
    with_spaces = _ACTION.sub(lambda found: _filled(found[0], " "), text).split("\n")
    return "\n".join(
        empty if number in touched and not empty.strip() else line
        for number, (line, empty) in enumerate(zip(with_words, with_spaces, strict=True))
    )


def has_action(text: str) -> bool:
    """Return whether a text holds an action that gives output. Conditions, loops and comments do not."""
    return any(not _CONTROL.match(found[0]) for found in _ACTION.finditer(text))


def _filled(action: str, character: str) -> str:
    return "".join(one if one in _LINE_BREAKS else character for one in action)


def _lines_of(text: str, found: re.Match[str]) -> range:
    first = text.count("\n", 0, found.start())
    return range(first, first + found[0].count("\n") + 1)
