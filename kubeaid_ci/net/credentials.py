"""Secrets that no message, log or traceback may show."""

import base64
from dataclasses import dataclass, field
from urllib.parse import quote

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Token:
    """A secret and the name of the place it came from. Printing it shows only the place."""

    secret: str = field(repr=False)
    source: str
    user: str = "x-access-token"
    """The user name that goes with the secret in Basic authentication."""

    def __str__(self) -> str:
        return f"{HIDDEN} (from {self.source})"

    @property
    def basic(self) -> str:
        """The value of a Basic ``Authorization`` header, without the word ``Basic``."""
        return base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()

    def redact(self, text: str) -> str:
        """The text with the secret hidden in every form that it travels in."""
        for form in sorted({self.secret, self.basic, quote(self.secret, safe="")}, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return text


@dataclass(frozen=True, slots=True)
class Access:
    """The permissions of a token for a repository; empty if the forge does not report them."""

    repository: str
    read: bool
    push: bool | None
    change_requests: bool | None
    detail: str
    """One sentence: who the token belongs to or what it lacks, and where that is set."""


@dataclass(frozen=True, slots=True)
class TokenVariable:
    """An environment variable that may hold a token and is set; its value is nowhere in here.

    `api` and `git` describe what it is used for at one remote, `unused` why it is used for neither.
    """

    name: str
    api: bool
    git: bool
    unused: str
    malformed: bool
    """It holds what no token has, such as a line break."""
