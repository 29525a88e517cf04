"""The file name patterns of Helm and Argo CD."""

import re
from collections.abc import Iterator

from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.wildcard import Either, Folders, Many, One, Part, Pattern, Test

_PART = re.compile(r"\*\*/|\*\*|\\.|\[[^\]]+\]|.", re.DOTALL)


def compiled(
    text: str, *, where: str, across: bool = False, deep: bool = False, negation: tuple[str, ...] = ("^", "!")
) -> Pattern:
    """Return a pattern to be matched against a whole path: ``*``, ``?``, ``[a-z]`` and ``\\`` as Go's path.Match.

    `across` lets ``*`` and ``?`` match slashes and takes ``{a,b}`` as either: the include and exclude of Argo CD
    (https://pkg.go.dev/github.com/gobwas/glob). `deep` gives ``**`` the meaning of any number of folders. `negation`
    has the characters that negate a set; Go's own patterns know ``^`` only. Raises `UserError`, which `where` names,
    for brackets without an end and for ranges that run backwards.
    """
    reader = _Reader(text, where, across=across, deep=deep, negation=negation)
    parts, rest = reader.sequence(iter(_PART.findall(text)), until="")
    if rest is not None:
        raise UserError(f"{where}: {text!r}: a {{ without its }}")
    return Pattern(parts)


class _Reader:
    """Reads one pattern."""

    def __init__(self, text: str, where: str, *, across: bool, deep: bool, negation: tuple[str, ...]) -> None:
        self._text, self._where = text, where
        self._across, self._deep, self._negation = across, deep, negation
        self._any: Test = (lambda _: True) if across else _no_slash

    def sequence(self, pieces: Iterator[str], *, until: str) -> tuple[list[Part], str | None]:
        """Return the parts up to one of the characters in `until`, and that character; None at the end."""
        parts: list[Part] = []
        for piece in pieces:
            if piece in until and piece:
                return parts, piece
            if piece == "{" and self._across:
                parts.append(self._either(pieces))
            else:
                parts += self._parts(piece)
        return parts, None

    def _either(self, pieces: Iterator[str]) -> Either:
        branches, end = [], ","
        while end == ",":
            branch, found = self.sequence(pieces, until=",}")
            if found is None:
                raise self._error("a { without its }")
            branches.append(branch)
            end = found
        return Either(branches)

    def _parts(self, piece: str) -> Iterator[Part]:
        match piece:
            case "**/" | "**" if self._deep:
                yield Folders(empty=False) if piece == "**/" else Many(lambda _: True)
            case "**/" | "**" | "*":
                yield Many(self._any)
                yield from (One("/".__eq__) for _ in piece[2:])
            case "?":
                yield One(self._any)
            case "[":
                raise self._error("a [ without its ]")
            case _ if piece.startswith("[") and len(piece) > 1:
                yield One(self._one_of(piece[1:-1]))
            case _:
                yield One(piece[-1].__eq__)

    def _one_of(self, inside: str) -> Test:
        negated = inside.startswith(self._negation)
        escaped = (inside[1:] if negated else inside).replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        try:
            pattern = re.compile(f"[{'^' if negated else ''}{escaped}]", re.DOTALL)
        except re.error as error:
            raise self._error(f"not a pattern: {error}") from error
        return lambda character: pattern.fullmatch(character) is not None

    def _error(self, what: str) -> UserError:
        return UserError(f"{self._where}: {self._text!r}: {what}")


def _no_slash(character: str) -> bool:
    return character != "/"
