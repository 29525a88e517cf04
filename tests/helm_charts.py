"""Small charts as files, and packed as Helm takes them."""

import io
import tarfile
from collections.abc import Mapping

META = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"


def chart(name: str, files: Mapping[str, str] | None = None, *, more: str = "") -> dict[str, str]:
    """A chart's files by path from its own folder; `more` goes to the end of Chart.yaml."""
    return {"Chart.yaml": META.format(name=name) + more, **(files or {})}


def pack(name: str, files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()
