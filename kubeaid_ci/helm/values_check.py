"""Checks the values that somebody sets for a chart against what the chart knows.

A key is known where the chart's defaults have it or a template names it. What a template takes whole
(``toYaml``, ``range``, ``with``, an argument) may hold any key, so below it nothing is ever reported. Access that
allows for a missing mapping, as ``(.Values.a).b`` and ``dig "a" "b" "" .Values``, names a key like ``.Values.a.b``.
"""

import difflib
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import chart_yaml

Files = Mapping[str, bytes]
Path = tuple[str, ...]

_PATH = r"""([$.\w]*\.Values(?:\.(?:\w+|"[^"]+"))*)"""
_EMPTY = r"(?:dict|\(\s*dict\s*\))"
_BRACKETED = re.compile(
    rf"\(\s*(?:default\s+{_EMPTY}\s+)?{_PATH}\s*(?:\|\s*default\s+{_EMPTY}\s*)?\)(?=\.[A-Za-z_]|\s+\"|\s*\))"
)
_INDEXED = re.compile(rf"""\bindex\s+{_PATH}((?:\s+"[^"]+")+)""")
_DUG = re.compile(rf"""\bdig((?:\s+"[^"]*")+)(?:\s+(?:[$\w][$.\w]*|\(\s*(?:dict|list)\s*\)))?\s+{_PATH}""")
_NAMED = re.compile(r"""\.Values((?:\.(?:[A-Za-z_]\w*|"[^"]+"))*)""")
_QUOTED = re.compile(r'"([^"]*)"')
_STEP = re.compile(r'\.(?:(\w+)|"([^"]+)")')
_DEEPEST = 8
"""Maximum depth of parentheses around a path."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key that the chart does not know, its line, and known ones of a similar name."""

    path: Path
    line: int | None
    near: tuple[str, ...]


