"""The ledger ``charts.ledger.yaml``: the reviewed content and the source of each vendored chart, and its reader."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from kubeaid_ci import documents
from kubeaid_ci.errors import UserError
from kubeaid_ci.settings.readers import Node, Reader, day, many, matching, named, table, text

LEDGER = "charts.ledger.yaml"
PATCHES = "patches"
"""The folder of a KubeAid repo that holds declared changes of vendored charts."""

UPSTREAM = "upstream"
OWN = "own"
FORK = "fork of "
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


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One vendored chart. `tree` is the id of our folder; the data of upstream is None until it was fetched.

    `origin` is ``upstream``, ``own`` (there is no upstream, so Git's review is the only check) or
    ``fork of …``. `patches` are paths of patch files that turn the published chart into ours, and
    `removed` the published files that we leave out. `reason` is the reason why content was last accepted.
    """

    version: str
    first_seen: date
    tree: str | None = None
    repository: str = ""
    origin: str = UPSTREAM
    url: str | None = None
    host: str | None = None
    sha256: str | None = None
    index_digest: str | None = None
    manifest_digest: str | None = None
    layer_digest: str | None = None
    patches: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    reason: str | None = None
    line: int | None = field(default=None, compare=False)

    @property
    def is_compared(self) -> bool:
        """Return whether there is an upstream to compare with."""
        return self.origin == UPSTREAM


@dataclass(frozen=True, slots=True)
class Sighting:
    """The first sighting of a release upstream.

    `digest` is the SHA-256 (hex) that the index promised for the archive on that day. It is None if the index has
    no digest, as registries do. Another digest means other content, which did not exist on that day.
    """

    day: date
    digest: str | None = None


Sightings = Mapping[str, Sighting]
"""The first sightings of one chart's releases, by version."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by ``umbrella/folder``. `exists` distinguishes an empty ledger from a missing one.

    `seen` has, by the same names, the first sighting of each release that is newer than the vendored one. It is None
    if no sighting was ever recorded. If some were, a release without a sighting counts as new today.
    """

    entries: Mapping[str, LedgerEntry] = field(default_factory=dict)
    exists: bool = True
    seen: Mapping[str, Sightings] | None = None


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
    """Read a day, or a day and a digest: ``2026-01-02 sha256:…``."""
    match = _SIGHTING.fullmatch(node.value) if isinstance(node.value, str) else None
    if match is None:
        return Sighting(day(node))
    return Sighting(day(replace(node, value=match[1])), match[2])


def _entry(node: Node) -> LedgerEntry:
    entry = table(_ENTRY, LedgerEntry, required=("version", "first_seen"))(node)
    if entry.tree is None and entry.origin != OWN:
        raise node.error("tree is missing; only a chart of origin own has none")
    return entry
