"""What a Chart.yaml, requirements.yaml or lock says, read once for each content.

Reading YAML is most of the work on a repository of charts, and the same files come again on every
run, so what was read is kept in the user's cache folder by the id of the blob.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeaid_ci.edges.files import write_atomically
from kubeaid_ci.errors import UserError

_FORMAT = 1
_FILE = "charts/metadata"
_KEPT = (
    "apiVersion",
    "name",
    "version",
    "type",
    "appVersion",
    "kubeVersion",
    "deprecated",
    "dependencies",
    "digest",
)
_MOST_BYTES = 1024 * 1024


@dataclass(slots=True)
class MetadataReader:
    """Reads metadata files; `cache` is the cache folder, or nothing to do without."""

    cache: Path | None
    _known: dict[str, Any] = field(default_factory=dict)
    _used: dict[str, Any] = field(default_factory=dict)

    def load(self) -> None:
        """Take in what earlier runs read; whatever does not read back whole counts as not there."""
        if self.cache is None:
            return
        with suppress(OSError, ValueError):
            checksum, _, text = (self.cache / _FILE).read_bytes().partition(b"\n")
            if checksum == _checksum(text):
                version, self._known = json.loads(text)
                self._known = self._known if version == _FORMAT else {}

    def known(self, identity: str) -> dict[str, Any] | None:
        """What the blob of an id says, where an earlier run or this one has read it."""
        said: dict[str, Any] | None = self._used.get(identity, self._known.get(identity))
        if said is not None:
            self._used[identity] = said
        return said

    def read(self, data: bytes, identity: str, *, where: str) -> dict[str, Any]:
        """The metadata in a file, with the line of each dependency as ``line``; raises `UserError` naming it."""
        said = self._used[identity] = _read(data, where)
        return said

    def save(self) -> None:
        """Keep what this run used. A full or read-only disk costs the cache, not the run."""
        if self.cache is None or self._used == self._known:
            return
        text = json.dumps([_FORMAT, self._used], separators=(",", ":"), sort_keys=True).encode()
        with suppress(UserError, OSError):
            write_atomically(self.cache / _FILE, _checksum(text) + b"\n" + text)


def _read(data: bytes, where: str) -> dict[str, Any]:
    from kubeaid_ci import documents

    if len(data) > _MOST_BYTES:
        raise UserError(f"{where}: larger than 1 MiB, which no chart's metadata is")
    value = documents.load(data, where=where)
    if not isinstance(value, dict):
        raise UserError(f"{where}: expected keys with values; see Helm's description of a Chart.yaml")
    kept = {key: value[key] for key in _KEPT if value.get(key) is not None}
    given = kept.get("dependencies", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise UserError(f"{where}: dependencies: expected a list of keys with values")
    lines = documents.locate_all(data, [("dependencies", number) for number in range(len(given))])
    kept["dependencies"] = [one | {"line": line} for one, line in zip(given, lines, strict=True)]
    return kept


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
