"""Reads the ledger ``charts.ledger.yaml``."""

import re
from collections.abc import Mapping
from dataclasses import replace

from kubeaid_ci import documents
from kubeaid_ci.charts.ledger.ledger import FORK, OWN, PATCHES, UPSTREAM, Ledger, LedgerEntry, Sighting, Sightings
from kubeaid_ci.errors import UserError
from kubeaid_ci.settings.readers import Node, Reader, day, many, matching, named, table, text

_SHA256 = matching(r"[0-9a-f]{64}", "64 hex digits")
_DIGEST = matching(r"(sha256:)?[0-9a-f]{64}", "a digest")
# As we write it; looking each key up in the YAML takes longer than all the rest.
_KEY = re.compile(r"  ['\"]?([^\s'\"][^'\"]*)['\"]?:.*")
_SIGHTING = re.compile(r"(\S+) sha256:([0-9a-f]{64})")
_PART = r"(?!\.{1,2}(/|$))[^/\\\x00-\x1f]+"
_PATH = rf"{_PART}(/{_PART})*"

_ENTRY: Mapping[str, Reader] = {
    "version": text,
    "repository": text,
    "origin": matching(rf"{UPSTREAM}|{OWN}|{FORK}\S.*", f"{UPSTREAM}, {OWN} or '{FORK}…'"),
    "url": text,
    "host": text,
    "sha256": _SHA256,
    "index_digest": _DIGEST,
    "manifest_digest": _DIGEST,
    "layer_digest": _DIGEST,
    "tree": matching(r"[0-9a-f]{40}", "the id of a Git tree"),
    "first_seen": day,
    "patches": many(matching(rf"{PATCHES}/{_PATH}\.patch", f"a path such as {PATCHES}/chart/change.patch")),
    "removed": many(matching(_PATH, "the path of a file in the chart")),
    "reason": text,
}


def parse(content: str | bytes, *, where: str) -> Ledger:
    """Read the text of a ledger; raises `UserError` naming file, line and key where it cannot be read."""
    value = documents.load(content, where=where)
    for path, line in documents.duplicate_keys(content, where):
        raise UserError(f"{where}:{line}: {'.'.join(map(str, path))} is there twice; keep the one that was reviewed")
    source = content if isinstance(content, str) else content.decode()
    found: Ledger = table({"charts": named(_entry), "seen": named(named(_sighting))}, _ledger)(
        Node(source, where, value)
    )
    lines: dict[str, int] = {}
    for number, row in enumerate(source.splitlines(), 1):
        if match := _KEY.fullmatch(row):
            lines.setdefault(match[1], number)
    entries = {key: replace(entry, line=lines.get(key)) for key, entry in found.entries.items()}
    return replace(found, entries=entries)


def _ledger(charts: Mapping[str, LedgerEntry] | None = None, seen: Mapping[str, Sightings] | None = None) -> Ledger:
    return Ledger(charts or {}, seen=seen)


def _sighting(node: Node) -> Sighting:
    """A day, or a day and a digest: ``2026-01-02 sha256:…``."""
    match = _SIGHTING.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        return Sighting(day(node))
    return Sighting(day(replace(node, value=match[1])), match[2])


def _entry(node: Node) -> LedgerEntry:
    entry = table(_ENTRY, LedgerEntry, required=("version", "first_seen"))(node)
    if entry.tree is None and entry.origin != OWN:
        raise node.error("tree is missing; only a chart of origin own has none")
    return entry
