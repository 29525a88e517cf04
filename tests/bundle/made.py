"""Bundles for tests: small ones of a few files, and those of the demo's platform."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from kubeaid_ci.bundle import tar_archive
from kubeaid_ci.bundle.model import MANIFEST, BundledFile, Manifest

FILES = {"records/config/images.lock.yaml": b"lock\n", "wheels/a.whl": bytes(range(256)), "wheels/empty": b""}


def manifest(files: Mapping[str, bytes] = FILES) -> Manifest:
    listed = (BundledFile(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))
    return Manifest("0.1.0", (), tuple(listed))


def folder(place: Path, files: Mapping[str, bytes] = FILES, about: Manifest | None = None) -> Path:
    place.mkdir(parents=True)
    (place / MANIFEST).write_bytes((about or manifest(files)).to_bytes())
    for path, data in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def tar(place: Path, files: Mapping[str, bytes] = FILES, about: Manifest | None = None) -> Path:
    source = folder(place.with_suffix(".files"), files, about)
    with place.open("wb") as file:
        tar_archive.write(file, ((name, source / name) for name in (MANIFEST, *sorted(files))))
    return place
