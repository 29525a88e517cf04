"""A published archive, unpacked: its files, and what a later run may believe of it without unpacking it again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

import kubeaid_ci
from kubeaid_ci.documents import load
from kubeaid_ci.git.tree import File, tree_id
from kubeaid_ci.helm.chart_archive import read
from kubeaid_ci.helm.downloads import Downloads

_FORMAT = 1
"""Counts on whenever the same archive may be refused, or give another tree, where it did not before."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The content of an archive; `version` and `deprecated` are from its Chart.yaml."""

    sha256: str
    files: Mapping[str, File]
    tree: str
    version: str
    deprecated: bool


def unpack(data: bytes, *, chart: str, downloads: Downloads) -> Unpacked:
    """The archive of a chart; one that was found safe before is unpacked when its files are requested.

    Raises `UnsafeArchive`.
    """
    digest = sha256(data).hexdigest()
    name = f"archive {_FORMAT} {kubeaid_ci.__version__} {chart} {digest}"
    if known := downloads.noted(name):
        return Unpacked(digest, _Later(data, chart), *json.loads(known))
    files = read(data, chart=chart)
    said = load(files["Chart.yaml"].data, where="Chart.yaml")
    tree = tree_id({path: file.entry for path, file in files.items()})
    found = Unpacked(digest, files, tree, str(said.get("version")), said.get("deprecated") is True)
    downloads.note(name, json.dumps([found.tree, found.version, found.deprecated]).encode())
    return found


class _Later(Mapping[str, File]):
    """The files of an archive, unpacked when they are first asked for."""

    def __init__(self, data: bytes, chart: str) -> None:
        self._data = data
        self._chart = chart
        self._files: dict[str, File] | None = None

    def _unpacked(self) -> dict[str, File]:
        if self._files is None:
            self._files = read(self._data, chart=self._chart)
        return self._files

    def __getitem__(self, path: str) -> File:
        return self._unpacked()[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())
