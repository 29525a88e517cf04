"""The ``index.yaml`` of a chart repository: the entries of one chart, without parsing all the others.

An index has up to some ten thousand entries, of which a run wants a handful. So the text is cut at
its chart names, and only the wanted piece is parsed. Where the text could mean something else than
it looks like (a quoted text or a list in brackets that goes on at the margin, anchors, several
documents), the whole is parsed.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from kubeaid_ci.documents import load, plainjson
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.upstream import Release
from kubeaid_ci.model.version import Version

MOST_BYTES = 64 * 1024 * 1024
_MOST_PARSED = 24 * 1024 * 1024
"""Parsing takes some twenty times the memory of the text."""

# Patterns that begin with letters as they are, which Python finds many times faster than others.
_ENTRIES = re.compile(r"\nentries:[ ]*(?=\n)")
_TOP = re.compile(r"\n(?=[^\s#])")
_FIRST = re.compile(r"(?:\n[ ]*(?:#[^\n]*)?(?=\n))*\n( +)[^\s#-]")
_DOCUMENT = re.compile(r"\n(?:---|\.\.\.)(?=\s|\Z)")
# What a value may begin with and not end with on its line; and what may stand between it and its key.
_OPEN = (
    re.compile(r' "(?<=[:?\n -] ")(?:[^"\\\n]|\\.)*$', re.MULTILINE),
    re.compile(r" '(?<=[:?\n -] ')(?:[^'\n]|'')*$", re.MULTILINE),
    re.compile(r" \[(?<=[:?\n -] \[)(?![^\n]*\][ ]*$)", re.MULTILINE),
    re.compile(r" \{(?<=[:?\n -] \{)(?![^\n]*\}[ ]*$)", re.MULTILINE),
    re.compile(r" &\S+[ ]+[\"'\[{]"),
    re.compile(r" !\S*[ ]+[\"'\[{]"),
)
_ITEM = re.compile(r"\n( *)- ")
# Where a version may be written so that its text is not there: with an escape, as an alias, under such a key.
_HIDDEN = (
    re.compile(r"version[\"']?:\s*(?:\"[^\"]*\\|[*&!#])"),
    re.compile(r"[\n{,][ -]*\"[^\"\n]*\\[^\"\n]*\"[ ]*:"),
)
_QUOTED = re.compile(r""" (?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')""", re.DOTALL)
_TEXTS = ("created", "digest", "home")


class Index:
    """An index that was read as far as it had to be; errors of its text are `UserError` with the line."""

    def __init__(self, data: bytes, *, where: str) -> None:
        self._where = where
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{where}: not UTF-8 text (byte {data[error.start]:#04x})") from None
        self._pieces = None if self._text.lstrip().startswith("{") else _pieces(self._text)
        self._whole: dict[str, Any] | None = None
        self._read: dict[str, tuple[Release, ...] | None] = {}
        self._items: dict[str, Sequence[str]] = {}
        self._lock = threading.Lock()

    def releases(self, chart: str) -> tuple[Release, ...] | None:
        """The versions of a chart in the order of the index; nothing where there is no such chart."""
        with self._lock:
            if chart not in self._read:
                found = self._entries(chart)
                made = (_release(entry) for entry in found or () if isinstance(entry, dict))
                self._read[chart] = None if found is None else tuple(release for release in made if release)
            return self._read[chart]

    def release(self, chart: str, version: str) -> Release | None:
        """The release of a version: the one written the same, else the first that means the same.

        Of hundreds of entries only those are parsed that name the version.
        """
        with self._lock:
            found = None if chart in self._read else self._among(chart, version)
        return found or matching(self.releases(chart) or (), version)

    def _among(self, chart: str, version: str) -> Release | None:
        """The release written just so, if it can be told without parsing all entries."""
        if chart not in self._items:
            piece = (self._pieces or {}).get(chart)
            self._items[chart] = (_items(self._text[slice(*piece)]) if piece else None) or ()
        here = re.compile(rf"version[\"']?:\s*[\"']?{re.escape(version)}")
        for item in self._items[chart]:
            if not here.search(item):
                continue
            try:
                loaded = load(item, where=self._where)
            except UserError:
                return None  # such as an alias of another entry; the whole tells
            release = _release(loaded[0]) if isinstance(loaded, list) and isinstance(loaded[0], dict) else None
            if release and release.version == version:
                return release
        return None

    def _entries(self, chart: str) -> list[Any] | None:
        if self._pieces is not None and (piece := self._pieces.get(chart)) is not None:
            try:
                loaded = load(_bounded(self._text[slice(*piece)], self._where), where=self._where)
            except UserError:
                # An alias of something before, or broken; the whole says which, and on what line.
                loaded = None
            if isinstance(loaded, dict) and list(loaded) == [chart]:
                return _list(loaded[chart])
        elif self._pieces is not None:
            return None
        return _list(self._all()[chart]) if chart in self._all() else None

    def _all(self) -> dict[str, Any]:
        if self._whole is None:
            loaded = _parsed(_bounded(self._text, self._where), self._where)
            entries = loaded.get("entries") if isinstance(loaded, dict) else None
            if not isinstance(loaded, dict) or not isinstance(entries, dict | None):
                raise UserError(f"{self._where}: is no index of a chart repository")
            self._whole = entries or {}
        return self._whole


def _pieces(text: str) -> dict[str, tuple[int, int]] | None:
    """Where in the text each chart's entries are; nothing where the text has to be parsed to tell."""
    heads = list(_ENTRIES.finditer(text))
    if len(heads) != 1 or "\t" in text or "\r" in text or _DOCUMENT.search(text):
        return None
    begin = heads[0].end()
    end = following.start() if (following := _TOP.search(text, begin)) else len(text)
    first = _FIRST.match(text, begin, end)
    if first is None or _straddles(text, len(first[1])):
        return None
    return _cut(text, begin, end, len(first[1]))


def _cut(text: str, begin: int, end: int, indent: int) -> dict[str, tuple[int, int]] | None:
    """The pieces that begin with a name at the margin; nothing where another thing is there, or a name twice."""
    # A name, an item of a list that is not indented any further, or a comment.
    known = re.compile(rf"\n {{{indent}}}(?:([A-Za-z0-9][\w.-]*):[ ]*(?=\n)|- |#)")
    found: dict[str, tuple[int, int]] = {}
    name = ""
    for margin in _margin(indent).finditer(text, begin, end):
        match = known.match(text, margin.start(), end)
        if match is None or match[1] in found:
            return None
        if match[1]:
            if name:
                found[name] = (found[name][0], margin.start())
            name = match[1]
            found[name] = (margin.start(), end)
    return found


def _items(piece: str) -> list[str] | None:
    """The entries in a chart's piece; nothing where it has to be parsed to tell."""
    name, newline, text = piece[1:].partition("\n")
    text = newline + text
    first = _ITEM.match(text)
    if first is None or any(pattern.search(text) for pattern in _HIDDEN):
        return None
    # As far out as the names of charts nothing goes on, or there would be no pieces.
    if len(first[1]) > len(name) - len(name.lstrip(" ")) and _straddles(text, len(first[1])):
        return None
    if any(not text.startswith(first[0], line.start()) for line in _margin(len(first[1])).finditer(text)):
        return None
    return [first[0] + item for item in text.removeprefix(first[0]).split(first[0])]


def _margin(indent: int) -> re.Pattern[str]:
    """Where lines begin that are indented no further, but empty ones."""
    return re.compile(rf"\n {{0,{indent}}}(?=[^ \n])")


def _straddles(text: str, indent: int) -> bool:
    """Whether a text in quotes or a list in brackets may go on at the margin, where names are."""
    margin = _margin(indent)
    for pattern in _OPEN:
        for match in pattern.finditer(text):
            quoted = _QUOTED.match(text, match.start())
            if quoted is None or margin.search(quoted[1] or quoted[2] or ""):
                return True
    return False


def _bounded(text: str, where: str) -> str:
    if len(text) > _MOST_PARSED:
        raise UserError(f"{where}: {len(text):,} letters are more than the {_MOST_PARSED:,} that are parsed")
    return text


def _parsed(text: str, where: str) -> Any:
    if not text.lstrip().startswith("{"):
        return load(text, where=where)
    try:
        return plainjson.parse(text)
    except ValueError:
        # A mapping in braces need not be JSON.
        return load(text, where=where)


def matching(releases: Iterable[Release], version: str) -> Release | None:
    """The release of a version: the one written the same, else the first that means the same."""
    same: Release | None = None
    wanted = _version(version)
    for release in releases:
        if release.version == version:
            return release
        if same is None and wanted and _version(release.version) == wanted:
            same = release
    return same


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except UserError:
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _release(entry: dict[str, Any]) -> Release | None:
    """An entry of an index; nothing where it is none, which Helm passes over as well."""
    version = entry.get("version")
    if not isinstance(version, str) or not version:
        return None
    texts = {name: entry[name] for name in _TEXTS if isinstance(entry.get(name), str)}
    urls = [url for url in _list(entry.get("urls")) if isinstance(url, str)]
    notes = entry.get("annotations")
    return Release(
        version,
        app_version=_text(entry.get("appVersion")),
        kube_version=_text(entry.get("kubeVersion")),
        created=texts.get("created"),
        digest=texts.get("digest", "").lower().removeprefix("sha256:") or None,
        url=urls[0] if urls else None,
        deprecated=entry.get("deprecated") is True,
        removed=entry.get("removed") is True,
        home=texts.get("home"),
        sources=tuple(one for one in _list(entry.get("sources")) if isinstance(one, str)),
        annotations={key: str(value) for key, value in notes.items()} if isinstance(notes, dict) else {},
    )


def _text(value: Any) -> str | None:
    """A scalar as text: an unquoted ``appVersion: 1.0`` is a number to YAML."""
    return None if value is None or isinstance(value, dict | list) else str(value)
