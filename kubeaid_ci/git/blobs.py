"""Reads the bytes of many files of a repository through one program."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.process import start_git

MOST_BLOB_BYTES = 64 * 1024 * 1024
# A batch of requests has to fit into a pipe, 64 KiB: git may wait for us to read before it reads on.
_ASKED_AT_ONCE = 500


class TooLargeError(UserError):
    """A blob that is larger than `MOST_BLOB_BYTES`."""

    def __init__(self, folder: Path, identity: str) -> None:
        super().__init__(f"{folder}: object {identity} is larger than {MOST_BLOB_BYTES >> 20} MiB")
        self.identity = identity


class Blobs:
    """Reads blobs of one repository through one lasting ``git cat-file --batch``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = start_git(["cat-file", "--batch"], folder=folder)

    def read(self, identity: str) -> bytes:
        """Return the bytes of one blob; raises `UserError` if the repository lacks it (a partial clone)."""
        return self.read_all([identity])[0]

    def read_all(self, identities: Sequence[str]) -> list[bytes]:
        """Return the bytes of several blobs in their order, without waiting for one to ask for the next.

        Raises as `read`, and `TooLargeError`.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise UserError(f"{self._folder}: git cat-file did not start")
        found: list[bytes | None] = []
        too_large = ""
        for first in range(0, len(identities), _ASKED_AT_ONCE):
            asked = identities[first : first + _ASKED_AT_ONCE]
            stdin.write("".join(f"{identity}\n" for identity in asked).encode())
            stdin.flush()
            for identity in asked:
                data, size = _answer(stdout)
                too_large = identity if size > MOST_BLOB_BYTES else too_large
                found.append(data)
        if too_large:
            raise TooLargeError(self._folder, too_large)
        if None in found:
            lacking = identities[found.index(None)]
            raise UserError(f"{self._folder}: the repository lacks object {lacking}; fetch it whole, not shallow")
        return [data for data in found if data is not None]

    def close(self) -> None:
        """End the program."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _answer(stdout: IO[bytes]) -> tuple[bytes | None, int]:
    """Read the next answer of ``git cat-file --batch``: a blob's bytes and its size.

    No bytes if the repository lacks the blob, or if it is larger than `MOST_BLOB_BYTES`; those are skipped.
    """
    about = stdout.readline().split()
    if len(about) != 3:
        return None, 0
    size = int(about[2])
    if size > MOST_BLOB_BYTES:
        left = size
        while left and (part := stdout.read(min(left, 1 << 20))):
            left -= len(part)
    data = stdout.read(size) if size <= MOST_BLOB_BYTES else None
    stdout.read(1)
    return data, size
