"""The pattern dialects of Argo CD; a pattern matches a whole path, in linear time.

Argo CD uses four: Go's `path.Match` for folders of the git generator, Git's pathspecs for its files,
https://github.com/gobwas/glob for ``directory.include`` and ``exclude``, and
https://github.com/bmatcuk/doublestar for ``helm.valueFiles``. They differ in what ``*``, ``!`` and ``{`` mean.
"""

import re
from dataclasses import dataclass, field

from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.wildcard import Either, Folders, Many, One, Part, Pattern

_START = "\0"
_MOST_ALTERNATIVES = 1000
_CLASSES = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "blank": " \t", "cntrl": "\x00-\x1f\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": " \t\n\r\f\v",
    "upper": "A-Z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class PatternError(UserError):
    """A pattern that Argo CD cannot read."""

    def __init__(self, pattern: str) -> None:
        super().__init__(f"{pattern!r} is not a pattern that Argo CD can read; a [, {{ or \\ is not closed")


def path_match(pattern: str) -> Pattern:
    """Return a pattern of Go's `path.Match`: ``*`` and ``?`` stop at a slash. Raises `PatternError`."""
    scan = _Scan(pattern)
    parts: list[Part] = []
    while char := scan.next():
        match char:
            case "*":
                parts.append(Many(_no_slash))
            case "?":
                parts.append(One(_no_slash))
            case "[":
                negated = scan.skip("^")
                parts.append(_ranges(scan, negated=negated))
            case "\\":
                parts.append(_literal(scan.must()))
            case _:
                parts.append(_literal(char))
    return Pattern(parts)


def doublestar(pattern: str) -> Pattern:
    """Return a pattern of doublestar: as `path_match`, ``**`` as any number of folders, ``{a,b}``.

    Raises `PatternError`.
    """
    branches = [_doublestar(_Scan(one)) for one in _alternatives(pattern)]
    return Pattern(branches[0] if len(branches) == 1 else [Either(branches)])


def _doublestar(scan: "_Scan") -> list[Part]:
    parts: list[Part] = []
    starts = True
    while char := scan.next():
        starts, at_start = char in ("/", _START), starts
        match char:
            case "*" if scan.skip("*"):
                if at_start and scan.skip("/"):
                    parts.append(Folders(empty=False))
                    starts = True
                else:
                    parts.append(Many(_any if at_start and scan.ends else _no_slash))
            case "*":
                parts.append(Many(_no_slash))
            case "?":
                parts.append(One(_no_slash))
            case "[":
                negated = scan.skip("!") or scan.skip("^")
                parts.append(_ranges(scan, negated=negated, closes_early=True))
            case "\\":
                parts.append(_literal(scan.must()))
            case _ if char != _START:
                parts.append(_literal(char))
    return parts


def _alternatives(pattern: str) -> list[str]:
    """Return a pattern once for each alternative, ``a{b,c}`` as ``ab`` and ``ac``.

    An alternative begins with `_START`: a ``**`` counts there as at the start of a name.
    """
    scan = _Scan(pattern)
    while char := scan.next():
        match char:
            case "\\":
                scan.must()
            case "[":
                _ranges(scan, negated=scan.skip("!") or scan.skip("^"), closes_early=True)
            case "}":
                raise PatternError(pattern)
            case "{":
                before, items, after = pattern[: scan.at - 1], *_braces(scan)
                found = [one for item in items for one in _alternatives(f"{before}{_START}{item}{after}")]
                if len(found) > _MOST_ALTERNATIVES:
                    raise PatternError(pattern)
                return found
    return [pattern]


def _braces(scan: "_Scan") -> tuple[list[str], str]:
    """Return the alternatives of the brace that was opened, and the rest of the pattern."""
    items, depth = [""], 0
    while char := scan.must():
        if char == "}" and not depth:
            break
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char == "," and not depth:
            items.append("")
        else:
            items[-1] += char + scan.must() if char == "\\" else char
    return items, scan.text[scan.at :]


def gobwas(pattern: str) -> Pattern:
    """Return a pattern of gobwas/glob without separators: ``*`` and ``?`` match slashes. Raises `PatternError`."""
    scan = _Scan(pattern)
    open_branches: list[list[list[Part]]] = [[[]]]
    while char := scan.next():
        parts = open_branches[-1][-1]
        match char:
            case "*":
                parts.append(Many(_any))
            case "?":
                parts.append(One(_any))
            case "[":
                parts.append(_gobwas_class(scan))
            case "{":
                open_branches.append([[]])
            case "," if len(open_branches) > 1:
                open_branches[-1].append([])
            case "}" if len(open_branches) > 1:
                branches = open_branches.pop()
                open_branches[-1][-1].append(Either(branches))
            case "\\":
                parts += map(_literal, scan.next())
            case _:
                parts.append(_literal(char))
    if len(open_branches) > 1:  # gobwas panics
        raise PatternError(pattern)
    return Pattern(open_branches[0][0])


