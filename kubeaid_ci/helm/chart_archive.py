"""A published chart archive as files, or the one reason why it is not safe to unpack.

Nothing is written to disk, and nothing is repaired: the files are what every tool would unpack, on
every system, or the archive is refused.
"""

import re
import unicodedata
from functools import lru_cache

from kubeaid_ci.documents import duplicate_keys, load
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.links import is_for_git
from kubeaid_ci.git.tree import EXECUTABLE, REGULAR, File
from kubeaid_ci.helm import chart_yaml
from kubeaid_ci.helm.tarball import MIB, MOST_MEMBERS, UnsafeArchive, members
from kubeaid_ci.visible import visible

__all__ = ["UnsafeArchive", "read"]

_MOST_LETTERS = 1024
_MOST_DEPTH = 40
_MOST_CHART_YAML = MIB
_DRIVE = re.compile(r"[A-Za-z]:")
_BOM = b"\xef\xbb\xbf"


def read(data: bytes, *, chart: str) -> dict[str, File]:
    """Return the files of a chart's archive, by their path below its one top folder, sorted.

    That folder, and the name in its Chart.yaml, have to be the chart's name. Raises `UnsafeArchive`.
    """
    names = _Names()
    files: dict[str, File] = {}
    for member in members(data):
        path = _path(member.name)
        names.add(path, is_file=not member.is_folder)
        top, _, below = path.partition("/")
        if top != chart:
            raise UnsafeArchive(f"{path!a} is not in the folder {chart!r}")
        if member.is_folder:
            continue
        if not below:
            raise UnsafeArchive(f"{path!a} is a file, not a folder")
        files[below] = File(EXECUTABLE if member.executable else REGULAR, member.data)
    _check_name(files.get("Chart.yaml"), chart)
    return dict(sorted(files.items()))


class _Names:
    """The names of an archive; two of them must not be one on any file system."""

    def __init__(self) -> None:
        self._spelled: dict[str, str] = {}
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, path: str, *, is_file: bool) -> None:
        """Take in a name; raises `UnsafeArchive` if it exists already, or nearly."""
        if path in self._files or (is_file and path in self._folders):
            raise UnsafeArchive(f"{path!a} is there twice")
        if not is_file and path in self._folders:
            return
        around = path.rpartition("/")[0]
        if around and around not in self._folders:
            self.add(around, is_file=False)
        # Some file systems ignore case and Unicode composition.
        other = self._spelled.setdefault(_folded(path), path)
        if other != path:
            raise UnsafeArchive(f"{path!a} and {other!a} are one file on some systems")
        (self._files if is_file else self._folders).add(path)
        if len(self._spelled) > MOST_MEMBERS:
            raise UnsafeArchive(f"more than {MOST_MEMBERS:,} files and folders")


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _path(name: bytes) -> str:
    """Return the name of a member as a path that stays below its start on every system."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        raise UnsafeArchive(f"the name {name[:200]!r} is not UTF-8") from None
    parts = path.split("/")
    if len(path) > _MOST_LETTERS or len(parts) > _MOST_DEPTH:
        raise UnsafeArchive(f"the name {path[:200]!a} is too long or too deep")
    if reason := next((reason for part in parts if (reason := _unfit(part))), None):
        raise UnsafeArchive(f"the name {path!a} {reason}")
    return path


@lru_cache(maxsize=4096)
def _unfit(part: str) -> str | None:
    """Return why a part of a path is not unpacked, or None."""
    if part in ("", ".", ".."):
        return "leaves its folder, or is not written plainly"
    if "\\" in part:
        return "holds a backslash, which is a separator to some"
    if _DRIVE.match(part):
        return "names a drive"
    # Control, direction and invisible characters, and whitespace other than the space.
    if not part.isprintable() or visible(part) != part:
        return "holds characters that are not seen"
    if is_for_git(part):
        return "is reserved for Git"
    return None


def _check_name(file: File | None, chart: str) -> None:
    """Raise `UnsafeArchive` unless every reader of the Chart.yaml finds the chart's name, and Helm can load it."""
    if file is None:
        raise UnsafeArchive("there is no Chart.yaml")
    if file.data.startswith(_BOM):
        raise UnsafeArchive("Chart.yaml begins with a byte order mark, which Helm drops and others do not")
    if len(file.data) > _MOST_CHART_YAML:
        raise UnsafeArchive(f"Chart.yaml has more than {_MOST_CHART_YAML:,} bytes")
    try:
        name = chart_yaml.decode(load(file.data, where=chart_yaml.CHART), where=chart_yaml.CHART).get("name")
        repeated = [path for path, _ in duplicate_keys(file.data, chart_yaml.CHART)]
    except UserError as error:
        raise UnsafeArchive(str(error)) from error
    if name != chart or ("name",) in repeated:
        raise UnsafeArchive(f"Chart.yaml names {name!r} and not, or not only, the chart {chart!r}")
