"""A chart as the archive that Helm loads from memory."""

import gzip
import io
import tarfile
from collections.abc import Mapping


def pack(files: Mapping[str, bytes], *, name: str, level: int = 1) -> bytes:
    """The gzipped tar of a chart: files by their path below the chart's top folder, `name`.

    The same files give the same bytes: sorted, without times and owners. `level` is how hard to pack, from
    0 (not at all, for what is unpacked at once) to 9.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in sorted(files.items()):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), compresslevel=level, mtime=0)
