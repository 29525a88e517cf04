"""``kubeaid-ci bundle``: the group, whose commands are loaded when they are called."""

import click

from kubeaid_ci.cli.lazy import LazyGroup

# Each command by name: its module and its description, so that --help loads none of them.
COMMANDS = {
    "create": ("kubeaid_ci.cli.bundle_create", "Pack everything that a rebuild without internet needs."),
    "restore": ("kubeaid_ci.cli.bundle_restore", "Restore a bundle into an empty folder."),
    "verify": ("kubeaid_ci.cli.bundle_verify", "Verify every byte of a bundle, and its signature."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def bundle() -> None:
    """Bundles for sites without internet: both repositories, the wheels of this program, images and locks.

    Example: kubeaid-ci bundle create --out platform.tar --kubeaid ../KubeAid
    """
