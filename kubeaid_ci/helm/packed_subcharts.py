"""The packed subcharts of a chart, as files: ``charts/<name>.tgz``, which Helm loads like a folder."""

import posixpath
from collections.abc import Mapping

from kubeaid_ci.helm.tarball import UnsafeArchive, members

_MAX_DEPTH = 10
"""Archives in archives. An archive can be made that holds itself."""


def unpack_subcharts(files: Mapping[str, bytes], depth: int = 0) -> Mapping[str, bytes]:
    """Return the files with each packed subchart as a folder in its place. Raises `UnsafeArchive`.

    An archive is bounded in size, and its members' paths stay inside its folder. `depth` counts the archives around.
    """
    packed = [path for path in files if path.endswith(".tgz") and posixpath.dirname(f"/{path}").endswith("/charts")]
    if not packed:
        return files
    if depth > _MAX_DEPTH:
        raise UnsafeArchive(f"more than {_MAX_DEPTH} charts packed in each other")
    found = {path: data for path, data in files.items() if path not in packed}
    for path in packed:
        folder = f"{path.removesuffix('.tgz')}~"  # no folder that the chart has itself
        found |= {
            f"{folder}/{inside}": data for inside, data in unpack_subcharts(_members(files[path]), depth + 1).items()
        }
    return found


def _members(data: bytes) -> dict[str, bytes]:
    found = {}
    for member in members(data):
        inside = member.name.decode("utf-8", "replace").partition("/")[2]
        if ".." in inside.split("/"):
            raise UnsafeArchive(f"{inside!a} leaves the archive's folder")
        if inside and not member.is_folder:
            found[inside] = member.data
    return found
