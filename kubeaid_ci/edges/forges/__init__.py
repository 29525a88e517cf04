"""Forges: which one a repository lives on, and how to reach it."""

from collections.abc import Callable
from pathlib import Path

from kubeaid_ci.edges.environment import Environ, token_variables
from kubeaid_ci.edges.forges import gitea, github, gitlab
from kubeaid_ci.edges.forges.interface import Forge
from kubeaid_ci.edges.patience import Patience
from kubeaid_ci.errors import UserError
from kubeaid_ci.model.credentials import Token
from kubeaid_ci.model.forge import ForgeAddress, ForgeKind

# One line a forge; `none` takes a branch and has nothing to connect to.
FORGES: dict[ForgeKind, Callable[[ForgeAddress, Token, Path | None, Patience], Forge]] = {
    ForgeKind.GITHUB: github.connect,
    ForgeKind.GITLAB: gitlab.connect,
    ForgeKind.GITEA: gitea.connect,
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
    return FORGES[address.kind](address, token, ca_bundle, patience or Patience())
