"""Detects secrets in texts by the names next to them, by their form, and by the files that they are in."""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

from kubeaid_ci.redaction.tokens import SIGN, TOKENS

_LONGEST_NAME = 120
_WORDS = (
    r"pass(?:word|wd|phrase|key|code)?|pwd|secret[_.-]?key|secret|token|credential|dsn|salt|presharedkey|pre[_.-]shared[_.-]key|"
    r"(?:access|account|api|app|auth|deploy|encryption|ingest(?:ion)?|instrumentation|integration|license|master|private|"
    r"service|session|shared|signing|ssh|webhook)[_.-]?key(?:[_.-]?id(?=$))?|connection[_.-]?string"
)
_SHORT = (
    r"(?:^|[_.-])(?:auth|basic[_.-]?auth|bearer|cookies?|creds?|hmac(?:[_.-]?key)?|jwt|keytab|pat|psk|pw|routing_key)$"
)
_FILES = r"(?:^|[_.-])(?:ca|client|server|ssl|tls)[_.-]?key(?:[_.-]data)?$|[^.]\.key$|^id_(?:dsa|ecdsa|ed25519|rsa)$"
_WHOLE = (
    r"^(?:requirepass|masterauth)$|(?:bind|root|admin|user|db|ldap)[_.-]?pw$|(?:^|_)secret_id$|"
    r"(?:session|auth|erlang)[_.-]?cookie$|(?:^|[_.-])user_key$|"
    r"(?:slack_?(?:api)?|webhook|teams|discord|mattermost)[_.-]?ur[li]$|(?-i:(?:^|_)LICEN[CS]E$)"
)
_SECRET = re.compile(rf"(?:{_WORDS})s?[_.-]?\d*$|{_SHORT}|{_FILES}|{_WHOLE}", re.IGNORECASE)
_TELLING = re.compile(_WORDS, re.IGNORECASE)
_HINT = re.compile(
    rf"{_WORDS}|auth|bearer|connection|cookie|creds|encrypt|hmac|jwt|licen[cs]e|psk|pw\b|[_-]pat\b|key|webhook|"
    r"\{S?SHA|^user ",
    re.IGNORECASE | re.MULTILINE,
)
ABOUT = re.compile(
    r"(?:names?|refs?|path|files?|ur[li]|host|port|ttl|seconds|expiration|expiry|mount|dir|namespace|store|key|selector|"
    r"audiences?|kind|type|size|length|enabled|class|provider|issuer|policy|version|id|rotation|interval|source|format|"
    r"algorithm|backend|bucket|checksum|count|duration|encryption|engine|lifetime|limit|method|mode|period|required|"
    r"reviewer|strength|template|timeout|validity)$",
    re.IGNORECASE,
)
"""Ends of names that describe a secret, such as `secretName`, and hold none."""


