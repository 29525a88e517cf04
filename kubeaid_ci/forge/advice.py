"""Permissions that each forge requires of a token, and the settings pages for tokens and branch rules."""

from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind
from kubeaid_ci.net.credentials import Token

_RULES = {
    ForgeKind.GITHUB: "/settings/rules",
    ForgeKind.GITLAB: "/-/settings/repository",
    ForgeKind.GITEA: "/settings/branches",
}


def needs(address: ForgeAddress, token: Token | None) -> str:
    """Return what a token for a repository needs, and where it is given; without a dot at the end."""
    given = f"The token from {token.source}" if token else "A token"
    root = address.web.removesuffix(f"/{address.project}")
    match address.kind:
        case ForgeKind.GITHUB if token and token.source == "GITHUB_TOKEN":
            return (
                "Give the job `permissions: contents: write, pull-requests: write`, and allow Actions to create pull "
                f"requests at {address.web}/settings/actions (an organisation may forbid it for all its repositories)"
            )
        case ForgeKind.GITHUB:
            return (
                f"{given} needs access to {address.project} with Contents: read and write and Pull requests: read and "
                f"write (a classic token: the scope repo), see {root}/settings/personal-access-tokens"
            )
        case ForgeKind.GITLAB:
            return (
                f"{given} must be a valid project, group or personal access token with the role Developer and the "
                f"scopes api and write_repository, see {address.web}/-/settings/access_tokens"
            )
        case ForgeKind.GITEA:
            return (
                f"{given} must be valid and have the scopes write:repository and write:issue, and its user must be "
                f"able to write here, see {root}/user/settings/applications"
            )
    return "Give a token that may read and write the repository"


def rules(address: ForgeAddress) -> str:
    """The page where it is set who may push to which branch."""
    return f"{address.web}{_RULES[address.kind]}" if address.kind in _RULES else "the settings of the remote"
