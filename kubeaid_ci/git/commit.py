"""Commits as the publisher sees and makes them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kubeaid_ci.errors import UserError

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
        """True if the publisher made the commit and it was not changed since."""
        return self.claim is not None and self.claim == self.checksum
