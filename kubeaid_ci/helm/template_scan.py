"""Static scan of chart templates. May return false positives, never false negatives."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

# A comment may hold braces; then what is random, or goes through a map in no order, among the functions of
# Helm and Sprig (https://masterminds.github.io/sprig/), where a template calls it; then the clock.
_ACTION = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{\{.*?\}\}", re.DOTALL)
# Several actions stand in a row with this between them: what one leaves open must not hide what is in the next.
_NEXT = "\0"
_QUIET = r"""/\*[^\0]*?\*/|"(?:\\[^\0]|[^"\\\0])*"|`[^`\0]*`|'(?:\\[^\0]|[^'\\\0])*'"""
_SAID = re.compile(_QUIET)
_WORD = r"(?<![\w.$])(?:{})(?![\w.])"
_CERTIFICATES = "gen(?:CA|SelfSignedCert|SignedCert)(?:WithKey)?"
_RANDOM = f"rand(?:AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|genPrivateKey|{_CERTIFICATES}"
_VARYING = re.compile(_WORD.format(f"{_RANDOM}|uuidv4|bcrypt|htpasswd|encryptAES|shuffle|now|ago|keys|values"))
_VARYING_PARTS = ("rand", "gen", "uuid", "bcrypt", "htpasswd", "encrypt", "shuffle", "now", "ago", "keys", "values")
_SETTLED = re.compile(
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
    # Most templates hold no such word anywhere, which is known far sooner than what is an action.
    if "{{" not in text or not _holds(text, _VARYING_PARTS):
        return False
    actions = _actions(text)
    return _holds(actions, _VARYING_PARTS) and bool(_VARYING.search(actions))


def asked_versions(texts: Iterable[str]) -> tuple[str, ...] | None:
    """The API versions that templates ask the cluster for, sorted; None if it may be any."""
    asked: set[str] = set()
    for text in texts:
        for action in _ACTION.findall(text) if "Capabilities" in text else ():
            for found in _CAPABILITIES.finditer(action):
                if found["open"]:
                    return None
                asked.update(name for name in (found["quoted"], found["raw"]) if name is not None)
    return tuple(sorted(asked))


def defined_versions(text: str) -> Iterator[str]:
    """The API versions that the CRDs in a template may add, where these are laid out as generators do: a guess."""
    if "CustomResourceDefinition" not in text:
        return
    for document in text.split("\n---"):
        group, kind = _GROUP.search(document), _KIND.search(document)
        if group and kind:
            for version in _VERSION.findall(document, kind.start()):
                yield from (f"{group[1]}/{version}", f"{group[1]}/{version}/{kind[1]}")


class Moment(NamedTuple):
    """A time, as ``2006-01-02T15:04:05``, and the function that picks one of the ends of a range of numbers."""

    time: str
    end: str


MOMENTS = (Moment("2001-02-03T04:05:06", "min"), Moment("2029-11-30T21:48:57", "max"))
"""Two that differ in every part: they show all that is made of either, to the last hash."""


def at_moment(template: str, moment: Moment, *, by_chance: bool = False) -> str:
    """The template with the clock stopped; unless `by_chance`, certificates and numbers are made of the moment too.

    A real key takes longer to make than all the rest, and one number of a few may well come twice.
    """
    if not may_vary(template):
        return template

    def settled(found: re.Match[str]) -> str:
        if found["now"]:
            return f'(toDate "2006-01-02T15:04:05" "{moment.time}")'
        if by_chance:
            return found[0]
        if found["certificate"]:
            return _certificate(moment.time)
        return moment.end if found["number"] else found[0]

    return _ACTION.sub(lambda action: _SETTLED.sub(settled, action[0]), template)


def _holds(text: str, parts: Iterable[str]) -> bool:
    return any(part in text for part in parts)


def _certificate(time: str) -> str:
    """A call that gives what Sprig's functions give, ``Cert`` and ``Key``, and takes any arguments as they do."""
    said = time.replace("-", "").replace(":", "")
    cert, key = _PEM.format("CERTIFICATE", said), _PEM.format("RSA PRIVATE KEY", said)
    return f'dict "Cert" "{cert}" "Key" "{key}"'


@lru_cache(maxsize=1024)
def _actions(text: str) -> str:
    """Return the actions between braces, without comments and strings; two versions of a chart share most of them."""
    return _SAID.sub("", _NEXT.join(_ACTION.findall(text)))
