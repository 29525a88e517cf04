"""Reads each Chart.yaml, requirements.yaml or lock once for each content.

Reading YAML is most of the work on a repository of charts, and the same files come again on every
run, so what was read is kept in the user's cache folder by the id of the blob.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeaid_ci.errors import UserError
from kubeaid_ci.runtime.files import write_atomically

_FORMAT = 4
_FILE = "charts/metadata"
LICENSES = ("artifacthub.io/license", "licenses")
"""The annotations that name a chart's licence: https://artifacthub.io/docs/topics/annotations/helm/."""


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
        """Return the content of a blob, if this run or an earlier one has read it."""
        metadata: dict[str, Any] | None = self._used.get(identity, self._known.get(identity))
        if metadata is not None:
            self._used[identity] = metadata
        return metadata

    def read(self, data: bytes, identity: str, *, where: str) -> dict[str, Any]:
        """Return the fields of a file as `chart_yaml.decode`, with the line of each dependency as ``line``."""
        metadata = self._used[identity] = _read(data, where)
        return metadata

    def save(self) -> None:
        """Keep what this run used. A full or read-only disk costs the cache, not the run."""
        if self.cache is None or self._used == self._known:
            return
        text = json.dumps([_FORMAT, self._used], separators=(",", ":"), sort_keys=True).encode()
        with suppress(UserError, OSError):
            write_atomically(self.cache / _FILE, _checksum(text) + b"\n" + text)


def _read(data: bytes, where: str) -> dict[str, Any]:
    from kubeaid_ci import documents
    from kubeaid_ci.helm import chart_yaml

    fields = chart_yaml.read(data, where=where)
    if "annotations" in fields:  # others, such as release notes, are long
        fields["annotations"] = {key: value for key, value in fields["annotations"].items() if key in LICENSES}
    if declared := fields.get("dependencies"):
        lines = documents.locate_all(data, [("dependencies", number) for number in range(len(declared))])
        fields["dependencies"] = [one and one | {"line": line} for one, line in zip(declared, lines, strict=True)]
    return fields


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
