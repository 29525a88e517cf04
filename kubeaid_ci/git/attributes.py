"""Files that Git writes to disk in another form than committed, by ``.gitattributes`` files."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.git_dir import git_dir
from kubeaid_ci.git.process import git, reason
from kubeaid_ci.runtime.processes import Finished

FILE = ".gitattributes"
_NAMES = ("filter", "working-tree-encoding", "ident", "text", "eol")
_NOTHING = ("unspecified", "unset")


def rewritten(root: Path, paths: Sequence[str], *, commit: str | None) -> dict[str, str]:
    """Return those of the files that a checkout changes, with the attribute that does it.

    Of a commit its own attributes count, else those in the work tree.
    """
    if commit is None:
        return _asked(root, paths, ["check-attr"], {})
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        # A temporary index gives the attributes of a commit without a checkout.
        index = {"GIT_INDEX_FILE": f"{scratch}/index"}
        _must(root, ["read-tree", commit], index)
        return _asked(root, paths, ["check-attr", "--cached"], index)


def same_when_stored(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> frozenset[str]:
    """Return the files for whose bytes on disk Git would store the other bytes, by their path from `root`.

    `files` has the bytes on disk and the others by path. Git may write line ends, an encoding or ``$Id$`` to disk that
    are not committed. No filter driver runs, but a pointer of Git LFS represents the file that it names.
    """
    found = {path for path, (disk, other) in files.items() if disk == _pointer(other)}
    asked = [path for path, (disk, _) in files.items() if _may_be_converted(disk) and "\n" not in path]
    if not asked or git_dir(root) is None:
        return frozenset(found)
    listed = "".join(f"{path}\n" for path in asked).encode("utf-8", "surrogateescape")
    done = git(["hash-object", "--stdin-paths"], folder=root, stdin=listed, reads_files=True)
    ids = done.text.splitlines()
    if done.code or len(ids) != len(asked):
        return frozenset(found)
    return frozenset(
        found | {path for path, known in zip(asked, ids, strict=True) if known == _id(files[path][1], known)}
    )


def _may_be_converted(data: bytes) -> bool:
    """Return whether Git may have written the bytes otherwise than they are committed."""
    if b"\r" in data or b"\0" in data or b"$Id" in data:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _id(data: bytes, like: str) -> str:
    """Return the id of a blob, by the algorithm of another id."""
    digest = hashlib.sha256 if len(like) == 64 else partial(hashlib.sha1, usedforsecurity=False)
    return digest(b"blob %d\0%b" % (len(data), data)).hexdigest()


def _pointer(data: bytes) -> bytes:
    """Return what Git LFS commits instead of a file: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n".encode()


def _asked(root: Path, paths: Sequence[str], command: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    listed = "\0".join(paths).encode("utf-8", "surrogateescape")
    answer = _must(root, [*command, "-z", "--stdin", *_NAMES], env, stdin=listed)
    fields = answer.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    values: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        values.setdefault(path, {})[name] = value
    return {path: attribute for path, attributes in values.items() if (attribute := next(_changing(attributes), None))}


def _changing(values: Mapping[str, str]) -> Iterator[str]:
    """Yield the attributes that change a file on checkout; ``text`` by itself only changes what is committed."""
    for name in ("filter", "working-tree-encoding", "ident"):
        if values[name] not in _NOTHING:
            yield name if values[name] == "set" else f"{name}={values[name]}"
    if values["eol"] == "crlf" and values["text"] != "unset":
        yield "eol=crlf"


def _must(root: Path, arguments: Sequence[str], env: Mapping[str, str], *, stdin: bytes = b"") -> Finished:
    done = git(arguments, folder=root, env=env, stdin=stdin)
    if done.code:
        raise UserError(f"{root}: git {arguments[0]} failed: {reason(done)}")
    return done
