"""The kinds of forge, and where one is."""

from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.errors import UserError
from kubeaid_ci.model.remote import Remote


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
    """Which forge a repository lives on. `api` is the base of its API, without a slash at the end.

    `project` is the repository's path as the forge names it: ``owner/name`` or ``group/sub/name``.
    `web` is the address of its page.
    """

    kind: ForgeKind
    api: str
    remote: Remote
    project: str
    web: str
