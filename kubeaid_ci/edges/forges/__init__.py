"""Forges: which one a repository lives on, and how to reach it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci.edges.environment import Environ, token_variables
from kubeaid_ci.edges.forges import gitea, gitea_requests, github, github_requests, gitlab, gitlab_requests
from kubeaid_ci.edges.forges.interface import Forge
from kubeaid_ci.edges.git_access import GitAccess
from kubeaid_ci.edges.patience import Patience
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.credentials import Token
from kubeaid_ci.model.forge import ForgeAddress, ForgeKind


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of forge: how to connect, what a token needs, and the page of the branch rules below the repository's."""

    connect: Callable[[ForgeAddress, Token, Path | None, Patience], Forge]
    needs: Callable[[ForgeAddress, Token | None], str]
    rules: str


# One line a forge; `none` takes a branch and has nothing to connect to.
FORGES: dict[ForgeKind, _Kind] = {
    ForgeKind.GITHUB: _Kind(github.connect, github_requests.needs, github.RULES),
    ForgeKind.GITLAB: _Kind(gitlab.connect, gitlab_requests.needs, gitlab.RULES),
    ForgeKind.GITEA: _Kind(gitea.connect, gitea_requests.needs, gitea.RULES),
}


def connect(
    address: ForgeAddress,
    token: Token | None,
    *,
    environ: Environ,
    ca_bundle: Path | None = None,
    patience: Patience | None = None,
) -> Forge | None:
    """The forge at an address, or nothing where the kind is ``none``. Nothing is sent yet.

    Raises `UserError` where a token is needed and there is none.
    """
    if address.kind is ForgeKind.NONE:
        return None
    if token is None:
        names = ", ".join(token_variables(address.kind, address.remote.host, environ))
        raise UserError(f"{address.remote}: no token to open change requests with; set one of {names}")
    return FORGES[address.kind].connect(address, token, ca_bundle, patience or Patience())


def git_access(
    address: ForgeAddress,
    url: str,
    token: Token | None,
    *,
    ca_bundle: Path | None = None,
    patience: Patience | None = None,
) -> GitAccess:
    """How Git reaches the repository at an address by its `url`, with what to tell people who are turned away."""
    access = GitAccess(url, token, ca_bundle, patience or Patience())
    if address.kind is ForgeKind.NONE:
        return access
    kind = FORGES[address.kind]
    return replace(access, help=f"{kind.needs(address, token)}.", rules=f"{address.web}{kind.rules}")
