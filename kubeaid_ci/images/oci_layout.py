"""OCI image layouts on disk, filled from what skopeo writes with its ``dir:`` transport.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md. skopeo's own ``oci:`` transport converts
Docker's manifests, which changes their digests; a layout may hold any media type.
"""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.runtime.files import write_atomically

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_MOST_MANIFEST = 4 * 1024 * 1024
_NAME = "org.opencontainers.image.ref.name"


@dataclass(slots=True)
class OciLayout:
    """A layout whose blobs all images share. Safe to use from several threads of one process."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, name: str, digest: str) -> bool:
        """Return whether the layout has an image with this digest under a name, and every blob of it."""
        found = self._entries().get(name)
        return found is not None and found.get("digest") == digest and all(map(self._is_whole, self._closure(digest)))

    def add(self, name: str, digest: str, source: Path) -> None:
        """Move an image in that skopeo wrote to a folder. Raises `OutsideError` if it has another digest."""
        data = (source / "manifest.json").read_bytes()
        if (found := f"sha256:{hashlib.sha256(data).hexdigest()}") != digest:
            raise OutsideError(f"{name}: the registry sent {found}, expected {digest}")
        blobs = self.folder / "blobs/sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        for path in sorted(source.iterdir()):
            target = path.name.removesuffix(".manifest.json")
            if len(target) == 64 and path.is_file():
                path.replace(blobs / target)
        (source / "manifest.json").replace(blobs / digest.removeprefix("sha256:"))
        media_type = _media_type(data)
        entry = {"mediaType": media_type, "digest": digest, "size": len(data), "annotations": {_NAME: name}}
        with self._lock:
            entries = self._entries() | {name: entry}
            body = {
                "schemaVersion": 2,
                "mediaType": _INDEX,
                "manifests": [entries[each] for each in sorted(entries)],
            }
            write_atomically(self.folder / "oci-layout", b'{"imageLayoutVersion": "1.0.0"}\n')
            write_atomically(self.folder / "index.json", f"{json.dumps(body, indent=2)}\n".encode())

    def names(self) -> dict[str, str]:
        """Return the digests of the images by name. Raises `UserError` if the folder is not a layout."""
        if not (self.folder / "oci-layout").is_file():
            raise UserError(f"{self.folder}: not an OCI layout; make one with images mirror --to dir:PATH")
        return {name: str(entry["digest"]) for name, entry in self._entries().items() if name}

    def export(self, digest: str, target: Path) -> None:
        """Write an image to a folder as skopeo's ``dir:`` transport reads it. Blobs are linked if possible.

        Raises `UserError` if a blob is missing.
        """
        (target / "version").write_text("Directory Transport Version: 1.1\n")
        top = True
        for descriptor in self._closure(digest):
            name = str(descriptor["digest"])
            source, is_manifest = self._path(name), self._is_manifest(name)
            if not self._is_whole(descriptor):
                raise UserError(f"{source}: missing or cut off; run images mirror --to dir:{self.folder} again")
            plain = name.partition(":")[2]
            file = "manifest.json" if top else f"{plain}.manifest.json" if is_manifest else plain
            _link(source, target / file)
            top = False

    def _is_manifest(self, digest: str) -> bool:
        path = self._path(digest)
        if not path.is_file() or path.stat().st_size > _MOST_MANIFEST:
            return False
        try:
            body = json.loads(path.read_bytes())
        except ValueError:
            return False
        return isinstance(body, dict) and "schemaVersion" in body

    def _entries(self) -> dict[str, dict[str, Any]]:
        try:
            loaded = json.loads((self.folder / "index.json").read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise UserError(f"{self.folder / 'index.json'}: is not JSON; remove it to fill the layout again") from None
        manifests = loaded.get("manifests") if isinstance(loaded, dict) else None
        return {
            str(each.get("annotations", {}).get(_NAME, "")): each
            for each in (manifests if isinstance(manifests, list) else [])
            if isinstance(each, dict)
        }

    def _closure(self, digest: str) -> Iterator[Mapping[str, Any]]:
        """Yield the descriptors of a manifest: those of the index's platforms, its config and its layers."""
        path = self._path(digest)
        yield {"digest": digest, "size": path.stat().st_size if path.is_file() else -1}
        if not path.is_file():
            return
        body = json.loads(path.read_bytes())
        for each in body.get("manifests", []):
            yield from self._closure(str(each["digest"]))
        yield from (each for each in (body.get("config"), *body.get("layers", [])) if each)

    def _is_whole(self, descriptor: Mapping[str, Any]) -> bool:
        path = self._path(str(descriptor["digest"]))
        return path.is_file() and path.stat().st_size == descriptor["size"]

    def _path(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "/", 1)


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _media_type(manifest: bytes) -> str:
    body = json.loads(manifest)
    return str(body.get("mediaType") or (_INDEX if "manifests" in body else _MANIFEST))