def _gobwas_class(scan: "_Scan") -> One:
    """Read ``[abc]``, ``[!abc]`` or one range ``[a-z]``: unlike other dialects, it mixes none of them."""
    negated = "^" if scan.skip("!") else ""
    first = scan.must()
    if scan.skip("-"):
        last = scan.must()
        if not scan.skip("]") or last < first:
            raise PatternError(scan.text)
        return _one_of(f"[{negated}{re.escape(first)}-{re.escape(last)}]")
    chars, char = "", first
    while char != "]":
        chars += scan.next() if char == "\\" else char
        char = scan.must()
    if not chars:
        raise PatternError(scan.text)
    return _one_of(f"[{negated}{re.escape(chars)}]")


def pathspec(pattern: str) -> Pattern:
    """Return a pathspec as ``git ls-files -- PATTERN`` reads it.

    A pattern also represents all files below the folder that it names exactly, and ``*`` matches slashes. Raises
    `PatternError` for a pattern that leads out of the repository or has magic words, ``:(glob)``.
    """
    path = _normalized(pattern)
    if not path:
        return Pattern([Many(_any)])
    exact: list[Part] = [_literal(char) for char in path.rstrip("/")]
    branches = [[*exact, _literal("/"), Many(_any)], _wildmatch(path)]
    if not path.endswith("/"):
        branches.append(exact)
    return Pattern([Either(branches)])


def _normalized(pattern: str) -> str:
    """Return a path without ``.`` and ``..``, with the slash at its end."""
    if pattern.startswith((":", "/")):
        raise PatternError(pattern)
    parts: list[str] = []
    for part in pattern.split("/"):
        if part == ".." and not parts:
            raise PatternError(pattern)
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    is_folder = pattern.endswith(("/", "/.", "/.."))
    return "/".join(parts) + ("/" if is_folder and parts else "")


def _wildmatch(pattern: str) -> list[Part]:
    """Return what Git's wildmatch matches without WM_PATHNAME; a pattern that is not closed matches nothing."""
    scan = _Scan(pattern)
    parts: list[Part] = []
    try:
        while char := scan.next():
            match char:
                case "*":
                    parts.append(Many(_any))
                case "?":
                    parts.append(One(_any))
                case "[":
                    negated = scan.skip("!") or scan.skip("^")
                    parts.append(_ranges(scan, negated=negated, classes=True))
                case "\\":
                    parts.append(_literal(scan.must()))
                case _:
                    parts.append(_literal(char))
    except PatternError:
        return [One(_never)]
    return parts


@dataclass(slots=True)
class _Scan:
    """Reads a pattern character by character."""

    text: str
    at: int = field(default=0)

    @property
    def ends(self) -> bool:
        return self.at >= len(self.text)

    def next(self) -> str:
        """Return the next character; empty at the end."""
        self.at += 1
        return self.text[self.at - 1 : self.at]

    def must(self) -> str:
        """Return the next character; raises `PatternError` at the end."""
        if self.ends:
            raise PatternError(self.text)
        return self.next()

    def skip(self, text: str) -> bool:
        """Skip a text if it comes next, and return whether it does."""
        found = self.text.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found


def _ranges(scan: _Scan, *, negated: bool, closes_early: bool = False, classes: bool = False) -> One:
    """Read characters and ranges up to the ``]``.

    As the first character it closes an empty class if `closes_early`, which no dialect accepts. With `classes`,
    Git's dialect, it is a character there, as is a ``-`` at an end, and ``[:alpha:]`` is a class.
    """
    found: list[str] = []
    while (char := scan.must()) != "]" or not (found or closes_early):
        if classes and char == "[" and (name := _class_name(scan)):
            found.append(_CLASSES[name])
        else:
            found.append(_range(scan, char, strict=not classes and not closes_early))
    if not found:
        raise PatternError(scan.text)
    inside = "".join(found)
    if not inside:  # every range runs backwards, so nothing is in one
        return One(_any if negated else _never)
    return _one_of(f"[^{inside}]" if negated else f"[{inside}]")


def _range(scan: _Scan, char: str, *, strict: bool) -> str:
    """Read a character or a range; `strict` is Go's path.Match, where ``-`` and ``]`` are escaped."""
    low = _escaped(scan, char, strict=strict)
    follows = scan.text[scan.at : scan.at + 2]
    if not follows.startswith("-") or (not strict and follows in ("-", "-]")):
        return re.escape(low)
    scan.next()
    high = _escaped(scan, scan.must(), strict=strict)
    return f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""


def _escaped(scan: _Scan, char: str, *, strict: bool) -> str:
    if strict and (char in "-]" or scan.ends):
        raise PatternError(scan.text)
    if char != "\\":
        return char
    char = scan.must()
    if strict and scan.ends:
        raise PatternError(scan.text)
    return char


def _class_name(scan: _Scan) -> str:
    found = re.compile(r":([a-z]+):\]").match(scan.text, scan.at)
    if found is None:
        return ""
    if found[1] not in _CLASSES:
        raise PatternError(scan.text)
    scan.at = found.end()
    return found[1]


def _literal(char: str) -> One:
    return One(char.__eq__)


def _one_of(character_class: str) -> One:
    matches = re.compile(character_class, re.DOTALL).fullmatch
    return One(lambda char: matches(char) is not None)


def _any(_: str) -> bool:
    return True


def _never(_: str) -> bool:
    return False


def _no_slash(char: str) -> bool:
    return char != "/"
