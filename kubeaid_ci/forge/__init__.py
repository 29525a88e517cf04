"""Forges: which one a repository lives on, and how to reach it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci.errors import UserError
from kubeaid_ci.forge.environment import Environ, token_variables
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind, branch_rules_page, token_advice
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy

if TYPE_CHECKING:
    from kubeaid_ci.forge.interface import Forge

_Connect = Callable[[ForgeAddress, Token, Path | None, RetryPolicy], "Forge"]


def _github() -> _Connect:
    from kubeaid_ci.forge import github

    return github.connect


def _gitlab() -> _Connect:
    from kubeaid_ci.forge import gitlab

    return gitlab.connect


def _gitea() -> _Connect:
    from kubeaid_ci.forge import gitea

    return gitea.connect


# One line a forge; `none` takes a branch and has nothing to connect to.
FORGES: dict[ForgeKind, Callable[[], _Connect]] = {
    ForgeKind.GITHUB: _github,
    ForgeKind.GITLAB: _gitlab,
    ForgeKind.GITEA: _gitea,
}


def required(address: ForgeAddress, token: Token | None, *, environ: Environ) -> Token:
    """Return the token, or `UserError` with the variables that may hold one."""
    if token is None:
        names = ", ".join(token_variables(address.kind, address.remote, environ))
        raise UserError(f"{address.remote}: no API token found; set one of {names}")
    return token


def connect(
    address: ForgeAddress,
    token: Token | None,
    *,
    environ: Environ,
    ca_bundle: Path | None = None,
    retries: RetryPolicy | None = None,
) -> "Forge | None":
    """Return the forge at an address, or None if the kind is ``none``. Nothing is sent yet.

    Raises `UserError` if a token is needed but missing.
    """
    if address.kind is ForgeKind.NONE:
        return None
    known = required(address, token, environ=environ)
    return FORGES[address.kind]()(address, known, ca_bundle, retries or RetryPolicy())


def git_access(
    address: ForgeAddress,
    url: str,
    token: Token | None,
    *,
    ca_bundle: Path | None = None,
    retries: RetryPolicy | None = None,
) -> GitAccess:
    """Return how Git reaches the repository at `url`, with an explanation for users who are refused."""
    advice = f"{token_advice(address, token)}."
    return GitAccess(url, token, ca_bundle, retries or RetryPolicy(), advice, branch_rules_page(address))
