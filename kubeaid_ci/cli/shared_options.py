"""Arguments and options that several commands share, so that they have the same words everywhere."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kubeaid_ci.cli import completion
from kubeaid_ci.errors import UserError

if TYPE_CHECKING:
    from kubeaid_ci.semver.version import Version
    from kubeaid_ci.settings import UpstreamSettings

_F = TypeVar("_F", bound=Callable[..., Any])

clusters_argument = click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
charts_argument = click.argument("charts", nargs=-1, metavar="[CHART]...", shell_complete=completion.charts)

app_option = click.option(
    "--app",
    "apps",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.applications,
    help="Only this Application; repeatable.",
)
of_charts_option = click.option(
    "--charts",
    "of_charts",
    is_flag=True,
    allow_from_autoenv=False,
    help="All umbrella charts with their default values, instead of clusters.",
)
ref_option = click.option(
    "--ref", default="worktree", metavar="REF", help="The revision to read (default: the work tree)."
)
engine_option = click.option(
    "--engine",
    type=click.Choice(["rjsonnet", "gojsonnet", "jsonnet"]),
    help="The jsonnet engine (default: rjsonnet).",
)
manifests_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Write each object to a file in DIR."
)
manifest_format_option = click.option(
    "--format", "fmt", type=click.Choice(["yaml", "text", "json", "markdown"]), help="Output format (default: yaml)."
)
helm_option = click.option(
    "--helm",
    metavar="VERSION",
    help="Render as this Helm version does, e.g. 3.19 (default: that of the clusters in the settings, if they have the"
    " same, else the newest).",
)
ca_bundle_option = click.option(
    "--ca-bundle",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="File with additional CA certificates (PEM).",
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


def _mirror(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Parse the values of ``--mirror``. Raises `BadParameter` if one is not ``PREFIX=ADDRESS``."""
    mirrors = []
    for value in values:
        prefix, equals, address = value.partition("=")
        if not prefix or not equals or not address.startswith(("https://", "http://", "oci://")):
            raise click.BadParameter(f"{value!r} is not PREFIX=ADDRESS, such as https://charts.example.com=https://m/")
        mirrors.append((prefix, address))
    return tuple(mirrors)


_HOSTS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--allow", multiple=True, metavar="HOST", help="Allow this host to resolve to a private address; repeatable."
    ),
    click.option("--plain-http", multiple=True, metavar="HOST", help="Use plain HTTP for this registry; repeatable."),
)
_MIRROR = click.option(
    "--mirror",
    multiple=True,
    metavar="PREFIX=ADDRESS",
    callback=_mirror,
    help="Use ADDRESS for repositories whose address begins with PREFIX; repeatable.",
)


def with_options(options: "tuple[Callable[[Any], Any], ...]", function: _F) -> _F:
    """Add options to a command, in this order."""
    for option in reversed(options):
        function = option(function)
    return function


def upstream_options(function: _F) -> _F:
    """Add the options for reaching upstreams to a command; ``--ca-bundle`` is the command's own."""
    return with_options((*_HOSTS, _MIRROR), function)


def host_options(function: _F) -> _F:
    """Add the options for the hosts of registries to a command that has ``--ca-bundle`` already."""
    return with_options(_HOSTS, function)


def registry_options(function: _F) -> _F:
    """Add the options for reaching registries of images to a command."""
    return with_options((*_HOSTS, ca_bundle_option), function)


def reaching_registries(values: dict[str, Any], settings: "UpstreamSettings") -> dict[str, Any]:
    """Return the arguments of `image_registries`: the options, and the values of the settings file."""
    return {
        "allow": (*values.pop("allow"), *settings.allow),
        "plain_http": (*values.pop("plain_http"), *settings.plain_http),
        "ca_bundle": values.pop("ca_bundle") or settings.ca_bundle,
    }


def reaching_upstreams(values: dict[str, Any], settings: "UpstreamSettings") -> dict[str, Any]:
    """Return the arguments of `upstream_charts`: the options, and the values of the settings file."""
    return {
        "allow": (*values.pop("allow"), *settings.allow),
        "plain_http": (*values.pop("plain_http"), *settings.plain_http),
        "mirrors": {**settings.mirrors, **dict(values.pop("mirror"))},
        "ca_bundle": values.get("ca_bundle") or settings.ca_bundle,
    }
