"""Secrets in manifests, masked: only their length may be shown."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubeaid_ci.k8s.manifest import ObjectId
from kubeaid_ci.redaction.texts import ABOUT, secret_name

_NESTED = (dict, list)
_HOLDERS = frozenset({"data", "stringData", "encryptedData"})
_ALWAYS_HOLD = frozenset({"stringData", "encryptedData", "secureJsonData"})
"""Fields that hold secrets in whatever object."""
_NAMES, _VALUES = ("name", "Name", "key", "Key", "path"), frozenset({"value", "Value"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_WITH_FLAG = {"-a": re.compile(r"\bredis-cli\b"), "-w": re.compile(r"\bldap\w+")}
_MYSQL = re.compile(r"(?:^|/)(?:mysql|mariadb)[\w-]*$")
_NO_PASSWORD = re.compile(r"\d+(?:[:.]\d+)*(?:/\w+)?|tcp|udp|icmp|all|[./-].*|")
"""Values of ``-p`` if it is a port, a protocol, a folder or another flag."""
_HEADER = re.compile(r"(?:proxy-)?authorization", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[a-z]+|")
"""Values of ``authorization`` that are no header: ``authorization: simple``."""
_GENERATOR, _LITERALS = "secretGenerator", "literals"
"""The fields of a kustomization that hold secrets as ``name=value``."""
_BARE_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Masked:
    """A secret: it can be compared, and is shown as its length in bytes (empty if even that is too much)."""

    value: Any = field(repr=False)
    size: int | None

    def __str__(self) -> str:
        if self.size is None:
            return "(secret)"
        return f"(secret, {self.size} byte{'' if self.size == 1 else 's'})"


def is_secret(key: ObjectId) -> bool:
    """Return whether the object is there to hold secrets: a Secret, a SealedSecret and their like."""
    return _is_secret_kind(key.kind)


def _is_secret_kind(kind: str) -> bool:
    return kind.endswith(("Secret", "Secrets", "SecretList"))


def masked(value: Any, key: ObjectId | None = None) -> Any:
    """Return the value with every secret in it as a `Masked`; of the object that `key` names, or of an opened text."""
    if key is not None and key.kind == "CustomResourceDefinition":
        return value  # it names the fields for secrets and holds none
    return _value(value, "", holder=key is not None and is_secret(key))


def _value(value: Any, field: str, *, holder: bool) -> Any:
    if isinstance(value, dict):
        return _mapping(value, field, holder=holder)
    if isinstance(value, list):
        return _list(value, field, holder=holder)
    return _masked(value) if field == _LAST_APPLIED or secret_name(field) else value


def _mapping(value: Mapping[str, Any], field: str, *, holder: bool) -> dict[str, Any]:
    kind = value.get("kind")
    holder = holder or (isinstance(kind, str) and _is_secret_kind(kind))
    if (holder and field in _HOLDERS) or field in _ALWAYS_HOLD:
        return {name: _masked(item, field) for name, item in value.items()}
    # A variable, or a parameter of a chart: its name is next to its value.
    tells = any(_names_secret(value[name]) for name in _NAMES if isinstance(value.get(name), str))
    tells = tells or any(_HEADER.fullmatch(value[name]) for name in _NAMES if isinstance(value.get(name), str))
    within = bool(field) and secret_name(field)
    found: dict[str, Any] = {}
    for name, item in value.items():
        hidden_here = (tells and name in _VALUES) or name == _LAST_APPLIED or secret_name(str(name))
        hidden_here = hidden_here or _is_header(str(name), item)
        if name == _LITERALS and field == _GENERATOR:
            found[name] = _masked(item)
        elif isinstance(item, _NESTED):
            # What is called a secret holds them by names of its own: `tokens: {ci: …}`, `secret: {data: …}`.
            below = field if within and name in _HOLDERS else str(name)
            found[name] = _value(item, below, holder=holder)
        else:
            named_within = within and isinstance(item, str) and not ABOUT.search(str(name))
            found[name] = _masked(item) if hidden_here or named_within else item
    return found


def _is_header(name: str, value: Any) -> bool:
    """Return whether a field is an HTTP header with a login: ``Authorization: …``."""
    return isinstance(value, str) and bool(_HEADER.fullmatch(name)) and not _PLAIN_WORD.fullmatch(value)


def _names_secret(name: str) -> bool:
    """Return whether a variable, chart parameter (``db.password``) or patch (``/data/token``) names a secret."""
    return secret_name(re.split(r"[./]", name)[-1])


def _list(items: list[Any], field: str, *, holder: bool) -> list[Any]:
    found: list[Any] = []
    after_flag = False
    for item in items:
        is_secret_value = isinstance(item, str) and (
            (after_flag and not item.startswith("$(")) or _is_password_of_mysql(item, items)
        )
        found.append(_masked(item) if is_secret_value else _value(item, field, holder=holder))
        after_flag = isinstance(item, str) and item.startswith("-") and _takes_secret(item, items, len(found))
    return found


def _is_password_of_mysql(item: str, items: list[Any]) -> bool:
    return (
        len(item) > 2 and item.startswith("-p") and any(isinstance(word, str) and _MYSQL.search(word) for word in items)
    )


def _takes_secret(item: str, items: list[Any], following: int) -> bool:
    """Return whether the argument after this flag is a secret: ``--password x``, ``-p x``, ``redis-cli -a x``."""
    flag = _BARE_FLAG.fullmatch(item)
    if flag is None:
        return False
    if item in ("-p", "-a", "-w"):
        value = items[following] if following < len(items) else None
        programs = _WITH_FLAG.get(item)
        named = programs is None or any(isinstance(word, str) and programs.search(word) for word in items)
        return named and isinstance(value, str) and not _NO_PASSWORD.fullmatch(value)
    return secret_name(flag[1])


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
    """Yield every masked secret below a value."""
    if isinstance(value, Masked):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from hidden(item)
    elif isinstance(value, list):
        for item in value:
            yield from hidden(item)
