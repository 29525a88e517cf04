"""sprig's functions for texts and patterns (strings.go, regex.go, crypto.go), and Argo CD's `normalize`, `slugify`."""

import base64
import binascii
import hashlib
import re
import zlib
from typing import Any

from kubeaid_ci.argocd import UnsupportedError
from kubeaid_ci.argocd.gotemplate.values import NilList, Signature, StringList, StringMap, go_order, quoted, to_text
from kubeaid_ci.errors import UserError
from kubeaid_ci.semver.range import VersionRange
from kubeaid_ci.semver.version import Version

# What Go calls a space.
_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_MOST_CHARACTERS = 1_000_000
_LONGEST_NAME = 253
_SLUG = 50
# What Go's regexp and Python's re read alike; anything else is not computed.
_PLAIN_PATTERN = re.compile(
    r"(?:(?:[^\\.+*?()|\[\]{}^$]|\\[dw.+*?()\[\]{}^$|/\\-]|\.|\[\^?(?:[^\\\[\]^]|\\[.\]\\/-])+\])"
    r"(?:[*+?]|\{\d+(?:,\d*)?\})?\??|\((?!\?)|\)[*+?]?|[|^$])*"
)
_BRANCHES = re.compile(r"(?<!\\)(?:\\\\)*[*+?{|]")
_REPEATED_GROUP = re.compile(r"\)[*+]")
_REPEATS = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+]|,\})")
_MOST_STEPS = 10_000_000


def sanitized(name: str) -> str:
    """Return a name of lower-case characters, digits, ``-`` and ``.``, as Argo CD's `normalize` does."""
    return re.sub("[^-a-z0-9.]", "-", lower(name))[:_LONGEST_NAME].strip("-.")


def lower(text: str) -> str:
    """Return a text in lower case, each character by itself."""
    return "".join(_one(char, char.lower()) for char in text)


def _upper(text: str) -> str:
    return "".join(_one(char, char.upper()) for char in text)


def _one(char: str, changed: str) -> str:
    if len(changed) != 1:
        raise UnsupportedError(f"the case of {char!r} in a template")
    return changed


def _title(text: str) -> str:
    if not text.isascii():
        raise UnsupportedError("title of a text beyond ASCII in a template")
    return re.sub(r"(?<!\w)[a-z]", lambda found: found[0].upper(), text, flags=re.ASCII)


def _without_space(text: str) -> str:
    if not text.isascii():
        raise UnsupportedError("nospace of a text beyond ASCII in a template")
    return re.sub(r"[\t-\r ]", "", text)


def _slugify(*args: Any) -> str:
    """Return a name as a part of an address, cut at a word (https://github.com/gosimple/slug v1.15.0)."""
    if len(args) not in (1, 3) or not isinstance(args[-1], str):
        raise UnsupportedError("slugify with these arguments in a template")
    most, at_word = (int(args[0]), args[1] is True) if len(args) > 1 else (_SLUG, True)
    slug = sanitized(args[-1])
    if not at_word and len(slug) >= most:
        slug = slug[:most]
    slug = re.sub("-+", "-", re.sub("[^a-zA-Z0-9-_]", "-", slug)).strip("-_")
    if most <= 0 or not at_word or len(slug) < most:
        return slug
    prefix = ""
    for word in slug.split("-"):
        longer = f"{prefix}-{word}" if prefix else word
        if len(longer) > most:
            break
        prefix = longer
    return prefix or slug[:most]


