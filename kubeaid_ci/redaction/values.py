"""The secrets of an Application as values, and texts without them, from any program."""

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote

from kubeaid_ci.k8s.manifest import Manifest
from kubeaid_ci.redaction.manifests import hidden, masked
from kubeaid_ci.redaction.texts import masked_text, named_values
from kubeaid_ci.redaction.tokens import SIGN

_LONGEST = 8192
_SHORTEST, _SHORTEST_BARE = 6, 4
"""Characters below which a secret may be part of any text: in an object; in a message, unless it is quoted there."""
_WORDS = re.compile(
    r"[A-Za-z]?[a-z]*(?:[-_. ](?:[a-z]+|v?\d{1,3}))*|[A-Z_]+|[\d.,:]+[a-zA-Z]{0,2}|v?\d+(?:\.\d+)+[\w.-]*"
)
"""A word or name, a number with its unit, a version: too common to be removed unless its name is that of a secret."""
_REFERENCE = re.compile(r"\{\{|\$[({]|^/|^\w+://[^@]*$|\(varies\)|\(secret")
"""A template, a variable, a path, an address without a login, or what is masked already."""

_WORD = re.compile(r"[A-Za-z0-9]+")
_CUT = "…"

Remove = Callable[[str], str]


def secret_values(value: Any) -> frozenset[str]:
    """Return the texts that stand under secret names or within Secrets, at any depth of a value."""
    return frozenset(text for secret in hidden(masked(value)) for text in _texts(secret.value))


def secrets_of(manifest: Manifest) -> frozenset[str]:
    """Return the secrets of an object. The definition of a kind names fields for secrets and holds none."""
    if manifest.key.kind == "CustomResourceDefinition":
        return frozenset()
    return frozenset(text for secret in hidden(masked(manifest.body, manifest.key)) for text in _texts(secret.value))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case bool() | None:
            return
        case str():
            decoded = _decoded(value)
            for text in (value, decoded) if decoded else (value,):
                yield text.strip()
                if "\n" in text.strip():
                    yield from named_values(text)
        case float() if value.is_integer():
            yield str(int(value))
        case _:
            yield str(value)


def _decoded(text: str) -> str:
    try:
        found = base64.b64decode(text, validate=True).decode("utf-8") if len(text) % 4 == 0 else ""
    except (binascii.Error, ValueError):
        return ""
    return found if all(character.isprintable() or character in "\t\r\n" for character in found) else ""


def remover(secrets: Iterable[str]) -> Remove:
    """Return a function that removes these secrets from a text of objects; common words and names stay."""
    return _without({text for text in secrets if _is_distinctive(text)})


def safe_message(message: str, secrets: Iterable[str]) -> str:
    """Return the message of a program without the secrets that it was given, and without any other that it shows."""
    values = {text for text in secrets if text and len(text) <= _LONGEST and not _REFERENCE.search(text)}
    quoted = {f"{sign}{text}{sign}" for text in values if len(text) < _SHORTEST_BARE for sign in "'\"`"}
    long = {text for text in values if len(text) >= _SHORTEST_BARE}
    message = masked_text(_without(long | quoted)(message))
    return _without_cut(message, long) if message.endswith(_CUT) else message


def _without_cut(message: str, secrets: Iterable[str]) -> str:
    """Return the message without the first characters of a secret that it was cut within."""
    body = message.removesuffix(_CUT)
    for text in secrets:
        for length in range(len(text) - 1, _SHORTEST_BARE - 1, -1):
            if body.endswith(text[:length]):
                return body[:-length] + SIGN + _CUT
    return message


def _is_distinctive(text: str) -> bool:
    return _SHORTEST <= len(text) <= _LONGEST and not _WORDS.fullmatch(text) and not _REFERENCE.search(text)


def _without(texts: set[str]) -> Remove:
    # By their longest word, so that a text is read once, however many secrets there are.
    by_word: dict[str, set[str]] = defaultdict(set)
    for form in {form for text in texts for form in _forms(text)}:
        by_word[max(_WORD.findall(form), key=len, default="")].add(form)

    def remove(text: str) -> str:
        words = {"", *_WORD.findall(text)}
        found = sorted((form for word in words & by_word.keys() for form in by_word[word]), key=len, reverse=True)
        return re.sub("|".join(map(_bounded, found)), SIGN, text) if found else text

    return remove if by_word else lambda text: text


def _bounded(text: str) -> str:
    """Return the pattern of a text that is not within a longer word."""
    start = r"(?<![A-Za-z0-9])" if _WORD.match(text[0]) else ""
    end = r"(?![A-Za-z0-9])" if _WORD.match(text[-1]) else ""
    return f"{start}{re.escape(text)}{end}"


def _forms(text: str) -> Iterator[str]:
    """Yield a secret as it is, and as JSON, Go, base64 and addresses write it."""
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    yield text.replace("'", "\\'")
    yield quote(text, safe="", errors="replace")
    if re.fullmatch(r"\d{5,15}", text):
        mantissa, _, exponent = f"{int(text):.14e}".partition("e")
        yield f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
