"""Secrets in texts, told by the names beside them, by what they look like, and by the files that they are in."""

import re
from functools import lru_cache

_SECRET_SIGN = "(secret)"  # noqa: S105 - what is shown in its place
_KEPT = rf"\1{_SECRET_SIGN}"
_LONGEST_NAME = 120
_WORDS = (
    r"pass(?:word|wd|phrase|key)?|pwd|secret[_.-]?key|secret|token|credential|dsn|salt|presharedkey|pre[_.-]shared[_.-]key|"
    r"(?:access|account|api|app|auth|encryption|license|master|private|session|shared|signing)[_.-]?key(?:[_.-]?id(?=$))?"
)
_SHORT = r"(?:^|[_.-])(?:auth|bearer|connection[_.-]?string|creds?|hmac(?:[_.-]?key)?|jwt|pat|psk)$"
_FILES = r"(?:^|[_.-])(?:ca|client|server|ssl|tls)[_.-]?key(?:[_.-]data)?$|[^.]\.key$|^id_(?:dsa|ecdsa|ed25519|rsa)$"
_SECRET = re.compile(rf"(?:{_WORDS})s?[_.-]?\d*$|{_SHORT}|{_FILES}|^(?:requirepass|masterauth)$", re.IGNORECASE)
_TELLING = re.compile(_WORDS, re.IGNORECASE)
_HINT = re.compile(rf"{_WORDS}|auth|bearer|connection|creds|hmac|jwt|psk|[_-]pat\b|key", re.IGNORECASE)
ABOUT = re.compile(
    r"(?:names?|refs?|path|files?|ur[li]|host|port|ttl|seconds|expiration|expiry|mount|dir|namespace|store|key|selector|"
    r"audiences?|kind|type|size|length|enabled|class|provider|issuer|policy|version|id|rotation|interval|source|format)$",
    re.IGNORECASE,
)
"""Ends of names that speak about a secret, such as `secretName`, and hold none."""


_TOKENS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
        _SECRET_SIGN,
    ),
    # user:password@ or token@ in an address, and the same before one that has no scheme
    (re.compile(r"""(://[^/\s:@"'<>?#]*:)[^/\s"'<>?#]+(?=@)"""), _KEPT),
    (re.compile(r"""(://)(?!git@)[^/\s:@"'<>?#]+(?=@)"""), _KEPT),
    (
        re.compile(r"(?<![\w./-])((?!mailto|sip|xmpp)[\w.-]{1,80}:)[^@\s/:]{3,200}(?=@(?:tcp|unix)?[\w(-]{1,80}[.:)])"),
        _KEPT,
    ),
    # what signs an address, and addresses that are secret as a whole
    (
        re.compile(r"""([?&](?:sig|signature|X-(?:Amz|Goog)-(?:Signature|Credential))=)[^&\s"']+"""),
        _KEPT,
    ),
    (
        re.compile(r"(https://(?:hooks\.slack\.com/[a-z]+|discord(?:app)?\.com/api/webhooks)/)[\w/-]+"),
        _KEPT,
    ),
    # tokens that say what they are: of forges, clouds and chats, JSON Web Tokens, values that SOPS encrypted, hashes
    (
        re.compile(
            r"\b(?:gh[oprsu]_|github_pat_|gl(?:pat|rt|dt|cbt)-|xox[abeoprs]-|xapp-|A[KS]IA|AGE-SECRET-KEY-|[rs]k_live_|"
            r"hv[bs]\.|SG\.|AIza|npm_|pypi-|dop_v1_|dckr_pat_|hf_)[\w.-]{8,}"
        ),
        _SECRET_SIGN,
    ),
    (re.compile(r"\beyJ[\w-]{8,4000}\.[\w-]+\.[\w-]*"), _SECRET_SIGN),
    (re.compile(r"\bENC\[[^\[\]]*\]"), _SECRET_SIGN),
    (re.compile(r"(\$(?:apr1|2[abxy]?|[156y]|argon2\w{0,2})\$)[\w./$,=+-]{8,}"), _KEPT),
    (re.compile(r"\b((?:Bearer|Basic) )[A-Za-z0-9+/=._-]{8,}"), _KEPT),
    # files and commands that name no field: those of netrc, PostgreSQL and Redis, curl's and MySQL's arguments
    (re.compile(r"(\blogin\s{1,20}\S{1,200}\s{1,20}password\s{1,20})\S+"), _KEPT),
    (re.compile(r"^([^:\s]{1,200}:(?:\d{1,5}|\*):[^:\s]{1,200}:[^:\s]{1,200}:)\S+$", re.MULTILINE), _KEPT),
    (re.compile(r"^(\s{0,40}(?:requirepass|masterauth)\s{1,20})\S+", re.MULTILINE), _KEPT),
    (re.compile(r"((?<![\w-])(?:-u|--user)[ =]?[^\s:]{1,200}:)\S+"), _KEPT),
    (re.compile(r"(\b(?:mysql|mariadb)[\w-]{0,20}\b[^\n|;&]{0,200}? -p)[^\s-]\S*"), _KEPT),
    (re.compile(r"(\bredis-cli\b[^\n|;&]{0,200}? -a )\S+"), _KEPT),
)
# A name and what parts it from its value; then the value, looked at only where the name tells of a secret, or a long
# text without blanks would be read again at each of its names. Quotes may be escaped, as in JSON within JSON.
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
        (r"""["']([\w.-]++)(["'][^\S\n]*,[^\S\n]*)""", _QUOTED),
        (r"""(?<![\w.-])([\w.-]++)(\\*["']?\]?[^\S\n]*(?:=>|[:=])[^\S\n]*)""", rf"""{_QUOTED}|[^\s,;&"'{{\[]+"""),
        (r"(?<![\w.-])(-[\w.-]++)([^\S\n]+)", r"[^\s-]\S*"),
    )
)
_VERSION = re.compile(r"v?\d+\.\d+[\w.+-]{0,40}(?:@sha256:[0-9a-f]{64})?")


def masked_text(text: str) -> str:
    """The text without the passwords, tokens and private keys that can be told in it."""
    for pattern, instead in _TOKENS:
        text = pattern.sub(instead, text)
    if not may_hold(text):
        return text
    for head, value in _ASSIGNED:
        text = _without_values(text, head, value)
    return text


def may_hold(text: str) -> bool:
    """Whether a text has a word in it by which a secret could be named; what has none is quickly passed."""
    return _HINT.search(text) is not None


def _without_values(text: str, head: re.Pattern[str], value: re.Pattern[str]) -> str:
    parts: list[str] = []
    start = done = 0
    while named := head.search(text, start):
        start = named.end()
        found = value.match(text, start) if secret_name(named[1][-_LONGEST_NAME:]) else None
        if found and not _is_image(text, named, found[0]):
            parts += text[done:start], _SECRET_SIGN
            start = done = found.end()
    return "".join([*parts, text[done:]])


def _is_image(text: str, named: re.Match[str], value: str) -> bool:
    """Whether it is the end of an image's name with its version: ``…/sealed-secrets-controller:0.36.6``."""
    return text[named.start() - 1 : named.start()] == "/" and named[2] == ":" and bool(_VERSION.fullmatch(value))


@lru_cache(maxsize=16_384)
def secret_name(name: str) -> bool:
    """Whether a field or variable of this name holds a secret, going by the name."""
    return bool(_SECRET.search(name)) or (bool(_TELLING.search(name)) and not ABOUT.search(name))
