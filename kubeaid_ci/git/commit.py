"""Commits as the publisher reads and makes them.

Each commit that the publisher makes has a trailer with a checksum of its subject and of exactly what it changes. If the
commit is amended, extended or reworded, the checksum no longer matches, and the commit counts as somebody else's. A
rebase without changes keeps it ours. A second trailer names the commit of the base branch below it: if that branch is
rewritten, its former commits do not count as somebody's work on our branch.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kubeaid_ci.errors import UserError

TRAILER = "Kubeaid-Ci"
BASE_TRAILER = "Kubeaid-Ci-Base"
_MANAGED = "managed "
_IDENTITY = re.compile(r"\s*(?P<name>[^<>\n\0]*[^<>\s\0])\s*<(?P<email>[^<>\s\0]+)>\s*")


@dataclass(frozen=True, slots=True)
class Identity:
    """The author of a commit."""

    name: str
    email: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``Name <mail>``; raises `UserError` naming the text if it is not one."""
        match = _IDENTITY.fullmatch(text)
        if match is None:
            raise UserError(f'not an author: {text!r}; write it as "Name <name@example.com>"')
        return cls(match["name"], match["email"])

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Signing(StrEnum):
    """The method of signing commits."""

    SSH = "ssh"
    GPG = "gpg"


@dataclass(frozen=True, slots=True)
class CommitStyle:
    """Options for the publisher's commits.

    `date` is in seconds since 1970; nothing means the date of the base. `signing_key` is a key id, a
    public key or the path of one; nothing means the one that Git is set up with.
    """

    author: Identity
    date: int | None = None
    sign_off: bool = False
    signing: Signing | None = None
    signing_key: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit. `date` is the committer's, in seconds since 1970.

    `claim` is the checksum in the trailer that the publisher writes, or nothing; `checksum` is what it
    must be for the commit to be as the publisher made it. `base` is the commit of the base branch that the
    publisher put it on, if a trailer names it.
    """

    sha: str
    parents: tuple[str, ...]
    tree: str
    date: int
    committer: str
    subject: str
    claim: str | None = None
    checksum: str | None = None
    base: str | None = None

    @property
    def is_ours(self) -> bool:
        """Return whether the publisher made the commit and it was not changed since."""
        return self.claim is not None and self.claim == self.checksum


def commit_checksum(subject: str, raw_difference: bytes) -> str:
    """Return 40 hex digits. `raw_difference` is what ``git diff-tree -r -z --raw --no-abbrev`` prints."""
    return hashlib.sha256(subject.encode() + b"\0" + raw_difference).hexdigest()[:40]


def claim_of(trailers: str) -> str | None:
    """Return the checksum that a commit's trailers claim, or None for a commit without one.

    Anything else than exactly one trailer claims the empty text, which is never right.
    """
    if not trailers.strip():
        return None
    digits = trailers.strip().removeprefix(_MANAGED)
    return digits if len(digits) == 40 and digits.isalnum() else ""


def commit_subject(title: str) -> str:
    """Return a title as the first line of a commit message."""
    return " ".join(title.split()) or "Update"


def commit_message(title: str, raw_difference: bytes, style: CommitStyle, *, base: str) -> str:
    """Return the whole commit message; `base` is the commit that the base branch ends with."""
    first = commit_subject(title)
    lines = [first, "", f"{TRAILER}: {_MANAGED}{commit_checksum(first, raw_difference)}", f"{BASE_TRAILER}: {base}"]
    if style.sign_off:
        lines.append(f"Signed-off-by: {style.author}")
    return "\n".join(lines) + "\n"
