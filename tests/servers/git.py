"""Bare repositories, and Git's own HTTP backend in front of them."""

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.servers.http import Reply, Request

# What the tests do with Git and what the server does is not to depend on the settings that a test makes.
NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
PERSON = {
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.com",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.com",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


def git(folder: Path, *arguments: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **NO_SETTINGS, **PERSON, **(env or {})},
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass
class BareRepo:
    """A bare repository with a main branch, and people who commit to it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, files: dict[str, str]) -> "BareRepo":
        folder.mkdir(parents=True)
        git(folder, "init", "--bare", "-q", "-b", "main", ".")
        git(folder, "config", "http.receivepack", "true")
        git(folder, "config", "uploadpack.allowFilter", "true")
        repo = cls(folder)
        repo.commit("main", files, "Begin")
        return repo

    def commit(
        self,
        branch: str,
        files: dict[str, str | None],
        subject: str,
        *,
        env: dict[str, str] | None = None,
        parents: tuple[str, ...] = (),
    ) -> str:
        """Put files on a branch as somebody would, with a work tree of their own."""
        head = self.head(branch)
        entries = {path: None if text is None else ("100644", self.blob(text.encode())) for path, text in files.items()}
        tree = self.tree(head, entries, env=env)
        above = [part for parent in (head, *parents) if parent for part in ("-p", parent)]
        sha = git(self.folder, "commit-tree", *above, "-m", subject, tree, env=env)
        git(self.folder, "update-ref", f"refs/heads/{branch}", sha)
        return sha

    def blob(self, data: bytes) -> str:
        return git(self.folder, "hash-object", "-w", "--stdin", stdin=data)

    def tree(
        self, base: str | None, entries: dict[str, tuple[str, str] | None], *, env: dict[str, str] | None = None
    ) -> str:
        """The tree of a commit or tree with other entries: a mode and an object name, or nothing."""
        place = self.folder / "index.tmp"
        index = {"GIT_INDEX_FILE": str(place), **(env or {})}
        git(self.folder, "read-tree", base or "--empty", env=index)
        gone = ("0", "0" * 40)
        lines = [f"{' '.join(entry or gone)}\t{path}\0" for path, entry in entries.items()]
        git(self.folder, "update-index", "-z", "--index-info", stdin="".join(lines).encode(), env=index)
        tree = git(self.folder, "write-tree", env=index)
        place.unlink()
        return tree

    def head(self, branch: str) -> str | None:
        return self.branches().get(branch)

    def branches(self) -> dict[str, str]:
        lines = git(self.folder, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in lines.splitlines())

    def show(self, branch: str, path: str) -> str:
        return git(self.folder, "show", f"{branch}:{path}")

    def files(self, branch: str) -> list[str]:
        return git(self.folder, "ls-tree", "-r", "-z", "--name-only", branch).split("\0")[:-1]

    def ahead(self, base: str, branch: str) -> int:
        return int(git(self.folder, "rev-list", "--count", f"{base}..{branch}"))

    def has(self, commit: str, branch: str) -> bool:
        """Whether a branch still has a commit in its history."""
        done = subprocess.run(
            ["git", "merge-base", "--is-ancestor", commit, branch],
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def hook(self, name: str, text: str) -> None:
        path = self.folder / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)


def login(request: Request) -> str | None:
    """The password of Basic authentication, which is the token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return None
    return base64.b64decode(value).decode().partition(":")[2]


def backend(root: Path, request: Request) -> Reply:
    """One request of Git, answered by ``git http-backend``."""
    env = {
        **os.environ,
        **NO_SETTINGS,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": request.path,
        "QUERY_STRING": urlencode(request.query, doseq=True),
        "REQUEST_METHOD": request.verb,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_USER": "git",
    }
    done = subprocess.run(["git", "http-backend"], env=env, input=request.body, capture_output=True, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    status = int(headers.pop("Status", "200 OK").split()[0])
    return Reply(status, body, headers)
