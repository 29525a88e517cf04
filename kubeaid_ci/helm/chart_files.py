"""The files of a repository that make up one chart, as Helm sees its folder: links and ``.helmignore``.

Helm follows links wherever they lead, which in an untrusted change may be any file of the machine. Here only a link
within ``charts/`` to another folder of the repository is followed.

The rules of ``.helmignore`` are those of https://github.com/helm/helm/blob/v4.2.3/pkg/ignore/rules.go: shell patterns
of Go, one a line, no ``**``. A rule with ``!`` ignores every file that does not match. Only the ``.helmignore`` of the
outer chart counts.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import follow
from kubeaid_ci.git.tree import Entry, Tree
from kubeaid_ci.globs.go import BadPatternError, compile_pattern, has_error_at
from kubeaid_ci.helm.go_types import trim_space

_MOST_DEEP = 20
# Helm adds this rule itself: editors leave such files among the templates.
_ALWAYS = "templates/.?*"
_LONGEST = 64 * 1024
"""Go's scanner reads no longer line (bytes)."""


class LinkError(UserError):
    """A chart holds a link that is not followed."""


def chart_files(
    files: Tree, links: Mapping[str, str], folder: str, *, below: Callable[[str], Tree] | None = None
) -> dict[str, tuple[str, Entry]]:
    """Return the files of the chart in a folder: path within the chart, to path within the repository and entry.

    `links` has the target of every link among `files`; `below` gives those of the files that are below a
    folder, where that is known faster than by looking at all. Raises `LinkError` for any other link than
    that of a whole subchart to a folder of the repository.
    """

    def looked_for(around: str) -> Tree:
        return {path: entry for path, entry in files.items() if path.startswith(f"{around}/")}

    return dict(sorted(_Walk(files, links, below or looked_for).chart(folder, "", ())))


@dataclass(frozen=True, slots=True)
class _Walk:
    """From a chart's folder on, through links to others."""

    files: Tree
    links: Mapping[str, str]
    below: Callable[[str], Tree]

    def chart(self, folder: str, inside: str, around: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, Entry]]]:
        if folder in around or len(around) > _MOST_DEEP:
            raise LinkError(f"{folder}: the link to this chart leads back to a chart around it; remove it")
        for path, entry in self.below(folder).items():
            name = inside + path[len(folder) + 1 :]
            if entry.is_link:
                target = _target(self.files, self.links, path)
                yield from self.chart(target, f"{name}/", (*around, folder))
            elif entry.is_file:
                yield name, (path, entry)


def _target(files: Tree, links: Mapping[str, str], path: str) -> str:
    where, _, name = path.rpartition("/")
    target = links.get(path, "")
    place = follow(path, links)
    is_subchart = where.endswith("/charts") and "/" not in name
    if place is None or not is_subchart or f"{place}/Chart.yaml" not in files:
        raise LinkError(
            f"{path}: a link to {target!r}; a chart may only hold links from charts/ to another chart"
            " of the repository: put the file itself here"
        )
    return place


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


def not_ignored(paths: Iterable[str], rules: str, *, where: str, folders: Collection[str] = ()) -> list[str]:
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