def _cut(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UnsupportedError("a text that is cut within a character in a template") from None


def _trunc(count: int, text: str) -> str:
    data = go_order(text)
    if count < 0 and len(data) + count > 0:
        return _cut(data[count:])
    return _cut(data[:count]) if count >= 0 else text


def _substring(start: int, end: int, text: str) -> str:
    data = go_order(text)
    if start < 0:
        start = 0
    elif end < 0 or end > len(data):
        end = len(data)
    if not 0 <= start <= end <= len(data):
        raise UserError(f"substr: {start} to {end} is out of range")
    return _cut(data[start:end])


def _repeat(count: int, text: str) -> str:
    if count < 0:
        raise UserError("repeat with a negative count")
    if count * len(text) > _MOST_CHARACTERS:
        raise UnsupportedError(f"repeat of {count} in a template")
    return text * count


def texts(value: Any) -> StringList:
    """Return the items of a list as texts, without what is nil; another value as the only one."""
    if value is None:
        return StringList()
    return StringList(to_text(item) for item in (value if isinstance(value, list) else [value]) if item is not None)


def split(text: str, separator: str) -> StringList:
    """Cut a text as Go's `strings.Split` does; without a separator, into its characters."""
    return StringList(text.split(separator) if separator else text)


def _numbered(parts: list[str]) -> StringMap:
    return StringMap({f"_{at}": part for at, part in enumerate(parts)})


def _split_number(separator: str, count: int, text: str) -> StringMap:
    if not separator or count == 0:
        raise UnsupportedError("splitn with these arguments in a template")
    return _numbered(text.split(separator, count - 1) if count > 0 else text.split(separator))


def _pattern(text: str, subject: str) -> re.Pattern[str]:
    """Return a pattern that Python reads as Go does and that ends in linear time, as Go's does."""
    plain = _PLAIN_PATTERN.fullmatch(text) and text.isascii()
    steps = (len(subject) + 1) ** len(_REPEATS.findall(text))
    if not plain or steps > _MOST_STEPS or (_REPEATED_GROUP.search(text) and len(_BRANCHES.findall(text)) > 1):
        raise UnsupportedError(f"the regular expression {text!r} in a template")
    try:
        return re.compile(re.sub(r"(?<!\\)((?:\\\\)*)\$", r"\1\\Z", text), re.ASCII)
    except re.error as error:
        raise UserError(f"regular expression {text!r}: {error}") from None


def _replace_all(pattern: str, text: str, replacement: str) -> str:
    if "$" in replacement:
        parts = re.split(r"\$\{(\d+)\}|\$(\d+)(?![\w])", replacement)
        if any("$" in part for part in parts[::3]):
            raise UnsupportedError(f"the replacement {replacement!r} in a template")

        def replaced(found: re.Match[str]) -> str:
            out = parts[0]
            for at in range(1, len(parts), 3):
                group = int(parts[at] or parts[at + 1])
                out += (found[group] or "") if group <= (found.re.groups) else ""
                out += parts[at + 2]
            return out

        return _substituted(pattern, replaced, text)
    return _substituted(pattern, lambda _: replacement, text)


def _substituted(pattern: str, replacement: Any, text: str) -> str:
    return _never_empty(pattern, text).sub(replacement, text)


def _never_empty(pattern: str, text: str) -> re.Pattern[str]:
    """Return a pattern that matches at least one character: Go and Python differ in where they find empty matches."""
    found = _pattern(pattern, text)
    if any(match.end() == match.start() for match in found.finditer(text)):
        raise UnsupportedError(f"the regular expression {pattern!r}, which matches nothing, in a template")
    return found


def _find(pattern: str, text: str) -> str:
    found = _pattern(pattern, text).search(text)
    return found[0] if found else ""


def _find_all(pattern: str, text: str, count: int) -> list[str]:
    found = [match[0] for match in _never_empty(pattern, text).finditer(text)]
    found = found if count < 0 else found[:count]
    return StringList(found) if found else NilList()


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise UnsupportedError("b64dec of what is no text in Base64 in a template") from None


def _hashed(algorithm: str) -> Signature:
    return Signature("string", lambda text: hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest())


_PATTERNS = {
    "regexMatch": Signature("string string", lambda pattern, text: _pattern(pattern, text).search(text) is not None),
    "regexFind": Signature("string string", _find),
    "regexFindAll": Signature("string string int", _find_all),
    "regexReplaceAll": Signature("string string string", _replace_all),
    "regexReplaceAllLiteral": Signature(
        "string string string", lambda pattern, text, literal: _substituted(pattern, lambda _: literal, text)
    ),
}
SIGNATURES = {
    "normalize": Signature("string", sanitized),
    "slugify": Signature("any*", _slugify),
    "lower": Signature("string", lower),
    "upper": Signature("string", _upper),
    "title": Signature("string", _title),
    "trim": Signature("string", lambda text: text.strip(_SPACE)),
    "trimAll": Signature("string string", lambda chars, text: text.strip(chars) if chars else text),
    "trimall": Signature("string string", lambda chars, text: text.strip(chars) if chars else text),
    "trimPrefix": Signature("string string", lambda start, text: text.removeprefix(start)),
    "trimSuffix": Signature("string string", lambda end, text: text.removesuffix(end)),
    "nospace": Signature("string", _without_space),
    "replace": Signature("string string string", lambda old, new, text: text.replace(old, new)),
    "contains": Signature("string string", lambda part, text: part in text),
    "hasPrefix": Signature("string string", lambda start, text: text.startswith(start)),
    "hasSuffix": Signature("string string", lambda end, text: text.endswith(end)),
    "quote": Signature("any*", lambda *items: " ".join(quoted(to_text(one)) for one in items if one is not None)),
    "squote": Signature("any*", lambda *items: " ".join(f"'{to_text(one)}'" for one in items if one is not None)),
    "cat": Signature("any*", lambda *items: " ".join(to_text(one) for one in items if one is not None)),
    "trunc": Signature("int string", _trunc),
    "substr": Signature("int int string", _substring),
    "repeat": Signature("int string", _repeat),
    "indent": Signature("int string", lambda count, text: _repeat(count, " ") + text.replace("\n", "\n" + " " * count)),
    "nindent": Signature(
        "int string", lambda count, text: "\n" + _repeat(count, " ") + text.replace("\n", "\n" + " " * count)
    ),
    "plural": Signature("string string int", lambda one, many, count: one if count == 1 else many),
    "join": Signature("string any", lambda separator, value: separator.join(texts(value))),
    "split": Signature("string string", lambda separator, text: _numbered(split(text, separator))),
    "splitn": Signature("string int string", _split_number),
    "splitList": Signature("string string", lambda separator, text: split(text, separator)),
    "toString": Signature("any", to_text),
    "toStrings": Signature("any", texts),
    "b64enc": Signature("string", lambda text: base64.b64encode(text.encode()).decode()),
    "b64dec": Signature("string", _decoded),
    "sha1sum": _hashed("sha1"),
    "sha256sum": _hashed("sha256"),
    "sha512sum": _hashed("sha512"),
    "adler32sum": Signature("string", lambda text: str(zlib.adler32(text.encode()))),
    "semverCompare": Signature(
        "string string", lambda wanted, text: VersionRange.parse(wanted).allows(Version.parse(text))
    ),
    **_PATTERNS,
    **{f"must{name[0].upper()}{name[1:]}": signature for name, signature in _PATTERNS.items()},
}
