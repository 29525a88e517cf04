"""Puts patches on files, exactly or not at all, through ``git apply`` on an index of our own.

Only an index and objects in a temporary repository are written, no work tree: a patch that names a
path outside, or writes through a link, is refused by Git and could reach nothing.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.blobs import Blobs
from kubeaid_ci.git.process import checked, git, reason
from kubeaid_ci.git.tree import GITLINK, LINK, File
from kubeaid_ci.runtime.processes import Finished

# What a user has set up must not make a patch fit that does not.
_STRICT = (("apply.whitespace", "nowarn"), ("apply.ignoreWhitespace", "no"), ("core.autocrlf", "false"))
_MOST_BYTES = 16 * 1024 * 1024
_NO_FILE = {LINK: "a link", GITLINK: "a submodule"}


class PatchError(Exception):
    """A patch that does not fit; the message names it and the reason."""


def apply_patches(
    files: Mapping[str, File], patches: Mapping[str, bytes], *, removed: Sequence[str] = ()
) -> dict[str, File]:
    """Return the files with some left out and the patches applied, in the order given.

    Raises `PatchError` for a patch that does not fit exactly, that names no file of the chart or makes
    a link, and for a file to leave out that does not exist.
    """
    for path in removed:
        if path not in files:
            raise PatchError(f"{path} is declared as removed, but is not published; drop it from the ledger")
    remaining = {path: file for path, file in files.items() if path not in removed}
    if not patches:
        return remaining
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        return _Scratch(Path(folder)).patched(remaining, patches)


class _Scratch:
    """A bare repository that is gone with its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        checked(git(["init", "--bare", "--quiet", "--template=", str(folder)]), f"{folder}")

    def patched(self, files: Mapping[str, File], patches: Mapping[str, bytes]) -> dict[str, File]:
        self._must("fast-import", "--quiet", "--done", stdin=b"".join(_import(files)))
        self._must("read-tree", "refs/heads/x")
        for name, data in patches.items():
            self._apply(name, data)
        listed = self._must("ls-files", "-s", "-z").stdout.decode("utf-8", "surrogateescape")
        entries = [line.partition("\t") for line in listed.split("\0")[:-1]]
        for about, _, path in entries:
            if what := _NO_FILE.get(about.split(" ")[0]):
                raise PatchError(f"{path}: a patch makes {what}, which no published chart may hold")
        with Blobs(self.folder) as blobs:
            return {path: File(about.split(" ")[0], blobs.read(about.split(" ")[1])) for about, _, path in entries}

    def _apply(self, name: str, data: bytes) -> None:
        if len(data) > _MOST_BYTES:
            raise PatchError(f"{name}: larger than {_MOST_BYTES >> 20} MiB")
        options = ["apply", "--cached", "-p1", "--whitespace=nowarn", "-"]
        done = self._git(*options, stdin=data)
        if done.code:
            raise PatchError(f"{name} does not apply to the published files: {reason(done)}")

    def _must(self, *arguments: str, stdin: bytes = b"") -> Finished:
        done = self._git(*arguments, stdin=stdin)
        if done.code:
            raise OutsideError(f"git {arguments[0]} failed in a scratch repository: {reason(done)}")
        return done

    def _git(self, *arguments: str, stdin: bytes = b"") -> Finished:
        return git(arguments, folder=self.folder, settings=_STRICT, stdin=stdin)


def _import(files: Mapping[str, File]) -> Iterable[bytes]:
    """Return a stream for ``git fast-import`` with one commit of the files."""
    yield b"commit refs/heads/x\ncommitter x <x> 0 +0000\ndata 0\n"
    yield from _modifications(files)
    yield b"\ndone\n"


def _modifications(files: Mapping[str, File]) -> Iterator[bytes]:
    for path, file in sorted(files.items()):
        raw = (
            path.encode("utf-8", "surrogateescape").replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        )
        yield b'M %s inline "%s"\ndata %d\n%s\n' % (file.mode.encode(), raw, len(file.data), file.data)
