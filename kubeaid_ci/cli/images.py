"""``kubeaid-ci images``: the group, whose commands are loaded when they are called."""

import click

from kubeaid_ci.cli.lazy import LazyGroup

# Each command by name: where it lives and what it does, so that --help loads none of them.
COMMANDS = {
    "list": ("kubeaid_ci.cli.images_list", "List the images of clusters or charts, and where each is named."),
    "lock": ("kubeaid_ci.cli.images_lock", "Write the digest of each image tag to images.lock.yaml."),
    "mirror": ("kubeaid_ci.cli.images_mirror", "Copy images to a registry or a folder, or write a plan for it."),
    "scan": ("kubeaid_ci.cli.images_scan", "Report vulnerabilities, by trivy, grype or reports that exist."),
    "overrides": ("kubeaid_ci.cli.images_overrides", "Find and prove Helm values that take images from a mirror."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def images() -> None:
    """The container images of clusters: which, from where, and how to copy them.

    Example: kubeaid-ci images list staging --kubeaid ../KubeAid
    """
