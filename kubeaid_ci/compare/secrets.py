"""Secrets in manifests, masked: how long they are may be shown, nothing that tells what they are."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kubeaid_ci.model.difference import Masked
from kubeaid_ci.model.manifest import Key

_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret[_.-]?key|secret|token|credential|dsn|salt|"
    r"(?:api|access|private|encryption|signing|master)[_.-]?key"
)
_SECRET = re.compile(
    rf"(?:^|(?<=[^a-z])|(?<=[a-z])(?=[A-Z])|)(?:{_WORDS})s?[_.-]?\d*$|(?:^|[_.-])(?:auth|connection[_.-]?string)$",
    re.IGNORECASE,
)
_TELLING = re.compile(_WORDS, re.IGNORECASE)
_HINT = re.compile(rf"{_WORDS}|auth|connection", re.IGNORECASE)
_ABOUT = re.compile(
    r"(?:names?|refs?|path|files?|ur[li]|host|port|ttl|seconds|expiration|expiry|mount|dir|namespace|store|key|selector|"
    r"audiences?|kind|type|size|length|enabled|class|provider|issuer|policy|version|id|rotation|interval|source|format)$",
    re.IGNORECASE,
)
"""Ends of names that speak about a secret, such as `secretName`, and hold none."""

_NESTED = (dict, list)
_LONGEST_NAME = 120
_HOLDERS = frozenset({"data", "stringData", "encryptedData"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_SIGN = "(secret)"  # noqa: S105 - what is shown in its place

_TOKENS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        _SECRET_SIGN,
    ),
    # user:password@ in an address
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+(?=@)"), rf"\1{_SECRET_SIGN}"),
    # tokens that say what they are: of forges, clouds and chats, JSON Web Tokens, values that SOPS encrypted
    (
        re.compile(r"\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abprs]-|AKIA|AGE-SECRET-KEY-|sk_live_)[\w-]{8,}"),
        _SECRET_SIGN,
    ),
    (re.compile(r"\beyJ[\w-]{8,4000}\.[\w-]+\.[\w-]*"), _SECRET_SIGN),
    (re.compile(r"\bENC\[[^\[\]]*\]"), _SECRET_SIGN),
    (re.compile(r"\b((?:Bearer|Basic) )[A-Za-z0-9+/=._-]{8,}"), rf"\1{_SECRET_SIGN}"),
)
# A name, what parts it from its value, and the value.
_ASSIGNED = re.compile(r"""(?<![\w.-])([\w.-]++)(["']?[^\S\n]*[:=][^\S\n]*)("[^"\n]*"|'[^'\n]*'|[^\s,;&"'{\[]+)""")
_FLAG = re.compile(r"(?<![\w.-])(-[\w.-]++)([^\S\n]+)([^\s-]\S*)")
_NAMED_VALUE = re.compile(
    r"""name["']?:[^\S\n]*["']?([\w.-]++)(["']?,?\s{0,80}["']?value["']?:[^\S\n]*)("[^"\n]*"|'[^'\n]*'|[^\s,}]+)"""
)
_VERSION = re.compile(r"v?\d+\.\d+[\w.+-]{0,40}(?:@sha256:[0-9a-f]{64})?")
_BARE_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)")


def is_secret(key: Key) -> bool:
    """Whether the object is there to hold secrets: a Secret, a SealedSecret and their like."""
    return key.kind.endswith(("Secret", "Secrets"))


def masked(value: Any, key: Key | None = None) -> Any:
    """The value with every secret in it as a `Masked`; of the object that `key` names, or of an opened text."""
    if key is not None and key.kind == "CustomResourceDefinition":
        return value  # it names the fields for secrets and holds none
    return _value(value, "", holder=key is not None and is_secret(key))


def masked_text(text: str) -> str:
    """The text without the passwords, tokens and private keys that can be told in it."""
    for pattern, instead in _TOKENS:
        text = pattern.sub(instead, text)
    if not may_hold(text):
        return text
    for assigned in (_NAMED_VALUE, _ASSIGNED, _FLAG):
        text = _without_values(text, assigned)
    return text


def may_hold(text: str) -> bool:
    """Whether a text has a word in it by which a secret could be named; what has none is quickly passed."""
    return _HINT.search(text) is not None


def _without_values(text: str, assigned: re.Pattern[str]) -> str:
    parts: list[str] = []
    start = done = 0
    while found := assigned.search(text, start):
        if secret_name(found[1][-_LONGEST_NAME:]) and not _is_image(text, found):
            parts += text[done : found.end(2)], _SECRET_SIGN
            start = done = found.end()
        else:  # its value may hold another
            start = found.end(2)
    return "".join([*parts, text[done:]])


def _is_image(text: str, found: re.Match[str]) -> bool:
    """Whether it is the end of an image's name with its version: ``…/sealed-secrets-controller:0.36.6``."""
    return text[: found.start()].endswith("/") and found[2] == ":" and bool(_VERSION.fullmatch(found[3]))


@lru_cache(maxsize=16_384)
def secret_name(name: str) -> bool:
    """Whether a field or variable of this name holds a secret, going by the name."""
    return bool(_SECRET.search(name)) or (bool(_TELLING.search(name)) and not _ABOUT.search(name))


def _value(value: Any, field: str, *, holder: bool) -> Any:
    if isinstance(value, dict):
        return _mapping(value, field, holder=holder)
    if isinstance(value, list):
        return _list(value, field, holder=holder)
    return _masked(value) if field == _LAST_APPLIED or secret_name(field) else value


def _mapping(value: Mapping[str, Any], field: str, *, holder: bool) -> dict[str, Any]:
    if holder and field in _HOLDERS:
        return {name: _masked(item, field) for name, item in value.items()}
    named = value.get("name")
    # A variable, or a parameter of a chart: its name stands beside its value.
    tells = isinstance(named, str) and secret_name(named.rpartition(".")[2])
    hides = tells or (field and secret_name(field))
    return {
        name: _value(item, str(name), holder=holder)
        if isinstance(item, _NESTED)
        else _masked(item)
        if (hides and name == "value") or name == _LAST_APPLIED or secret_name(str(name))
        else item
        for name, item in value.items()
    }


def _list(items: list[Any], field: str, *, holder: bool) -> list[Any]:
    found: list[Any] = []
    after_flag = False
    for item in items:
        found.append(_masked(item) if after_flag and isinstance(item, str) else _value(item, field, holder=holder))
        flag = _BARE_FLAG.fullmatch(item) if isinstance(item, str) else None
        after_flag = flag is not None and secret_name(flag[1])
    return found


def _masked(value: Any, field: str = "") -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict | list) or field == "encryptedData":
        return Masked(value, None)
    return Masked(value, _decoded(value) if field == "data" and isinstance(value, str) else len(str(value).encode()))


def _decoded(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):  # no base64: Kubernetes would refuse it, its own length will do
        return len(text.encode("utf-8", "surrogatepass"))


def hidden(value: Any) -> Iterator[Masked]:
    """Every masked secret below a value."""
    if isinstance(value, Masked):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from hidden(item)
    elif isinstance(value, list):
        for item in value:
            yield from hidden(item)
