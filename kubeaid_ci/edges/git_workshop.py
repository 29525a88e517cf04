"""A bare repository of our own, in which commits are made and from which they are pushed.

The objects of a checkout are borrowed where there is one, so little is fetched; the checkout itself,
its index, its references and its settings are only read.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

from kubeaid_ci.edges import git_remote
from kubeaid_ci.edges.git_access import GitAccess, checked, git, said
from kubeaid_ci.edges.git_remote import HEADS, Heads
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.model.commit import Commit, CommitStyle, Signing
from kubeaid_ci.plan import commits
from kubeaid_ci.processes import Finished

_SEEN = "refs/seen/"
_WANTED = "refs/wanted"
_RAW = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id"]
_FIELDS = f"%H%x00%P%x00%T%x00%ct%x00%cn%x00%s%x00%(trailers:key={commits.TRAILER},valueonly,separator=%x20)"
_GIT_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Workshop:
    """A bare repository bound to one remote. `borrows` says that a whole checkout lends its objects."""

    folder: Path
    access: GitAccess
    borrows: bool = False
    checkout: Path | None = None

    def see(self, *patterns: str, fetch: tuple[str, ...]) -> Heads:
        """Look at the remote's branches of these names, and fetch what those of `fetch` have.

        A branch that is missing is left out; ``name/*`` looks at those below a name. Raises
        `OutsideError` where the remote cannot be read.
        """
        for attempt in count(1):
            heads = git_remote.heads(self.access, *patterns)
            lacking = [name for name in fetch if name in heads.commits and not self._has(heads.commits[name])]
            if not lacking:
                return heads
            done = self._fetch(lacking)
            if done.code == 0:
                return Heads(heads.default, {**heads.commits, **self._fetched(lacking)})
            # A branch may have gone between the look and the fetch; the next look will tell.
            if not git_remote.may_pass(self.access, writing=False) or not self.access.patience.again(attempt):
                raise OutsideError(f"{self.access.url}: git fetch ended with {done.code}: {said(done)}")
        raise AssertionError("unreachable")

    def _fetch(self, branches: list[str]) -> Finished:
        specs = [f"+{HEADS}{name}:{_SEEN}{quote(name, safe='')}" for name in branches]
        filtered = [] if self.borrows else ["--filter=blob:none"]
        options = ["--quiet", "--no-tags", "--no-write-fetch-head", *filtered]
        return git(["fetch", *options, "origin", *specs], folder=self.folder, access=self.access)

    def _fetched(self, branches: list[str]) -> dict[str, str]:
        return {name: self._say("rev-parse", f"{_SEEN}{quote(name, safe='')}") for name in branches}

    def _has(self, sha: str) -> bool:
        if self.borrows:
            return git(["cat-file", "-e", f"{sha}^{{commit}}"], folder=self.folder).code == 0
        return sha in self._say("for-each-ref", "--format=%(objectname)", _SEEN).split()

    def tree_of(self, commit: str) -> str:
        """The name of a commit's tree."""
        return self._say("rev-parse", f"{commit}^{{tree}}")

    def date_of(self, commit: str) -> int:
        """The committer's date, in seconds since 1970."""
        return int(self._say("log", "-1", "--no-show-signature", "--format=%ct", commit))

    def tree_with(self, commit: str, files: Mapping[str, bytes | None]) -> str:
        """The tree of a commit with these files put in, or taken out where their text is nothing.

        No file but these is touched, and no attribute or setting changes their bytes.
        """
        stream = b"".join(_import(commit, self.changed(commit, files)))
        if not stream:
            return self.tree_of(commit)
        done = git(["fast-import", "--quiet", "--force", "--done"], folder=self.folder, stdin=stream)
        checked(done, "cannot write the proposed files")
        return self.tree_of(_WANTED)

    def changed(self, commit: str, files: Mapping[str, bytes | None]) -> dict[str, tuple[str, bytes | None]]:
        """Those of the files that are not in the commit as proposed, each with its file mode."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit).stdout.split(b"\0")
        present = dict(_entry(line) for line in listed if line)
        changed = {}
        for path, data in sorted(files.items()):
            mode, name = present.get(path, ("", ""))
            if (data is None and name) or (data is not None and name != _blob_name(data, len(commit))):
                changed[path] = (mode if mode in _GIT_MODES else _GIT_MODES[0], data)
        return changed

    def difference(self, old: str, new: str) -> bytes:
        """What differs between two trees or commits, as ``git diff-tree -r -z --raw`` gives it."""
        return self._run(*_RAW, old, new).stdout

    def patch(self, old: str, new: str) -> bytes:
        """What differs between two trees or commits, as ``git apply`` takes it."""
        options = ["-r", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"]
        return self._run("diff-tree", *options, old, new).stdout

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both have in their history, or nothing."""
        done = git(["merge-base", one, other], folder=self.folder, access=self.access)
        return done.text if done.code == 0 else None

    def commits_since(self, base: str, head: str) -> tuple[Commit, ...]:
        """The commits that a branch has beside those of the base, newest first.

        Merges of the base that changed nothing on the way (a forge's "update branch") are left out.
        """
        options = ["-z", "--no-show-signature", "--no-mailmap", f"--format={_FIELDS}"]
        output = self._run("log", *options, head, f"^{base}").stdout.decode("utf-8", "replace")
        fields = output.removesuffix("\0").split("\0")
        rows = [fields[start : start + 7] for start in range(0, len(fields) - 6, 7)]
        own = {row[0] for row in rows}
        return tuple(self._commit(row) for row in rows if not self._is_plain_merge(row, own))

    def _commit(self, row: list[str]) -> Commit:
        sha, parents, tree, date, committer, subject, trailers = row
        claim = commits.claim_of(trailers)
        single = claim is not None and len(parents.split()) < 2
        raw = self._run(*_RAW, "--root", sha).stdout if single else None
        found = None if raw is None else commits.checksum(subject, raw)
        return Commit(sha, tuple(parents.split()), tree, int(date), committer, subject, claim, found)

    def _is_plain_merge(self, row: list[str], own: set[str]) -> bool:
        parents = row[1].split()
        if len(parents) != 2 or own.issuperset(parents):
            return False
        # Git before 2.38 does not know this, fails, and the merge counts as somebody's commit.
        done = git(["merge-tree", "--write-tree", *parents], folder=self.folder, access=self.access)
        return done.code == 0 and done.text.partition("\n")[0] == row[2]

    def commit(self, tree: str, parent: str, *, message: str, style: CommitStyle) -> str:
        """Make a commit and return its name. The same content by the same author is the same commit.

        Raises `UserError` where it cannot be signed.
        """
        date = f"{max(style.date or 0, self.date_of(parent))} +0000"
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        for role in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{role}_NAME": style.author.name, f"GIT_{role}_EMAIL": style.author.email}
        signed = ["-S"] if style.signing else []
        arguments = ["commit-tree", *signed, "-p", parent, tree]
        settings = (("i18n.commitEncoding", "utf-8"), *_signing(style))
        done = git(arguments, folder=self.folder, settings=settings, env=env, stdin=message.encode())
        if done.code != 0 and style.signing:
            raise UserError(f"cannot sign the commit with {style.signing}: {said(done)}")
        return checked(done, "cannot make the commit").text

    def push(self, branch: str, *, new: str | None, seen: str | None) -> bool:
        """Move a branch of the remote from `seen` to `new`; nothing stands for "no such branch".

        False where somebody else has moved it meanwhile: then nothing was done. Raises `OutsideError`
        where the remote refuses it or cannot be reached.
        """
        ref = f"{HEADS}{branch}"
        lease = f"--force-with-lease={ref}:{seen or ''}"
        arguments = ["push", "--porcelain", "--no-verify", "--no-thin", lease, "origin", f"{new or ''}:{ref}"]
        for attempt in count(1):
            done = git(arguments, folder=self.folder, access=self.access)
            if done.code == 0:
                return True
            # Whatever Git said: where the branch is now tells what happened.
            now = git_remote.remote_head(self.access, branch)
            if now == new:
                return True
            if now != seen:
                return False
            if _was_refused(done.text) or not git_remote.may_pass(self.access, writing=True):
                break
            if not self.access.patience.again(attempt):
                break
        raise OutsideError(f"{self.access.url}: the push of {branch} did not go through: {said(done)}")

    def ignored(self, paths: list[str]) -> set[str]:
        """Those of the paths that the checkout's ignore files name and Git does not track."""
        if self.checkout is None or not paths:
            return set()
        listed = "\0".join(paths).encode("utf-8", "surrogateescape")
        done = git(["check-ignore", "-z", "--stdin"], folder=self.checkout, stdin=listed)
        if done.code not in (0, 1):
            raise OutsideError(f"{self.checkout}: git check-ignore ended with {done.code}: {said(done)}")
        return {path.decode("utf-8", "surrogateescape") for path in done.stdout.split(b"\0") if path}

    def _run(self, *arguments: str) -> Finished:
        done = git(list(arguments), folder=self.folder, access=self.access)
        return checked(done, f"git {arguments[0]}")

    def _say(self, *arguments: str) -> str:
        return self._run(*arguments).text


@contextmanager
def workshop(access: GitAccess, checkout: Path | None = None) -> Iterator[Workshop]:
    """A workshop for a remote, gone when the context ends. A checkout of it lends its objects."""
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        yield open_workshop(Path(folder) / "workshop.git", access, checkout)


def open_workshop(folder: Path, access: GitAccess, checkout: Path | None = None) -> Workshop:
    """Set a workshop up in a folder that does not exist yet."""
    lender = _lender(checkout) if checkout else None
    checked(git(["init", "--bare", "--quiet", "--template=", str(folder)]), "cannot make a repository")
    checked(git(["config", "remote.origin.url", access.url], folder=folder), "cannot set it up")
    if lender:
        (folder / "objects" / "info").mkdir(exist_ok=True)
        (folder / "objects" / "info" / "alternates").write_text(f"{lender}\n")
    return Workshop(folder, access, lender is not None, checkout)


def _lender(checkout: Path) -> Path | None:
    """The folder of a checkout's objects, or nothing where it has not all of them."""
    asked = ["rev-parse", "--is-shallow-repository", "--git-path", "objects"]
    shallow, objects = checked(git(asked, folder=checkout), f"{checkout}").text.splitlines()
    partial = git(["config", "--get-regexp", r"^remote\..*\.promisor$"], folder=checkout).code == 0
    return None if shallow == "true" or partial else (checkout / objects).resolve()


def _signing(style: CommitStyle) -> tuple[tuple[str, str], ...]:
    if style.signing is None:
        return ()
    kind = {Signing.SSH: "ssh", Signing.GPG: "openpgp"}[style.signing]
    key = (("user.signingKey", style.signing_key),) if style.signing_key else ()
    return (("gpg.format", kind), *key)


def _was_refused(porcelain: str) -> bool:
    """Whether the remote answered the push and refused it: its line for the branch begins with ``!``."""
    return any(line.startswith("!\t") for line in porcelain.splitlines())


def _entry(line: bytes) -> tuple[str, tuple[str, str]]:
    """One line of ``git ls-tree``: the path, and its mode and object name."""
    left, _, path = line.partition(b"\t")
    mode, _, name = left.decode().split(" ")
    return path.decode("utf-8", "surrogateescape"), (mode, name)


def _blob_name(data: bytes, digits: int) -> str:
    """The name of a file's object, in a repository whose names have 40 or 64 digits."""
    algorithm = hashlib.sha1 if digits == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _import(commit: str, changed: Mapping[str, tuple[str, bytes | None]]) -> Iterator[bytes]:
    """A stream for ``git fast-import`` that puts the changed files onto a commit; empty where there are none."""
    if not changed:
        return
    yield b"commit %s\ncommitter x <x> 0 +0000\ndata 0\nfrom %s\n" % (_WANTED.encode(), commit.encode())
    for path, (mode, data) in changed.items():
        name = _quoted(path)
        if data is None:
            yield b"D %s\n" % name
        else:
            yield b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), name, len(data), data)
    yield b"\ndone\n"


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it: in quotes, with the letters that would end them escaped."""
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
