"""Checks a cluster's vars before anything is built from them."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kubeaid_ci.config_repo.rules import VARS_INVALID
from kubeaid_ci.findings.finding import Finding, Severity

_RULE = VARS_INVALID
_CLOSE = 0.85
_MENTIONED = re.compile(
    r"\bvars\.(?P<dot>\w+)|\bvars\[['\"](?P<index>[^'\"]+)['\"]\]"
    r"|\b(?:objectHas|objectHasAll|get)\(\s*vars,\s*['\"](?P<call>[^'\"]+)['\"]"
)
_PLATFORMS = re.compile(r"std\.member\(\s*\[(?P<names>[^\]]*)\]\s*,\s*vars\.platform\s*\)")
_QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")
_TYPES = {
    type(None): "null",
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


@dataclass(frozen=True, slots=True)
class Template:
    """The vars that the template and its library accept.

    `defaults` is the template's own default vars; `mentioned` every name that its code reads;
    `platforms` the platforms that it accepts (empty if it does not restrict them).
    """

    defaults: Mapping[str, Any]
    mentioned: frozenset[str]
    platforms: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return every top-level name that the template or the build itself reads."""
        return self.mentioned | frozenset(self.defaults) | {"kube_prometheus_version"}


def template(defaults: Mapping[str, Any], texts: Iterable[str]) -> Template:
    """Return what a template accepts, read from its default vars and the text of its own jsonnet files."""
    mentioned: set[str] = set()
    platforms: tuple[str, ...] = ()
    for text in texts:
        names, restricted = _demands(text)
        mentioned |= names
        platforms = platforms or restricted
    return Template(defaults, frozenset(mentioned), platforms)


@lru_cache(maxsize=256)
def _demands(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names of vars that a file of the template mentions, and the platforms to which it restricts them."""
    names = frozenset(name for match in _MENTIONED.finditer(text) for name in match.groups() if name)
    match = _PLATFORMS.search(text)
    return names, tuple(_QUOTED.findall(match["names"])) if match else ()


def type_name(value: object) -> str:
    """Return jsonnet's name of the type of a value, with an article."""
    return _TYPES[type(value)]


def check(values: Mapping[str, Any], known: Template, *, path: str, text: str, subject: str) -> Iterator[Finding]:
    """Yield what is doubtful or wrong in a cluster's vars; `text` is the vars file, for line numbers."""
    file = _File(path, text, subject)
    yield from _platform(values.get("platform"), known.platforms, file)
    yield from _typos(values, known.defaults, known.names, file)
    yield from _types(values, known.defaults, file)


@dataclass(frozen=True, slots=True)
class _File:
    """The vars file that findings point at; `above` is where in its value we are."""

    path: str
    text: str
    subject: str
    above: tuple[str, ...] = ()

    def below(self, name: str) -> "_File":
        return replace(self, above=(*self.above, name))

    def dotted(self, name: str) -> str:
        return ".".join((*self.above, name))

    def at(self, name: str, message: str, severity: Severity) -> Finding:
        line, key = _line(self.text, name), self.dotted(name)
        return _RULE.at(self.path, message, subject=self.subject, line=line, severity=severity, key=key)


def _platform(actual: object, platforms: tuple[str, ...], file: _File) -> Iterator[Finding]:
    if platforms and isinstance(actual, str) and actual not in platforms:
        message = f"unknown platform {actual!r}; it is one of {', '.join(platforms)}{_meant(actual, platforms)}"
        yield file.at("platform", message, Severity.ERROR)


def _typos(
    values: Mapping[str, Any], defaults: Mapping[str, Any], names: frozenset[str], file: _File
) -> Iterator[Finding]:
    for name, value in values.items():
        default = defaults.get(name)
        if isinstance(value, dict) and isinstance(default, dict):
            yield from _typos(value, default, frozenset(default), file.below(name))
        close = difflib.get_close_matches(name, sorted(names), 1, _CLOSE) if name not in names else []
        if close and close[0] not in values:
            message = f"{file.dotted(name)} is no variable that the template knows; did you mean {close[0]}?"
            yield file.at(name, message, Severity.WARNING)


def _types(values: Mapping[str, Any], defaults: Mapping[str, Any], file: _File) -> Iterator[Finding]:
    for name, value in values.items():
        default = defaults.get(name)
        if value is None or default is None:
            continue
        if isinstance(value, dict) and isinstance(default, dict):
            yield from _types(value, default, file.below(name))
        elif _TYPES[type(value)] != _TYPES[type(default)]:
            # A scalar of another type may still print the same (a number for a string): warn only.
            mixed = isinstance(value, dict | list) or isinstance(default, dict | list)
            actual, wanted = _TYPES[type(value)], _TYPES[type(default)]
            message = f"{file.dotted(name)} is {actual}; the template's default is {wanted}"
            yield file.at(name, message, Severity.ERROR if mixed else Severity.WARNING)


def _meant(actual: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(actual, sorted(names), 1, 0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _line(text: str, name: str) -> int | None:
    """Return the first line that sets a field of that name."""
    field = re.compile(rf"(?:^|[\s{{,])['\"]?{re.escape(name)}['\"]?\s*\+?:{{1,3}}")
    for number, line in enumerate(text.splitlines(), 1):
        if field.search(line.partition("//")[0]):
            return number
    return None
