"""Files that Git writes to disk otherwise than they are committed, as ``.gitattributes`` files say."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kubeaid_ci.edges.git_process import git, reason
from kubeaid_ci.errors import UserError
from kubeaid_ci.processes import Finished

FILE = ".gitattributes"
_NAMES = ("filter", "working-tree-encoding", "ident", "text", "eol")
_NOTHING = ("unspecified", "unset")


def rewritten(root: Path, paths: Sequence[str], *, commit: str | None) -> dict[str, str]:
    """Those of the files that a checkout changes, with the attribute that does it.

    Of a commit its own attributes count, else those in the work tree.
    """
    if commit is None:
        return _asked(root, paths, ["check-attr"], {})
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        # An index of our own is how attributes of a commit are asked for without a checkout of it.
        index = {"GIT_INDEX_FILE": f"{scratch}/index"}
        _must(root, ["read-tree", commit], index)
        return _asked(root, paths, ["check-attr", "--cached"], index)


def _asked(root: Path, paths: Sequence[str], command: Sequence[str], env: Mapping[str, str]) -> dict[str, str]:
    listed = "\0".join(paths).encode("utf-8", "surrogateescape")
    answer = _must(root, [*command, "-z", "--stdin", *_NAMES], env, stdin=listed)
    fields = answer.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    values: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        values.setdefault(path, {})[name] = value
    return {path: attribute for path, said in values.items() if (attribute := next(_changing(said), None))}


def _changing(values: Mapping[str, str]) -> Iterator[str]:
    """The attributes that change a file on checkout; ``text`` alone only changes what is committed."""
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
