"""The kinds of forge, the address of a repository's forge, and what it requires of a token."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kubeaid_ci.errors import UserError
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Token

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


_BRANCH_RULES = {
    ForgeKind.GITHUB: "/settings/rules",
    ForgeKind.GITLAB: "/-/settings/repository",
    ForgeKind.GITEA: "/settings/branches",
}


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


def token_advice(address: ForgeAddress, token: Token | None) -> str:
    """Return what a token for a repository needs, and where it is set; without a dot at the end."""
    which = f"The token from {token.source}" if token else "A token"
    root = address.web.removesuffix(f"/{address.project}")
    match address.kind:
        case ForgeKind.GITHUB if token and token.source == "GITHUB_TOKEN":
            return (
                "Give the job `permissions: contents: write, pull-requests: write`, and allow Actions to create pull "
                f"requests at {address.web}/settings/actions (an organisation may forbid it for all its repositories)"
            )
        case ForgeKind.GITHUB:
            return (
                f"{which} needs access to {address.project} with Contents: read and write and Pull requests: read and "
                f"write (a classic token: the scope repo), see {root}/settings/personal-access-tokens"
            )
        case ForgeKind.GITLAB:
            return (
                f"{which} must be a valid project, group or personal access token with the role Developer and the "
                f"scopes api and write_repository, see {address.web}/-/settings/access_tokens"
            )
        case ForgeKind.GITEA:
            return (
                f"{which} must be valid and have the scopes write:repository and write:issue, and its user must be "
                f"able to write here, see {root}/user/settings/applications"
            )
    return "Give a token that may read and write the repository"


def branch_rules_page(address: ForgeAddress) -> str:
    """Return the page where it is set who may push to which branch."""
    page = _BRANCH_RULES.get(address.kind)
    return f"{address.web}{page}" if page else "the settings of the remote"
