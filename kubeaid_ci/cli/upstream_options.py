"""The options of every command that asks chart repositories and registries, and what they come to."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kubeaid_ci.settings import UpstreamSettings

_F = TypeVar("_F", bound=Callable[..., Any])


def _mirror(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for value in values:
        prefix, equals, address = value.partition("=")
        if not prefix or not equals or not address.startswith(("https://", "http://", "oci://")):
            raise click.BadParameter(f"{value!r} is not PREFIX=ADDRESS, such as https://charts.example.com=https://m/")
        found.append((prefix, address))
    return tuple(found)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--allow", multiple=True, metavar="HOST", help="Allow this host to resolve to a private address; repeatable."
    ),
    click.option("--plain-http", multiple=True, metavar="HOST", help="Use plain HTTP for this registry; repeatable."),
    click.option(
        "--mirror",
        multiple=True,
        metavar="PREFIX=ADDRESS",
        callback=_mirror,
        help="Use ADDRESS for repositories whose address begins with PREFIX; repeatable.",
    ),
)


def upstream_options(function: _F) -> _F:
    """Add the options for reaching upstreams to a command; ``--ca-bundle`` is the command's own."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def host_options(function: _F) -> _F:
    """Add the options for the hosts of registries to a command that has ``--ca-bundle`` already."""
    for option in reversed(_OPTIONS[:2]):
        function = option(function)
    return function


def registry_options(function: _F) -> _F:
    """Add the options for reaching registries of images to a command."""
    bundle = click.option(
        "--ca-bundle",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Additional CA certificates (PEM).",
    )
    for option in (bundle, *reversed(_OPTIONS[:2])):
        function = option(function)
    return function


def reaching_registries(values: dict[str, Any], settings: "UpstreamSettings") -> dict[str, Any]:
    """Return the arguments of `image_registries`: the options, and the values of the settings file."""
    return {
        "allow": (*values.pop("allow"), *settings.allow),
        "plain_http": (*values.pop("plain_http"), *settings.plain_http),
        "ca_bundle": values.pop("ca_bundle") or settings.ca_bundle,
    }


def reaching(given: dict[str, Any], settings: "UpstreamSettings") -> dict[str, Any]:
    """Return the arguments of `upstream_charts`: the options, and the values of the settings file."""
    return {
        "allow": (*given.pop("allow"), *settings.allow),
        "plain_http": (*given.pop("plain_http"), *settings.plain_http),
        "mirrors": {**settings.mirrors, **dict(given.pop("mirror"))},
        "ca_bundle": given.get("ca_bundle") or settings.ca_bundle,
    }
