"""Groups of commands, whose modules are loaded when a command is called, so that starting up stays fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from kubeaid_ci.cli.environment import from_environment


class LazyGroup(click.Group):
    """A group by a table: of each command its place, as ``module:function`` in this package, and its description."""

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every command in order of name."""
        return sorted(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """Return the command of a name; None if it does not exist."""
        if cmd_name not in self.table:
            return None
        module, _, function = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"{__package__}.{module}"), function)
        return from_environment(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. An unknown name is an error that suggests similar names."""
        if args[0] in self.table or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from kubeaid_ci.suggestion import NAME, suggestion

        advice = suggestion(args[0], self.list_commands(ctx), likeness=NAME)
        raise click.UsageError(f"No such command {args[0]!r}; {advice}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name][1]) for name in self.list_commands(ctx)])


COMMANDS = {
    "build": ("build:build", "Build kube-prometheus manifests of clusters."),
    "bundle": ("groups:bundle", "Pack, verify and restore what a site without internet needs."),
    "charts": ("groups:charts", "List, verify and update umbrella charts and what is vendored in them."),
    "check": ("check:check", "Check every cluster as Git describes it: what is broken, what is missing."),
    "clusters": ("clusters:clusters", "List the clusters of a config repo."),
    "demo": ("demo:demo", "Make small repositories and run every job on them, offline."),
    "diff": ("diff:diff", "Show what a change or an upgrade does to each cluster."),
    "doctor": ("doctor:doctor", "Check this machine, both repositories and the forge for problems."),
    "images": ("groups:images", "List container images, lock their digests, plan mirrors."),
    "publish": ("publish:publish", "Build clusters and open or update the change request."),
    "render": ("render:render", "Render every object that Argo CD would apply to clusters."),
    "rules": ("rules:rules", "List the rules, or explain one."),
    "sbom": ("sbom:sbom", "Write the software bill of materials of clusters (CycloneDX)."),
    "upgrade": ("upgrade:upgrade", "Move clusters to another KubeAid revision, rehearsed first."),
}
"""The commands of the program."""

_BUNDLE = {
    "create": ("bundle:bundle_create", "Pack everything that a rebuild without internet needs."),
    "restore": ("bundle:bundle_restore", "Restore a bundle into an empty folder."),
    "verify": ("bundle:bundle_verify", "Verify every byte of a bundle, and its signature."),
}

_CHARTS = {
    "add": ("charts_update:charts_add", "Add an umbrella chart around a published chart."),
    "diff": ("charts_render:charts_diff", "Diff rendered charts between two revisions."),
    "lint": ("charts_lint:charts_lint", "Lint umbrella charts: Helm's linter, rendering, removed APIs."),
    "list": ("charts_list:charts_list", "List umbrella charts and what they declare and vendor."),
    "outdated": ("charts_list:charts_outdated", "List vendored charts with newer releases."),
    "render": ("charts_render:charts_render", "Render umbrella charts with their default values."),
    "update": ("charts_update:charts_update", "Update vendored charts to the newest allowed release."),
    "verify": ("charts_verify:charts_verify", "Compare vendored charts with the ledger and upstream."),
}

_IMAGES = {
    "list": ("images_list:images_list", "List the images of clusters or charts, and where each is named."),
    "lock": ("images_lock:images_lock", "Write the digest of each image tag to images.lock.yaml."),
    "mirror": ("images_mirror:images_mirror", "Copy images to a registry or a folder, or write a plan for it."),
    "overrides": ("images_overrides:images_overrides", "Find and prove Helm values that take images from a mirror."),
    "scan": ("images_scan:images_scan", "Report vulnerabilities, by trivy, grype or reports that exist."),
}


@click.group(cls=LazyGroup, table=_BUNDLE)
def bundle() -> None:
    """Bundles for sites without internet: both repositories, the wheels of this program, images and locks.

    \b
    Example: kubeaid-ci bundle create --out platform.tar --kubeaid ../KubeAid
    """


@click.group(cls=LazyGroup, table=_CHARTS)
def charts() -> None:
    """The umbrella charts of a KubeAid repo and what is vendored in them.

    \b
    Example: kubeaid-ci charts verify --offline --kubeaid ../KubeAid
    """


@click.group(cls=LazyGroup, table=_IMAGES)
def images() -> None:
    """The container images of clusters: which, from where, and how to copy them.

    \b
    Example: kubeaid-ci images list staging --kubeaid ../KubeAid
    """
