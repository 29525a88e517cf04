"""Static scan of chart templates. May return false positives, never false negatives."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

# A comment may hold braces.
_ACTION = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{\{.*?\}\}", re.DOTALL)
# Separates actions: an open quote in one action must not hide the next action.
_NEXT = "\0"
_QUIET = r"""/\*[^\0]*?\*/|"(?:\\[^\0]|[^"\\\0])*"|`[^`\0]*`|'(?:\\[^\0]|[^'\\\0])*'"""
_QUIET_PART = re.compile(_QUIET)
_WORD = r"(?<![\w.$])(?:{})(?![\w.])"
_CERTIFICATES = "gen(?:CA|SelfSignedCert|SignedCert)(?:WithKey)?"
# The functions of Helm and Sprig (https://masterminds.github.io/sprig/) that are random, read the clock or go through a
# map in random order.
_RANDOM = f"rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|genPrivateKey|{_CERTIFICATES}"
_VARYING = re.compile(_WORD.format(f"{_RANDOM}|uuidv4|bcrypt|htpasswd|encryptAES|shuffle|now|ago|keys|values"))
_VARYING_PARTS = ("rand", "gen", "uuid", "bcrypt", "htpasswd", "encrypt", "shuffle", "now", "ago", "keys", "values")
_REPLACED = re.compile(
    f"{_QUIET}|(?P<now>{_WORD.format('now')})|(?P<certificate>{_WORD.format(_CERTIFICATES)})"
    f"|(?P<number>{_WORD.format('randInt')})"
)
_PEM = r"-----BEGIN {0}-----\n{1}\n-----END {0}-----\n"
_CAPABILITIES = re.compile(
    r"""APIVersions\.Has\s+(?:"(?P<quoted>[^"\\]*)"|`(?P<raw>[^`]*)`)"""
    rf"|{_QUIET}"
    r"|(?P<open>APIVersions|Capabilities(?!\.(?:KubeVersion|APIVersions|HelmVersion)(?!\w)))"
)
# Of a CRD: its group, the kind among its names, the names of its versions.
_GROUP = re.compile(r"\n  group: [\"']?([\w.-]+)")
_KIND = re.compile(r"\n  names:\n(?:    [^\n]*\n)*?    kind: [\"']?(\w+)")
_VERSION = re.compile(r"\n(?:  - |    )name: [\"']?(v\d\w*)[\"']?(?=\n)")


@lru_cache(maxsize=4096)
def may_vary(text: str) -> bool:
    """Return whether a template calls a function that gives another result each time."""
    # Most templates have none of these words, and a search for words is much faster than one for actions.
    if "{{" not in text or not _holds(text, _VARYING_PARTS):
        return False
    actions = _QUIET_PART.sub("", _NEXT.join(_ACTION.findall(text)))  # without comments and strings
    return _holds(actions, _VARYING_PARTS) and bool(_VARYING.search(actions))


def asked_versions(texts: Iterable[str]) -> tuple[str, ...] | None:
    """Return the API versions that templates ask the cluster for, sorted; None if they may ask for any."""
    asked: set[str] = set()
    for text in texts:
        for action in _ACTION.findall(text) if "Capabilities" in text else ():
            for found in _CAPABILITIES.finditer(action):
                if found["open"]:
                    return None
                asked.update(name for name in (found["quoted"], found["raw"]) if name is not None)
    return tuple(sorted(asked))


def defined_versions(text: str) -> Iterator[str]:
    """Yield the API versions that the CRDs in a template may add: a guess, for CRDs in the layout of generators."""
    if "CustomResourceDefinition" not in text:
        return
    for document in text.split("\n---"):
        group, kind = _GROUP.search(document), _KIND.search(document)
        if group and kind:
            for version in _VERSION.findall(document, kind.start()):
                yield from (f"{group[1]}/{version}", f"{group[1]}/{version}/{kind[1]}")


class ClockReading(NamedTuple):
    """A time, as ``2006-01-02T15:04:05``, and the function that picks one of the ends of a range of numbers."""

    time: str
    end: str


CLOCK_READINGS = (ClockReading("2001-02-03T04:05:06", "min"), ClockReading("2029-11-30T21:48:57", "max"))
"""They differ in every part, so that every value made of the time differs, also a hash."""


def with_fake_clock(template: str, reading: ClockReading, *, has_randomness: bool = False) -> str:
    """Return the template with the clock stopped at `reading`.

    Unless `has_randomness`, certificates and random numbers become values made of the reading. A real key takes
    longer to make than the whole rendering, and a random number out of few may be the same twice.
    """
    if not may_vary(template):
        return template

    def replacement(found: re.Match[str]) -> str:
        if found["now"]:
            return f'(toDate "2006-01-02T15:04:05" "{reading.time}")'
        if has_randomness:
            return found[0]
        if found["certificate"]:
            return _certificate(reading.time)
        return reading.end if found["number"] else found[0]

    return _ACTION.sub(lambda action: _REPLACED.sub(replacement, action[0]), template)


def replaced_in_actions(template: str, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> str:
    """Return a template with the matches of a pattern replaced, inside its actions and outside their strings."""
    quiet = re.compile(f"(?P<quiet>{_QUIET})|{pattern.pattern}")

    def replaced(found: re.Match[str]) -> str:
        return found[0] if found["quiet"] else replacement(found)

    return _ACTION.sub(lambda action: quiet.sub(replaced, action[0]), template)


def _holds(text: str, parts: Iterable[str]) -> bool:
    return any(part in text for part in parts)


def _certificate(time: str) -> str:
    """Return a call with the result of Sprig's functions, ``Cert`` and ``Key``, that takes any arguments too."""
    digits = time.replace("-", "").replace(":", "")
    cert, key = _PEM.format("CERTIFICATE", digits), _PEM.format("RSA PRIVATE KEY", digits)
    return f'dict "Cert" "{cert}" "Key" "{key}"'