# A name and what parts it from its value; then the value, looked at only if the name is that of a secret, or a long
# text without spaces would be read again at each of its names. Quotes may be escaped, as in JSON within JSON.
_QUOTED = r"""\\*"[^"\n]*"|\\*'[^'\n]*'"""
_ASSIGNED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(head), re.compile(value, re.DOTALL))
    for head, value in (
        (
            r"""name["']?:[^\S\n]*["']?([\w.-]++)(["']?,?\s{0,80}["']?value["']?:[^\S\n]*)""",
            r""""[^"\n]*"|'[^'\n]*'|[^\s,}]+""",
        ),
        (r"(?<![\w.-])([\w.-]++)(\s{0,20}=\s{0,20})", r"\"{3}.*?\"{3}|'{3}.*?'{3}"),
        (r"<([\w.:-]{1,120})((?:\s[^<>\n]{0,200})?>)", r"[^<>]+(?=</)"),
        (r"""(?<![\w.-])(?:key|name)=["']([\w.-]++)(["']\s{1,20}value=)""", _QUOTED),
        (r"""["']([\w.-]++)(["'][^\S\n]*,[^\S\n]*)""", _QUOTED),
        (r"""(?<![\w.-])([\w.-]++)(\\*["']?\]?[^\S\n]*(?:=>|[:=])[^\S\n]*)""", rf"""{_QUOTED}|[^\s,;&"'{{\[]+"""),
        (r"(?<![\w.-])(-[\w.-]++)([^\S\n]+)", r"[^\s-]\S*"),
    )
)
# Lines of configuration files in which a space separates a name from its secret: LDAP, Redis, HAProxy, netrc.
_LINES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.MULTILINE | re.IGNORECASE), rf"\1{SIGN}")
    for pattern in (
        r"^(\s{0,40}(?:[\w-]{0,20}bindpw|rootpw|olcRootPW|requirepass|masterauth|dnpass)[^\S\n]{1,20})\S+",
        (
            r"^(\s{0,40}[\w.-]{0,60}(?:pass(?:word|wd)?|secret|token|credentials?|"
            r"(?:api|encryption|private|secret|shared)_?key)[^\S\n]{1,20})(?=\S*[^\sa-z_-])\S+(?=[^\S\n]*$)"
        ),
        r"(\b(?:insecure-)?password[^\S\n]{1,20})(?=\S*[\d!-/])[^\s,;=:|-][^\s,;]*(?=[^\S\n]*$)",
        r"(\b(?:\w{1,20}_)?header[^\S\n]{1,20}[\"']?[\w-]{0,40}(?:token|key|secret)[^\S\n]{1,20}[\"']?)[^\s\"';$]+",
        r"(:[^\S\n]{0,20}(?:psk|xauth|eap)[^\S\n]{1,20}\")[^\"\n]+",
        r"(^\s{0,40}stats\s{1,20}auth\s{1,20}[^\s:]{1,200}:)\S+",
        r"(^\s{0,40}user\s[^\n>]{1,200}\s>)\S+",
        r"(\{S?SHA\d{0,3}\})\S+",
        r"(\bencrypt[\"']?[^\S\n]{0,20}[:=][^\S\n]{0,20}[\"']?)[A-Za-z0-9+/]{20,}={0,2}",
        r"(\b(?:set-)?cookie[\"']?:[^\S\n]*[\"']?[\w.-]{1,80}=)[^\s;,\"']+",
        r"(\bauthorization[\"']?[^\S\n]*[:=][^\S\n]*[\"']?(?:\w{1,20}[^\S\n]{1,5})?)[\w.+/=~-]{6,}",
    )
)
_NO_SECRET = re.compile(
    r"^(?:checksum|sha\d+)[/._-]|(?:existing|pull)[_.-]?secrets?$|^automountServiceAccountToken$", re.IGNORECASE
)
"""Checksums of secrets, and the names of Secrets that exist already."""
_SECRET_KIND = re.compile(r"""kind["']?:\s{0,20}["']?\w{0,60}Secret\b""")
_SECRET_BLOCK = re.compile(
    r"""^([^\S\n]*(?:-[^\S\n]+)?["']?(?:data|stringData|encryptedData)["']?:[^\S\n]*\n)"""
    r"""((?:[^\S\n]+[^\s-].*(?:\n|\Z))+)""",
    re.MULTILINE,
)
_SECRET_BRACES = re.compile(r"""(\\*["']?(?:data|stringData|encryptedData)\\*["']?:\s{0,20})\{[^{}]*\}""")
_ENTRY = re.compile(r"""^([^\S\n]+["']?[\w.-]+["']?:)[^\S\n]*\S.*(?:\n|\Z)""", re.MULTILINE)
_BASE64 = re.compile(r"(?<![\w+/=.-])(?:[A-Za-z0-9+/]{4}){5,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?![\w+/=-])")
_IN_ADDRESS = re.compile(r"""://[^/\s:@"'<>?#]*:([^/\s"'<>?#@]+)@""")
_USER_LIST = re.compile(r"""(?:[^\S\n]*"[^"\n]{1,200}"[^\S\n]{1,20}"[^"\n]{4,}"[^\S\n]*(?:\n|\Z))+""")
_LISTED_PASSWORD = re.compile(r"""("[^\S\n]{1,20})"[^"\n]{4,}"(?=[^\S\n]*(?:\n|\Z))""")
"""A text of nothing but users with their passwords, as PgBouncer reads it."""
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/]{20,}\s+)+[A-Za-z0-9+/]*={0,2}\s*")
"""Base64 on several lines."""
_VERSION = re.compile(r"v?\d+\.\d+[\w.+-]{0,40}(?:@sha256:[0-9a-f]{64})?")


