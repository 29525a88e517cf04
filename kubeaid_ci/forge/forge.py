"""The kinds of forge, and where one is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote

Size = Callable[[str], int]
"""Measures a text in the unit of a forge's limit."""


def utf8_size(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def utf16_size(text: str) -> int:
    """Return how many code units a text has in UTF-16, in which an emoji counts as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class ForgeKind(StrEnum):
    """A family of forges with one API. Forgejo is of the Gitea family; ``none`` only takes a branch."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    NONE = "none"

    @classmethod
    def parse(cls, text: str) -> "ForgeKind | None":
        """Read a kind, where ``auto`` is nothing; raises `UserError` naming any other text."""
        if text == "auto":
            return None
        try:
            return cls({"forgejo": "gitea"}.get(text, text))
        except ValueError:
            raise UserError(f"not a forge: {text!r}; it is one of auto, github, gitlab, gitea, none") from None


@dataclass(frozen=True, slots=True)
class ForgeAddress:
    """The forge of a repository. `api` is the base of its API, without a slash at the end.

    `project` is the repository's path as the forge names it: ``owner/name`` or ``group/sub/name``.
    `web` is the address of its page.
    """

    kind: ForgeKind
    api: str
    remote: Remote
    project: str
    web: str
