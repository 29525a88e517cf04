"""The files of a chart's folder that Helm ignores: its ``.helmignore``.

The rules are those of https://github.com/helm/helm/blob/v4.2.3/pkg/ignore/rules.go: shell patterns of Go, one a line,
no ``**``. A rule with ``!`` leaves out whatever does not match. Only the ``.helmignore`` of the outer chart counts.
"""

import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from kubeaid_ci.errors import UserError
from kubeaid_ci.globs.go import BadPatternError, compile_pattern, has_error_at
from kubeaid_ci.helm.go_text import trim_space

# Helm adds this rule itself: editors leave such files among the templates.
_ALWAYS = "templates/.?*"
_LONGEST = 64 * 1024
"""Go's scanner reads no longer line (bytes)."""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str] | None
    """None for a pattern that cannot be used, which then matches nothing."""
    is_path: bool
    negated: bool
    folders_only: bool

    def matches(self, path: str) -> bool:
        text = path if self.is_path else posixpath.basename(path)
        return self.pattern is not None and self.pattern.fullmatch(text) is not None


def kept(paths: Iterable[str], rules: str, *, where: str, folders: Collection[str] = ()) -> list[str]:
    """Return the paths that are left, in their order.

    `rules` is the text of ``.helmignore`` and `where` its path. `folders` are those of the paths that are folders, such
    as links to one. Raises `UserError` for a pattern that Helm refuses to load.
    """
    parsed = [*_rules(rules, where), _rule(_ALWAYS)]

    @cache
    def out(path: str, folder: bool) -> bool:  # noqa: FBT001 - a cached lookup
        parent = path.rpartition("/")[0]
        return (bool(parent) and out(parent, True)) or _ignored(path, parsed, folder=folder)  # noqa: FBT003 - as above

    return [path for path in paths if not out(path, path in folders)]


def _rules(text: str, where: str) -> Iterable[_Rule]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if len(line.encode("utf-8", "replace")) >= _LONGEST:
            raise UserError(f"{where}:{number}: longer than 64 KiB, which Helm does not read")
        rule = trim_space(line)
        if not rule or rule.startswith("#"):
            continue
        if "**" in rule:
            raise UserError(
                f"{where}:{number}: {rule!r}: Helm supports no ** in .helmignore; write one pattern a level"
            )
        # Helm tries each rule on this one name.
        if has_error_at(rule, "abc"):
            raise UserError(f"{where}:{number}: {rule!r}: not a pattern; close each [ and escape - and ] in it")
        yield _rule(rule)


def _rule(text: str) -> _Rule:
    negated, text = text.startswith("!"), text.removeprefix("!")
    folders_only, text = text.endswith("/"), text.removesuffix("/")
    is_path, text = "/" in text, text.removeprefix("/")
    try:
        pattern = compile_pattern(text)
    except BadPatternError:  # an error that Helm meets later, logs, and takes for no match
        pattern = None
    return _Rule(pattern, is_path, negated, folders_only)


def _ignored(path: str, rules: Iterable[_Rule], *, folder: bool) -> bool:
    for rule in rules:
        is_wrong_kind = rule.folders_only and not folder
        if rule.negated:
            if is_wrong_kind or not rule.matches(path):
                return True
        elif not is_wrong_kind and rule.matches(path):
            return True
    return False