@dataclass(slots=True)
class Known:
    """The values that a chart uses: its defaults, and the paths that its templates use, with all keys below them."""

    taken: set[Path] = field(default_factory=set)
    _around: set[Path] | None = None
    _texts: list[tuple[bytes, list[Path]]] = field(default_factory=list)
    _defaults: dict[str, Any] | None = None

    @classmethod
    def of(cls, files: Files) -> "Known":
        """Read a chart's files, by their path within it; its subcharts' values are below their names."""
        known = cls()
        homes = dict(_homes(files))
        everywhere = [prefix for prefixes in homes.values() for prefix in prefixes]
        for path, data in files.items():
            prefixes = homes[_home(path, homes)]
            # A helper may be called by any chart, with that chart's values.
            known._read(data.decode("utf-8", "replace"), everywhere if path.endswith(".tpl") else prefixes)
            if path.endswith("values.yaml") and _home(path, homes) == posixpath.dirname(path):
                known._texts.append((data, prefixes))
        for prefixes in homes.values():
            known.taken |= {(*prefix, name) for prefix in prefixes for name in ("global", "tags", "enabled")}
        return known

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of all charts; read on first use, as templates name most keys."""
        if self._defaults is None:
            self._defaults = {}
            for data, prefixes in self._texts:
                _lay_below(self._defaults, data, prefixes)
        return self._defaults

    def has(self, path: Path) -> bool:
        """Return whether a key is used, or is below a mapping that is used as a whole."""
        if self._around is None:
            self._around = {one[:end] for one in self.taken for end in range(len(one))}
        if path in self._around or any(path[:end] in self.taken for end in range(len(path) + 1)):
            return True
        below: Any = self.defaults
        for step in path:
            if not isinstance(below, dict):
                return True  # the chart's default is no mapping: what it is replaced by is free
            if step not in below:
                return not below and below is not self.defaults  # so is what an empty one is filled with
            below = below[step]
        return True

    def near(self, path: Path) -> tuple[str, ...]:
        """Return known keys next to an unknown one with a similar name."""
        below: Any = self.defaults
        for step in path[:-1]:
            below = below.get(step) if isinstance(below, dict) else None
        beside = set(below) if isinstance(below, dict) else set()
        beside |= {
            one[len(path) - 1] for one in self.taken if len(one) >= len(path) and one[: len(path) - 1] == path[:-1]
        }
        return tuple(difflib.get_close_matches(path[-1], sorted(beside), 2))

    def _read(self, text: str, prefixes: list[Path]) -> None:
        if ".Values" not in text:
            return
        # Few lines of a template name values, and a path never goes on in the next line.
        lines = "\n".join(line for line in text.splitlines() if ".Values" in line)
        found = {
            tuple(name or quoted for name, quoted in _STEP.findall(match[1]))
            for match in _NAMED.finditer(_plain(lines))
        }
        self.taken |= {(*prefix, *steps) for prefix in prefixes for steps in found}


def _plain(text: str) -> str:
    """Return the template with every access that allows for missing mappings spelled as a plain path."""
    for _ in range(_DEEPEST):
        made = _BRACKETED.sub(r"\1", text)
        if "index" in made:
            made = _INDEXED.sub(lambda match: _below(match[1], _QUOTED.findall(match[2])), made)
        if "dig" in made:
            made = _DUG.sub(_dug, made)
        if made == text:
            break
        text = made
    return text


def _dug(match: re.Match[str]) -> str:
    """Return the path of a ``dig``, which names keys, then a default (which may be a text), then a mapping."""
    names = _QUOTED.findall(match[1])
    has_default = match[0][len("dig") + len(match[1]) :].strip() != match[2]
    return _below(match[2], names if has_default else names[:-1])


def _below(path: str, names: Iterable[str]) -> str:
    return path.removesuffix(".AsMap") + "".join(f'."{name}"' for name in names)


def _lay_below(defaults: dict[str, Any], data: bytes, prefixes: list[Path]) -> None:
    values = _loaded(data)
    for prefix in prefixes:
        below = defaults
        for step in prefix:
            inner = below.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = below[step] = {}
            below = inner
        for key, value in values.items():
            own = below.get(key)
            both = isinstance(own, dict) and isinstance(value, dict)
            below[key] = {**value, **own} if both else below.get(key, value)  # type: ignore[dict-item] # both are


def unknown(text: str, known: Known) -> Iterator[Unknown]:
    """Yield the keys of a values file that the chart does not know, the outermost of each only."""
    values = _loaded(text)
    for path in _outermost(values, (), known):
        yield Unknown(path, documents.locate(text, path), known.near(path))


def repeated(text: str) -> Iterator[tuple[Path, int]]:
    """Yield the keys that a values file gives twice, of which Helm takes the last, with the line of the second."""
    try:
        found = documents.duplicate_keys(text, "values")
    except UserError:
        return  # the text is wrong only behind the documents that Helm reads
    for path, line in found:
        yield tuple(str(step) for step in path), line


def _outermost(values: Mapping[str, Any], around: Path, known: Known) -> Iterator[Path]:
    for key, value in values.items():
        path = (*around, key)
        if not known.has(path):
            yield path
        elif isinstance(value, dict):
            yield from _outermost(value, path, known)


def _homes(files: Files) -> Iterator[tuple[str, list[Path]]]:
    """Yield the folder of each chart within, with the paths that its values are below: its name's and aliases'."""
    folders = sorted(
        (posixpath.dirname(path) for path in files if posixpath.basename(path) == chart_yaml.CHART), key=len
    )
    homes: dict[str, list[Path]] = {}
    for folder in folders:
        above = _home(posixpath.dirname(folder), homes) if folder else ""
        names = _names(files, folder, above) if folder else ()
        homes[folder] = [(*prefix, name) for prefix in homes.get(above, [()]) for name in names] if folder else [()]
    homes.setdefault("", [()])
    yield from homes.items()


def _names(files: Files, folder: str, above: str) -> tuple[str, ...]:
    name = chart_yaml.of_folder(files, folder).get("name") or posixpath.basename(folder)
    declared = chart_yaml.of_folder(files, above).get("dependencies") or ()
    aliases = [one.get("alias") for one in declared if one and one.get("name") == name]
    return tuple(dict.fromkeys(one for one in (name, *aliases) if one))


def _home(path: str, homes: Mapping[str, Any]) -> str:
    while path and path not in homes:
        path = posixpath.dirname(path)
    return path


def _loaded(text: str | bytes) -> dict[str, Any]:
    try:
        found = documents.load_all(text, where="values")
    except UserError:
        return {}  # Helm reports what is wrong with it
    return found[0] if found and isinstance(found[0], dict) else {}
