"""``kubeaid-ci charts``: the group, whose commands are loaded when they are called."""

import click

from kubeaid_ci.cli.lazy import LazyGroup

# Each command by name: where it lives and what it does, so that --help loads none of them.
COMMANDS = {
    "add": ("kubeaid_ci.cli.charts_add", "Add an umbrella chart around a published chart."),
    "diff": ("kubeaid_ci.cli.charts_diff", "Diff rendered charts between two revisions."),
    "lint": ("kubeaid_ci.cli.charts_lint", "Lint umbrella charts: Helm's linter, rendering, removed APIs."),
    "list": ("kubeaid_ci.cli.charts_list", "List umbrella charts and what they declare and vendor."),
    "outdated": ("kubeaid_ci.cli.charts_outdated", "List vendored charts with newer releases."),
    "render": ("kubeaid_ci.cli.charts_render", "Render umbrella charts with their default values."),
    "update": ("kubeaid_ci.cli.charts_update", "Update vendored charts to the newest allowed release."),
    "verify": ("kubeaid_ci.cli.charts_verify", "Compare vendored charts with the ledger and upstream."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def charts() -> None:
    """The umbrella charts of a KubeAid repo and what is vendored in them.

    Example: kubeaid-ci charts verify --offline --kubeaid ../KubeAid
    """
