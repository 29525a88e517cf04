"""The version of Helm that charts are rendered with."""

from typing import TYPE_CHECKING

import click

from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.semver.version import Version

helm_option = click.option(
    "--helm",
    metavar="VERSION",
    help="Render as this Helm version does, e.g. 3.19 (default: that of the clusters in the settings, if they have the"
    " same, else the newest).",
)


def helm_version(text: str | None) -> "Version | None":
    """Return the version of an option. Raises `UserError` if it is invalid, or older than all known versions."""
    from kubeaid_ci.semver.version import Version

    if text is None:
        return None
    try:
        version = Version.parse(text)
    except UserError as error:
        raise UserError(f"--helm: {error}; write a version such as 3.19 or 4.2.1") from error
    if version.release[0] not in (3, 4):
        raise UserError(f"--helm {text}: only Helm 3 and 4 are known; write a version such as 3.19 or 4.2.1")
    return version
