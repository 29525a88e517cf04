"""The options of the commands that read bundles."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kubeaid_ci.cli.options import refuse_idle

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE...", type=click.Path(path_type=Path)),
    click.option(
        "--allowed-signers",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The SSH keys that may sign, in the format of ssh-keygen; a signature is then required.",
    ),
    click.option("--require-signature", is_flag=True, help="Fail if the bundle has no signature of a known key."),
)
# A bundle is read as it is, whatever the repositories are.
_IDLE = ("config_repo", "kubeaid", "kubeaid_ref", "no_cache", "jobs")


def bundle_options(function: _F) -> _F:
    """Add the bundles and the options about their signatures."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def refuse_repositories(ctx: click.Context) -> None:
    """Raise for options about repositories, which have no effect."""
    refuse_idle(ctx, _IDLE, "on a bundle, which is read as it is")
