"""Which files of a chart's folder Helm leaves out: its ``.helmignore``.

The rules are Helm's own (https://helm.sh/docs/chart_template_guide/helm_ignore_file): shell patterns,
no ``**``, and `!` ignores whatever does not match.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from kubeaid_ci.errors import UserError
from kubeaid_ci.plan.patterns import compiled

# Helm adds this one itself: editors leave such files among the templates.
_ALWAYS = "templates/.?*"


@dataclass(frozen=True, slots=True)
class _Rule:
    matches: Callable[[str], bool]
    negated: bool
    folders_only: bool


def kept(paths: Iterable[str], rules: str, *, where: str) -> list[str]:
    """The paths that are left, in their order; `rules` is the text of ``.helmignore``, `where` its name.

    Raises `UserError` for a pattern that Helm refuses.
    """
    parsed = [_rule(line, f"{where}:{number}") for number, line in enumerate(rules.splitlines(), 1) if _counts(line)]
    parsed.append(_rule(_ALWAYS, where))

    @cache
    def out(path: str, folder: bool) -> bool:  # noqa: FBT001 - a cached lookup
        parent = path.rpartition("/")[0]
        return (bool(parent) and out(parent, True)) or _ignored(path, parsed, folder=folder)  # noqa: FBT003 - as above

    return [path for path in paths if not out(path, False)]  # noqa: FBT003 - as above


def _counts(line: str) -> bool:
    return bool(line.strip()) and not line.strip().startswith("#")


def _ignored(path: str, rules: Iterable[_Rule], *, folder: bool) -> bool:
    for rule in rules:
        wrong_kind = rule.folders_only and not folder
        if rule.negated:
            if wrong_kind or not rule.matches(path):
                return True
        elif not wrong_kind and rule.matches(path):
            return True
    return False


def _rule(line: str, where: str) -> _Rule:
    text = line.strip()
    if "**" in text:
        raise UserError(f"{where}: {text!r}: Helm knows no ** in .helmignore; write one pattern a level")
    negated, text = text.startswith("!"), text.removeprefix("!")
    folders_only, text = text.endswith("/"), text.removesuffix("/")
    pattern = compiled(text.removeprefix("/"), where=where, negation=("^",))
    if "/" in text:
        return _Rule(pattern.fullmatch, negated, folders_only)
    return _Rule(lambda path: pattern.fullmatch(path.rpartition("/")[2]), negated, folders_only)