def masked_text(text: str) -> str:
    """Return the text without the passwords, tokens and private keys detected in it."""
    for pattern, instead in TOKENS:
        text = pattern.sub(instead, text)
    if may_hold(text):
        if _SECRET_KIND.search(text):
            text = _SECRET_BLOCK.sub(_without_entries, text)
            text = _SECRET_BRACES.sub(rf"\1{{{SIGN}}}", text)
        for head, value in _ASSIGNED:
            text = _without_values(text, head, value)
        for pattern, instead in _LINES:
            text = pattern.sub(instead, text)
    if text.lstrip().startswith('"') and _USER_LIST.fullmatch(text):
        return _LISTED_PASSWORD.sub(rf'\1"{SIGN}"', text)
    if _WRAPPED.fullmatch(text):
        whole = _decoded_text(text)
        return SIGN if whole and masked_text(whole) != whole else text
    return _BASE64.sub(_without_encoded, text)


def _without_entries(block: re.Match[str]) -> str:
    """Return the entries of ``data:`` of a Secret that is written as YAML within a text, with their values masked."""
    return block[1] + _ENTRY.sub(rf"\1 {SIGN}", block[2])


def _without_encoded(found: re.Match[str]) -> str:
    """Return Base64 that holds a text with secrets, masked as a whole; any other base64 as it is."""
    text = _decoded_text(found[0])
    return SIGN if text and masked_text(text) != text else found[0]


def _decoded_text(encoded: str) -> str:
    """Return the decoded text; empty if it is not base64."""
    try:
        text = base64.b64decode("".join(encoded.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return text if all(character.isprintable() or character in "\t\r\n" for character in text) else ""


def may_hold(text: str) -> bool:
    """Return whether a text has a word in it by which a secret could be named; what has none is quickly passed."""
    return _HINT.search(text) is not None


def _without_values(text: str, head: re.Pattern[str], value: re.Pattern[str]) -> str:
    parts: list[str] = []
    start = done = 0
    while named := head.search(text, start):
        start = named.end()
        found = value.match(text, start) if secret_name(named[1][-_LONGEST_NAME:]) else None
        if found and not _is_image(text, named, found[0]) and not text.endswith("checksum/", 0, named.start(1)):
            parts += text[done:start], SIGN
            start = done = found.end()
    return "".join([*parts, text[done:]])


def named_values(text: str) -> Iterator[str]:
    """Yield the values that stand under secret names in a text, and the passwords in its addresses."""
    for head, value in _ASSIGNED:
        for named in head.finditer(text):
            if secret_name(named[1][-_LONGEST_NAME:]) and (found := value.match(text, named.end())):
                yield found[0].strip("\\\"'")
    yield from (found[1] for found in _IN_ADDRESS.finditer(text))


def _is_image(text: str, named: re.Match[str], value: str) -> bool:
    """Return whether it is the end of an image's name with its version: ``…/sealed-secrets-controller:0.36.6``."""
    return text[named.start() - 1 : named.start()] == "/" and named[2] == ":" and bool(_VERSION.fullmatch(value))


@lru_cache(maxsize=16_384)
def secret_name(name: str) -> bool:
    """Return whether a field or variable of this name holds a secret, going by the name."""
    if _NO_SECRET.search(name):
        return False
    return bool(_SECRET.search(name)) or (bool(_TELLING.search(name)) and not ABOUT.search(name))
