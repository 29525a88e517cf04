"""The file name patterns of Helm and ArgoCD as regular expressions."""

import re

from kubeaid_ci.errors import UserError

_PART = re.compile(r"\*\*/|\*\*|\\.|\[[^\]]+\]|.", re.DOTALL)


def compiled(text: str, *, where: str, across: bool = False, deep: bool = False) -> re.Pattern[str]:
    """A pattern, to be matched against a whole path: ``*``, ``?``, ``[a-z]`` and ``\\`` as Go's path.Match has them.

    `across` lets ``*`` and ``?`` match slashes, and takes ``{a,b}`` as either: ArgoCD's include and
    exclude. `deep` gives ``**`` the meaning of any number of folders. Raises `UserError`, which
    `where` names, for brackets without an end.
    """
    any_letter = "." if across else "[^/]"
    out: list[str] = []
    open_braces = 0
    for part in _PART.findall(text):
        match part:
            case "**/" | "**" if deep:
                out.append("(?:[^/]+/)*" if part == "**/" else ".*")
            case "**/" | "**" | "*":
                out.append(f"{any_letter}*" + ("/" if part == "**/" else ""))
            case "?":
                out.append(any_letter)
            case "{" if across:
                out.append("(?:")
                open_braces += 1
            case "}" if open_braces:
                out.append(")")
                open_braces -= 1
            case "," if open_braces:
                out.append("|")
            case "[":
                raise UserError(f"{where}: {text!r}: a [ without its ]")
            case _ if part.startswith("["):
                out.append(_one_of(part[1:-1]))
            case _:
                out.append(re.escape(part[1:] if len(part) > 1 else part))
    if open_braces:
        raise UserError(f"{where}: {text!r}: a {{ without its }}")
    return _regex("".join(out), text, where)


def _one_of(inside: str) -> str:
    negated = inside.startswith(("^", "!"))
    escaped = (inside[1:] if negated else inside).replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    return f"[{'^' if negated else ''}{escaped}]"


def _regex(written: str, text: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(written, re.DOTALL)
    except re.error as error:
        raise UserError(f"{where}: {text!r}: not a pattern: {error}") from error
