"""A chart as the archive that Helm loads from memory."""

import gzip
import tarfile
from collections.abc import Mapping

_PLAIN = tarfile.TarInfo().tobuf(tarfile.USTAR_FORMAT)
_NAME, _SIZE, _SUM = slice(0, 100), slice(124, 136), slice(148, 156)


def pack(files: Mapping[str, bytes], *, name: str, level: int = 1) -> bytes:
    """The gzipped tar of a chart: files by their path below the chart's top folder, `name`.

    The same files give the same bytes: sorted, without times and owners. `level` is how hard to pack, from
    0 (not at all, for what is unpacked at once) to 9.
    """
    packed = [
        part
        for path, data in sorted(files.items())
        for part in (_header(f"{name}/{path}", len(data)), data, bytes(-len(data) % tarfile.BLOCKSIZE))
    ]
    packed.append(bytes(2 * tarfile.BLOCKSIZE))
    packed.append(bytes(-sum(map(len, packed)) % tarfile.RECORDSIZE))
    return gzip.compress(b"".join(packed), compresslevel=level, mtime=0)


def _header(path: str, size: int) -> bytes:
    """The header of one file. `tarfile` makes all of it again for each, which takes longer than all the rest."""
    if not path.isascii() or len(path) > _NAME.stop:
        member = tarfile.TarInfo(path)
        member.size = size
        return member.tobuf(tarfile.PAX_FORMAT)
    header = bytearray(_PLAIN)
    header[_NAME] = path.encode().ljust(_NAME.stop, b"\0")
    header[_SIZE] = b"%011o\0" % size
    header[_SUM] = b" " * 8
    header[_SUM] = b"%06o\0 " % sum(header)
    return bytes(header)
