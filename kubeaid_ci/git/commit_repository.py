"""A bare repository of our own, in which commits are made and from which they are pushed.

The objects of a checkout are borrowed where there is one, so little is fetched; the checkout itself,
its index, its references and its settings are only read.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git import history, remote, trees
from kubeaid_ci.git.access import GitAccess, remote_git
from kubeaid_ci.git.commit import Commit, CommitStyle, Signing
from kubeaid_ci.git.process import checked, git, reason
from kubeaid_ci.git.remote import HEADS, Heads
from kubeaid_ci.git.tree import Action, File
from kubeaid_ci.git.trees import Changed
from kubeaid_ci.runtime.processes import Finished

_SEEN = "refs/seen/"
_ACTIONS = {b"A": Action.ADDED, b"D": Action.REMOVED}


class PushRefusedError(OutsideError):
    """The remote was reached and does not let us move a branch."""


@dataclass(frozen=True, slots=True)
class CommitRepository:
    """A bare repository bound to one remote. `shares_objects` is true if a whole checkout lends its objects."""

    folder: Path
    access: GitAccess
    shares_objects: bool = False
    checkout: Path | None = None

    def fetch_heads(self, *patterns: str, fetch: tuple[str, ...], known: Heads | None = None) -> Heads:
        """Look at the remote's branches of these names, and fetch what those of `fetch` have.

        A branch that is missing is left out; ``name/*`` looks at those below a name. What is `known` from
        a look a moment ago is not requested again. Raises `OutsideError` if the remote cannot be read.
        """
        for attempt in count(1):
            heads = known if known and attempt == 1 else remote.heads(self.access, *patterns)
            lacking = [name for name in fetch if name in heads.commits and not self._has(heads.commits[name])]
            if not lacking:
                return heads
            done = self._fetch(lacking)
            if done.code == 0:
                return Heads(heads.default, {**heads.commits, **self._fetched(lacking)})
            # A branch may have gone between the look and the fetch; the next fetch will show it.
            fault = remote.fault_of(self.access, writing=False)
            if not fault.may_pass or not self.access.retries.wait_and_retry(attempt):
                raise fault.error(self.access, f"git fetch ended with {done.code}: {reason(done)}")
        raise AssertionError("unreachable")

    def _fetch(self, branches: list[str]) -> Finished:
        specs = [f"+{HEADS}{name}:{_SEEN}{quote(name, safe='')}" for name in branches]
        filtered = [] if self.shares_objects else ["--filter=blob:none"]
        options = ["--quiet", "--no-tags", "--no-write-fetch-head", *filtered]
        return remote_git(["fetch", *options, "origin", *specs], self.access, folder=self.folder)

    def _fetched(self, branches: list[str]) -> dict[str, str]:
        return {name: self._say("rev-parse", f"{_SEEN}{quote(name, safe='')}") for name in branches}

    def _has(self, sha: str) -> bool:
        if self.shares_objects:
            return git(["cat-file", "-e", f"{sha}^{{commit}}"], folder=self.folder).code == 0
        return sha in self._say("for-each-ref", "--format=%(objectname)", _SEEN).split()

    def tree_of(self, commit: str) -> str:
        """Return the name of a commit's tree."""
        return self._say("rev-parse", f"{commit}^{{tree}}")

    def date_of(self, commit: str) -> int:
        """Return the committer's date, in seconds since 1970."""
        return int(self._say("log", "-1", "--no-show-signature", "--format=%ct", commit))

    def tree_with(self, commit: str, files: Mapping[str, bytes | File | None]) -> str:
        """Return the tree of a commit with these files put in, or taken out where their text is nothing.

        No file but these is touched, and no attribute or setting changes their bytes.
        """
        changed = self.changed(commit, files)
        if not changed:
            return self.tree_of(commit)
        stream = b"".join(trees.stream(commit, changed))
        done = git(["fast-import", "--quiet", "--force", "--done"], folder=self.folder, stdin=stream)
        checked(done, "cannot write the proposed files")
        return self.tree_of(trees.WANTED)

    def changed(self, commit: str, files: Mapping[str, bytes | File | None]) -> Changed:
        """Return those of the files that are not in the commit as proposed, each with its file mode."""
        if not files:
            return {}
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit).stdout.split(b"\0")
        return trees.differing(commit, filter(None, listed), files)

    def difference(self, old: str, new: str) -> bytes:
        """Return what differs between two trees or commits, as ``git diff-tree -r -z --raw`` gives it."""
        return self._run(*history.RAW, old, new).stdout

    def changed_paths(self, old: str, new: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits."""
        listed = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new).stdout.split(b"\0")
        return tuple(path.decode("utf-8", "surrogateescape") for path in listed if path)

    def changed_files(self, old: str, new: str) -> tuple[tuple[str, Action], ...]:
        """Return the files that differ between two trees or commits, in order of path."""
        listed = self._run("diff-tree", "-r", "-z", "--name-status", "--no-renames", old, new).stdout.split(b"\0")
        statuses, paths = listed[0:-1:2], listed[1::2]
        return tuple(
            (path.decode("utf-8", "surrogateescape"), _ACTIONS.get(status, Action.MODIFIED))
            for status, path in zip(statuses, paths, strict=True)
        )

    def patch(self, old: str, new: str) -> bytes:
        """Return what differs between two trees or commits, as ``git apply`` takes it."""
        options = ["-r", "-p", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv"]
        return self._run("diff-tree", *options, old, new).stdout

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that both have in their history, or nothing."""
        done = self._git("merge-base", one, other)
        return done.text if done.code == 0 else None

    def commits_since(self, base: str, head: str) -> tuple[Commit, ...]:
        """Return the commits that a branch has next to those of the base, newest first.

        Merges of the base that changed nothing on the way (a forge's "update branch") are left out, and so
        are commits that, by the trailers of our own commits, were on the base before it was rewritten.
        """
        return history.commits_since(self._git, base, head)

    def adds_nothing(self, branch: str, base: str) -> bool:
        """Return whether merging a branch would not change the base, which already has all of its changes."""
        return history.merged(self._git, base, branch) == self.tree_of(base)

    def is_signed(self, commit: str) -> bool:
        """Return whether a commit carries a signature, whether good or not."""
        head, _, _ = self._run("cat-file", "commit", commit).stdout.partition(b"\n\n")
        return any(line.startswith(b"gpgsig") for line in head.split(b"\n"))

    def commit(self, tree: str, parent: str, *, message: str, style: CommitStyle) -> str:
        """Make a commit and return its name. The same content by the same author is the same commit.

        Raises `UserError` if it cannot be signed.
        """
        date = f"{max(style.date or 0, self.date_of(parent))} +0000"
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        for role in ("AUTHOR", "COMMITTER"):
            env |= {f"GIT_{role}_NAME": style.author.name, f"GIT_{role}_EMAIL": style.author.email}
        signed = ["-S"] if style.signing else []
        arguments = ["commit-tree", *signed, "-p", parent, tree]
        settings = (("i18n.commitEncoding", "utf-8"), *_signing(style))
        data = message.encode()
        signs = style.signing is not None
        done = git(arguments, folder=self.folder, signing=signs, settings=settings, env=env, stdin=data)
        if done.code != 0 and style.signing:
            raise UserError(f"cannot sign the commit with {style.signing}: {reason(done)}")
        return checked(done, "cannot make the commit").text

    def push(self, branch: str, *, new: str | None, seen: str | None) -> bool:
        """Move a branch of the remote from `seen` to `new`; None means that the branch does not exist.

        Returns False if another run has moved it: then nothing was done. Raises `PushRefusedError` if the remote
        refuses it, `OutsideError` if it cannot be reached.
        """
        ref = f"{HEADS}{branch}"
        lease = f"--force-with-lease={ref}:{seen or ''}"
        arguments = ["push", "--porcelain", "--no-verify", "--no-thin", lease, "origin", f"{new or ''}:{ref}"]
        for attempt in count(1):
            done = remote_git(arguments, self.access, folder=self.folder)
            if done.code == 0:
                return True
            # For any answer of Git: the current position of the branch shows what happened.
            now = remote.remote_head(self.access, branch)
            if now == new:
                return True
            if now != seen:
                return False
            if _was_refused(done.text):
                raise PushRefusedError(self._refusal(branch, done))
            fault = remote.fault_of(self.access, writing=True)
            if not fault.may_pass or not self.access.retries.wait_and_retry(attempt):
                break
        raise fault.error(self.access, f"the push of {branch} did not go through: {reason(done)}")

    def _refusal(self, branch: str, done: Finished) -> str:
        return (
            f"{self.access.url}: refused the push of {branch}: {reason(done)}. Where a branch rule forbids it, let the "
            f"token's user create, force-push and delete {branch}: {self.access.rules}"
        )

    def ignored(self, paths: list[str]) -> set[str]:
        """Return those of the paths that the checkout's ignore files name and Git does not track."""
        if self.checkout is None or not paths:
            return set()
        listed = "\0".join(paths).encode("utf-8", "surrogateescape")
        done = git(["check-ignore", "-z", "--stdin"], folder=self.checkout, reads_files=True, stdin=listed)
        if done.code not in (0, 1):
            raise OutsideError(f"{self.checkout}: git check-ignore ended with {done.code}: {reason(done)}")
        return {path.decode("utf-8", "surrogateescape") for path in done.stdout.split(b"\0") if path}

    def _git(self, *arguments: str) -> Finished:
        if self.shares_objects:
            return git(arguments, folder=self.folder)
        # In our own partial clone Git fetches the files that a merge or a diff needs.
        return remote_git(arguments, self.access, folder=self.folder)

    def _run(self, *arguments: str) -> Finished:
        return checked(self._git(*arguments), f"git {arguments[0]}")

    def _say(self, *arguments: str) -> str:
        return self._run(*arguments).text


@contextmanager
def temporary_commit_repository(access: GitAccess, checkout: Path | None = None) -> Iterator[CommitRepository]:
    """A workshop for a remote, gone when the context ends. A checkout of it lends its objects."""
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        yield create_commit_repository(Path(folder) / "commits.git", access, checkout)


def create_commit_repository(
    folder: Path, access: GitAccess, checkout: Path | None = None, *, objects: Path | None = None
) -> CommitRepository:
    """Set a workshop up in a folder that does not exist yet; `objects` where it is known that a checkout has all."""
    objects = objects or (remote.objects_of(checkout) if checkout else None)
    checked(git(["init", "--bare", "--quiet", "--template=", str(folder)]), "cannot make a repository")
    checked(git(["config", "remote.origin.url", access.url], folder=folder), "cannot set it up")
    if objects:
        (folder / "objects" / "info").mkdir(exist_ok=True)
        (folder / "objects" / "info" / "alternates").write_text(f"{objects}\n")
    return CommitRepository(folder, access, objects is not None, checkout)


def _signing(style: CommitStyle) -> tuple[tuple[str, str], ...]:
    if style.signing is None:
        return ()
    kind = {Signing.SSH: "ssh", Signing.GPG: "openpgp"}[style.signing]
    key = (("user.signingKey", style.signing_key),) if style.signing_key else ()
    return (("gpg.format", kind), *key)


def _was_refused(porcelain: str) -> bool:
    """Return whether the remote answered the push and refused it: its line for the branch begins with ``!``."""
    return any(line.startswith("!\t") for line in porcelain.splitlines())
