"""Reads local Git repositories through the git program, and makes commits in those of our own.

Not through GitPython: the program starts in 3 ms, to import GitPython takes 65 ms, and `transfer` has more reasons.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from kubeaid_ci.errors import UserError
from kubeaid_ci.git import target_revision
from kubeaid_ci.git.git_dir import GitDir, git_dir
from kubeaid_ci.git.process import git, open_failure, reason
from kubeaid_ci.git.tree import Entry
from kubeaid_ci.net.address import Remote
from kubeaid_ci.runtime.processes import Finished
from kubeaid_ci.semver.version import is_like_version

_ID = re.compile("[0-9A-Fa-f]{40}")
_SHORT_ID = re.compile("[0-9A-Fa-f]{7,}")
_IDENTITY = {
    "GIT_AUTHOR_NAME": "kubeaid-ci",
    "GIT_AUTHOR_EMAIL": "kubeaid-ci@example.com",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "kubeaid-ci",
    "GIT_COMMITTER_EMAIL": "kubeaid-ci@example.com",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}


@dataclass(frozen=True, slots=True)
class Repository:
    """A Git repository on this machine, with or without a work tree."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Self | None:
        """Return the repository whose top is `folder`, or None if the folder is not the top of one.

        Raises `UserError` with Git's reason if Git refuses to open it, such as for its owner.
        """
        found = git_dir(folder)
        if found is None:
            return None
        if why := _open_failure(found):
            raise UserError(f"{folder}: Git refuses to open this repository: {why}")
        return cls(folder)

    @classmethod
    def create(cls, folder: Path, *, bare: bool = False) -> Self:
        """Make a new repository with the branch main."""
        arguments = ["init", "--quiet", "--template=", "--initial-branch=main", *(["--bare"] if bare else [])]
        done = git([*arguments, str(folder.absolute())])
        if done.code:
            raise UserError(f"{folder}: git init failed: {reason(done)}")
        return cls(folder)

    def commit_all(self, message: str, *, tag: str | None = None) -> str:
        """Commit every file of a repository that we made ourselves; always the same id for the same files."""
        self._must("add", "--all")
        self._must("commit", "--quiet", "--allow-empty", "--no-gpg-sign", f"--message={message}")
        if tag:
            self._must("tag", tag)
        return self._must("rev-parse", "HEAD").text

    def push_to(self, remote: Path) -> None:
        """Push the branch main to a repository on this machine, which becomes ``origin``."""
        if self.address() is None:
            self.add_remote(str(remote))
        done = git(["push", "--quiet", "origin", "main"], folder=self.folder, network=True)
        if done.code:
            raise UserError(f"{self.folder}: git push failed: {reason(done)}")

    def add_remote(self, address: str) -> None:
        """Name the address of ``origin``; nothing is fetched."""
        self._must("remote", "add", "origin", address)

    def commit(self, revision: str) -> str | None:
        """Return the id of the commit that a tag, branch or id names; branches of ``origin`` count too."""
        for name in (revision, f"refs/remotes/origin/{revision}"):
            found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}")
            if not found.code:
                return found.text
        return None

    def is_branch(self, name: str) -> bool:
        """Return whether a ``targetRevision`` names a branch, here or of ``origin``."""
        branch = name.removeprefix("refs/heads/")
        names = [f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"]
        return bool(self._git("for-each-ref", "--format=%(refname)", *names).text)

    def target_name(self, revision: str, tag_prefix: str = "") -> str:
        """Return the name that a ``targetRevision`` represents: the newest tag of a range, else what is written."""
        wanted = target_revision.range_of(revision)
        if wanted:
            return target_revision.newest_tag(wanted, self.tags(), tag_prefix) or revision
        return tag_prefix + revision if is_like_version(revision) else revision

    def target(self, revision: str, tag_prefix: str = "") -> str | None:
        """Return the id of the commit that a ``targetRevision`` names, as Argo CD resolves it; None if missing.

        A range of versions is its newest tag. A name is a branch first, then a tag; branches of ``origin`` count. Only
        names and ids count, not Git's expressions such as ``HEAD~1``. The rules are those of `lsRemote` in util/git.
        """
        revision = self.target_name(revision, tag_prefix)
        if _ID.fullmatch(revision):
            return self.commit(revision)
        names = _full_names(revision)
        if not names:
            return None
        form = "%(refname) %(objecttype) %(objectname) %(*objecttype) %(*objectname)"
        found = dict(
            line.split(" ", 1) for line in self._git("for-each-ref", f"--format={form}", *names).text.splitlines()
        )
        name = next((name for name in names if name in found), None)
        if name is None:
            return self.commit(revision) if _SHORT_ID.fullmatch(revision) else None
        kind, identity, tagged_kind, tagged = found[name].split(" ")
        if "commit" not in (kind, tagged_kind):  # a tag of a tag
            return self.commit(name)
        return identity if kind == "commit" else tagged

    def ambiguous_refs(self, revision: str) -> tuple[str, ...]:
        """Return the tag of a name and the branches of it, by their whole names; empty if there are not both.

        Git silently prefers the tag, and anyone who may push can create a tag named ``origin/main``.
        """
        names = [f"{kind}/{revision}" for kind in ("refs/tags", "refs/heads", "refs/remotes", "refs/remotes/origin")]
        found = self._git("for-each-ref", "--format=%(refname)", *names).text.splitlines()
        return tuple(name for name in names if name in found) if names[0] in found else ()

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the newest common commit of two commits; None if it does not exist, or it was not fetched."""
        found = self._git("merge-base", one, other)
        return None if found.code else found.text

    def tree(self, commit: str, path: str) -> str | None:
        """Return the id of a folder's tree in a commit; None if the folder does not exist."""
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}:{path}")
        return None if found.code else found.text

    def default_branch(self) -> str:
        """Return the commit of the default branch: what ``origin/HEAD`` names, else main or master, else HEAD."""
        # A bare mirror keeps its remote's choice as its own HEAD.
        bare = self.is_bare()
        names = ("refs/remotes/origin/HEAD", "origin/main", "origin/master", "main", "master", "HEAD")
        for name in ("HEAD",) if bare else names:
            if commit := self.commit(name):
                return commit
        raise UserError(f"{self.folder}: the repository has no commit yet")

    def default_branch_name(self) -> str | None:
        """Return the name of the branch that ``origin/HEAD`` names; None if the clone does not know it."""
        found = self._git("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        return None if found.code else found.text.removeprefix("refs/remotes/origin/")

    def current_branch(self) -> str | None:
        """Return the name of the branch that is checked out; None if HEAD is detached."""
        found = self._git("symbolic-ref", "--quiet", "HEAD")
        return None if found.code else found.text.removeprefix("refs/heads/")

    def branches_with(self, revision: str) -> list[str]:
        """Return the names of the branches, those of ``origin`` too, that hold the commit of a revision."""
        commit = self.commit(revision)
        if commit is None:
            return []
        places = ("refs/heads", "refs/remotes/origin")
        found = self._git("for-each-ref", "--format=%(refname)", f"--contains={commit}", *places).text.splitlines()
        return sorted({name.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/") for name in found})

    def branch_named(self, revision: str) -> str | None:
        """Return the name of the branch that a revision is the name of, as in ``origin/main``; None for others."""
        for start in ("refs/heads/", "refs/remotes/origin/", "origin/", ""):
            name = revision.removeprefix(start)
            refs = (f"refs/heads/{name}", f"refs/remotes/origin/{name}")
            if (not start or name != revision) and self._git("for-each-ref", "--format=%(refname)", *refs).text:
                return name
        return None

    def uses_sha256(self) -> bool:
        """Return whether the repository is of the format with ids of 64 digits."""
        return self._git("rev-parse", "--show-object-format").text == "sha256"

    def describe(self, revision: str = "HEAD") -> str | None:
        """Return the nearest tag of a revision: ``31.1.1`` or ``31.1.1-4-g5f50b3d``; its id if there is no tag."""
        found = self._git("describe", "--tags", "--always", "--abbrev=8", revision)
        return None if found.code else found.text

    def is_dirty(self, path: str) -> bool:
        """Return whether the work tree has changes below a path that are not committed, new files among them."""
        found = self._git("status", "--porcelain", "--no-renames", "--ignore-submodules=all", "--", path)
        return bool(found.text) or found.code != 0

    def tags(self) -> list[str]:
        """Return the names of all tags."""
        return self._must("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").stdout.decode().split()

    def is_bare(self) -> bool:
        """Return whether it has no work tree."""
        return self._git("rev-parse", "--is-bare-repository").text == "true"

    def is_shallow(self) -> bool:
        """Return whether older commits were left out when it was cloned."""
        return self._git("rev-parse", "--is-shallow-repository").text == "true"

    def address(self, name: str = "origin") -> str | None:
        """Return the address of a remote as it is set up, perhaps with credentials in it."""
        found = self._git("config", "--get", f"remote.{name}.url")
        return None if found.code or not found.text else found.text

    def push_address(self, name: str = "origin") -> str | None:
        """Return the address that Git pushes to: ``pushurl`` counts, and the user's ``insteadOf`` settings.

        A path is absolute.
        """
        done = git(["remote", "get-url", "--push", name], folder=self.folder, network=True)
        if done.code or not done.text:
            return None
        return str(self.folder.absolute() / done.text) if done.text.startswith((".", "/")) else done.text

    def remote(self, name: str = "origin") -> Remote | None:
        """Return the address of a remote."""
        address = self.address(name)
        return None if address is None else Remote.parse(address)

    def diffs(self, paths: Sequence[str]) -> dict[str, str]:
        """Return unified diffs from HEAD to the work tree, by path.

        Only for our own clones: new files are noted in the index.
        """
        named = "\0".join(paths).encode("utf-8", "surrogateescape")
        from_stdin = ["--pathspec-from-file=-", "--pathspec-file-nul"]
        self._must("--literal-pathspecs", "add", "--intent-to-add", *from_stdin, stdin=named)
        plain = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--src-prefix=a/", "--dst-prefix=b/"]
        # Names in a patch are quoted in several ways, and ambiguous with spaces; this list has the same files in order.
        listed = self._must("diff", *plain, "--name-only", "-z", "HEAD").stdout.split(b"\0")[:-1]
        patch = self._must("diff", *plain, "HEAD").stdout.decode("utf-8", "replace")
        parts = re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1:]
        names = [name.decode("utf-8", "surrogateescape") for name in listed]
        return {name: part.partition("\n")[2] for name, part in zip(names, parts, strict=True)}

    def last_change(self, path: str) -> str | None:
        """Return the newest commit of HEAD that changed something below a path; None if it does not exist."""
        found = self._git("log", "-1", "--format=%H", "HEAD", "--", path)
        return None if found.code or not found.text else found.text

    def date(self, revision: str) -> int | None:
        """Return the committer's date of a revision, in seconds since 1970; None if there is no such revision."""
        commit = self.commit(revision)
        found = self._git("log", "-1", "--no-show-signature", "--format=%ct", commit) if commit else None
        return int(found.text) if found and not found.code else None

    def show(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of a file in a commit; None if it does not exist."""
        found = self._git("cat-file", "blob", f"{commit}:{path}")
        return None if found.code else found.stdout

    def removed_since(self, commit: str, *patterns: str) -> tuple[str, ...]:
        """Return the files of a commit that match pathspecs and are neither in the index nor on disk."""
        options = ["--cached", "--name-only", "-z", "--diff-filter=D", "--no-renames", "--no-ext-diff"]
        listed = self._git("diff-index", *options, commit, "--", *patterns)
        if listed.code:
            raise UserError(f"{self.folder}: cannot compare with {commit[:12]}: {listed.stderr.strip()}")
        names = listed.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
        return tuple(name for name in names if not os.path.lexists(self.folder / name))

    def files(self, commit: str, *folders: str) -> dict[str, Entry]:
        """Return every file below some folders of a commit (none: all of it), by its path from the top."""
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *filter(None, folders))
        if listed.code:
            raise UserError(f"{self.folder}: cannot list {commit[:12]}: {listed.stderr.strip()}")
        entries = {}
        for line in listed.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            about, _, path = line.partition("\t")
            mode, _, identity = about.split(" ")
            entries[path] = Entry(mode, identity)
        return entries

    def _must(self, *arguments: str, stdin: bytes = b"") -> Finished:
        done = git(arguments, folder=self.folder, reads_files=True, env=_IDENTITY, stdin=stdin)
        if done.code:
            raise UserError(f"{self.folder}: git {arguments[0]} failed: {reason(done)}")
        return done

    def _git(self, *arguments: str) -> Finished:
        return git(arguments, folder=self.folder)


def _full_names(revision: str) -> list[str]:
    """Return the full names of the refs that a name may mean, the first that exists counts."""
    if revision.startswith("refs/remotes/"):  # refs of this clone
        return []
    branch = revision.removeprefix("refs/heads/")
    if revision.startswith("refs/") and branch == revision:
        return [revision]
    names = [f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"]
    return names if branch != revision else [*names, f"refs/tags/{branch}"]


@lru_cache
def _open_failure(repository: GitDir) -> str | None:
    return open_failure(repository)
