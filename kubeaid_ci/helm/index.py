"""The ``index.yaml`` of a chart repository: the entries of one chart, without parsing all the others."""

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from kubeaid_ci.documents import load, load_all, plainjson
from kubeaid_ci.errors import UserError
from kubeaid_ci.helm import index_entries, index_text
from kubeaid_ci.helm.index_entries import Entries
from kubeaid_ci.helm.published import Release
from kubeaid_ci.semver.version import Version

MOST_BYTES = 64 * 1024 * 1024
_MOST_PARSED = 24 * 1024 * 1024
"""Parsing takes some twenty times the memory of the text."""


class Index:
    """An index, read as far as it has to be. Methods raise `UserError` if Helm refuses it or it is no index."""

    def __init__(self, data: bytes, *, where: str) -> None:
        self._where = where
        try:
            self._text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"{where}: not UTF-8 text (byte {data[error.start]:#04x})") from None
        is_flow = self._text.lstrip().startswith("{")
        self._cut = None if is_flow else index_text.cut(self._text)
        self._is_checked = False
        self._whole: dict[str, Entries] | None = None
        self._read: dict[str, Entries | None] = {}
        self._items: dict[str, Sequence[str]] = {}
        self._lock = threading.Lock()

    def releases(self, chart: str) -> tuple[Release, ...] | None:
        """Return the versions of a chart in the order of the index; None if there is no such chart."""
        with self._lock:
            found = self._entries(chart)
            return None if found is None else found.releases

    def release(self, chart: str, version: str) -> Release | None:
        """Return the release of a version: the one with the same text, else the first that is equal.

        Of hundreds of entries only those are parsed that contain the version.
        """
        with self._lock:
            found = None if chart in self._read else self._among(chart, version)
        return found or matching(self.releases(chart) or (), version)

    def skipped(self, chart: str, version: str) -> str | None:
        """Return why Helm skips the entry of a version; None if it does not, or the entry does not exist."""
        with self._lock:
            found = self._entries(chart)
        return found.skipped.get(version) if found else None

    def _among(self, chart: str, version: str) -> Release | None:
        """Return the release of the same text, if it can be found without parsing all entries."""
        self._check()
        if self._cut is None or chart not in self._cut.charts:
            return None
        if chart not in self._items:
            self._items[chart] = index_text.items(self._text[self._cut.charts[chart]]) or ()
        here = re.compile(rf"version[\"']?:\s*[\"']?{re.escape(version)}")
        for item in filter(here.search, self._items[chart]):
            try:
                loaded = load(item, where=self._where, unique=True, typed=True)
                found = index_entries.read(loaded, where=self._where).releases if isinstance(loaded, list) else ()
            except UserError:
                return None  # such as an alias of another entry; only the whole shows what is wrong
            if found and found[0].version == version:
                return found[0]
        return None

    def _entries(self, chart: str) -> Entries | None:
        if chart not in self._read:
            self._check()
            self._read[chart] = self._piece(chart) if self._cut else self._all().get(chart)
        return self._read[chart]

    def _piece(self, chart: str) -> Entries | None:
        if self._cut is None or (piece := self._cut.charts.get(chart)) is None:
            return None
        try:
            loaded = load(_bounded(self._text[piece], self._where), where=self._where, unique=True, typed=True)
            if isinstance(loaded, dict) and list(loaded) == [chart] and isinstance(loaded[chart], list):
                return index_entries.read(loaded[chart], where=self._where)
        except UserError:
            pass  # an alias of something before, or broken: the whole shows which, and on what line
        return self._all().get(chart)

    def _check(self) -> None:
        """Check what is around the entries, once."""
        if self._cut is None or self._is_checked:
            return
        top = load(self._cut.outside, where=self._where, unique=True, typed=True)
        if isinstance(top, dict | None):
            index_entries.check_top(top or {}, where=self._where)
        else:
            self._cut = None
        self._is_checked = True

    def _all(self) -> dict[str, Entries]:
        if self._whole is None:
            loaded, is_json = _parsed(_bounded(self._text, self._where), self._where)
            if not isinstance(loaded, dict):
                raise UserError(f"{self._where}: is no index of a chart repository")
            index_entries.check_top(loaded, where=self._where, is_json=is_json)
            self._whole = {
                chart: index_entries.read(entries or (), where=f"{self._where}: entries.{chart}", is_json=is_json)
                for chart, entries in _charts(loaded, self._where).items()
            }
        return self._whole


def matching(releases: Iterable[Release], version: str) -> Release | None:
    """Return the release of a version: the one with the same text, else the first that is equal."""
    same: Release | None = None
    wanted = _version(version)
    for release in releases:
        if release.version == version:
            return release
        if same is None and wanted and _version(release.version) == wanted:
            same = release
    return same


def _charts(index: dict[str, Any], where: str) -> dict[str, list[Any] | None]:
    """Return the entries by chart; `UserError` if they are of another form, which Helm refuses."""
    found = next((index[key] for key in sorted(index, reverse=True) if key.lower() == "entries"), None)
    if not isinstance(found, dict | None):
        raise UserError(f"{where}: entries: expected charts by name, so it is no index of a chart repository")
    for chart, entries in (found or {}).items():
        if not isinstance(entries, list | None):
            raise UserError(f"{where}: entries.{chart}: expected a list, so Helm refuses the whole index")
    return found or {}


def _bounded(text: str, where: str) -> str:
    if len(text) > _MOST_PARSED:
        raise UserError(f"{where}: {len(text):,} characters are more than the {_MOST_PARSED:,} that are parsed")
    return text


def _parsed(text: str, where: str) -> tuple[Any, bool]:
    """Return the value, and whether it is JSON; of several documents Helm reads the first."""
    if text.lstrip().startswith("{"):
        try:
            return plainjson.parse(text), True
        except ValueError:
            pass  # a mapping in braces need not be JSON
    return next(iter(load_all(text, where=where, unique=True, typed=True)), None), False


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except UserError:
        return None
