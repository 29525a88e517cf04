"""Texts in a temporary file, for output that is too large for memory."""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from kubeaid_ci.errors import UserError

_LENGTH = struct.Struct(">Q")


class Spool:
    """Texts in the order in which they were added. They can be read any number of times, until the spool is closed.

    The texts are compressed, because on many systems the temporary folder is in memory.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0, prefix="kubeaid-ci-")  # noqa: SIM115 - closed by `close`

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def add(self, text: str) -> None:
        """Append a text. Raises `UserError` if the temporary folder is full."""
        data = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        rest = memoryview(_LENGTH.pack(len(data)) + data)
        try:
            self._file.seek(0, 2)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            reason = error.strerror or error
            raise UserError(
                f"{tempfile.gettempdir()}: cannot be written: {reason}; set TMPDIR to a larger folder"
            ) from error

    def __iter__(self) -> Iterator[str]:
        place = 0
        while self._file.seek(place) is not None and (head := self._file.read(_LENGTH.size)):
            data = self._file.read(*_LENGTH.unpack(head))
            place = self._file.tell()
            yield zlib.decompress(data).decode("utf-8", "surrogatepass")
