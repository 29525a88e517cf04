"""The variables for the jobs of GitLab's child pipeline: the settings of the job that plans it."""

import json
import re
from collections.abc import Mapping, Sequence

import click

from kubeaid_ci.cli.environment import PREFIX, from_environment
from kubeaid_ci.cli.options import Options
from kubeaid_ci.config_repo.names import joined
from kubeaid_ci.errors import UserError

# These are about the output of one job.
_OWN = {f"{PREFIX}{name}" for name in ("FORMAT", "REPORT", "DOTENV", "PREVIEW", "CHECK", "DEBUG")}
_INSTALLING = (f"{PREFIX}PACKAGE", "PIP_CONSTRAINT")
_CREDENTIALS = re.compile(r"://[^/\s]*@")


def handed_on(environ: Mapping[str, str], resolved: Options, clusters: Sequence[str]) -> dict[str, str]:
    """Return the variables of this job that the jobs of its child pipeline need, and its command-line options.

    Only what is an option of building or publishing: tokens are settings of the project, which every
    job has, and have no place in a file. Raises `UserError` for an address with a token in it.
    """
    from kubeaid_ci.cli.build import build
    from kubeaid_ci.cli.publish import publish

    options = {
        str(option.envvar)
        for command in (build, publish)
        for option in from_environment(command).params
        if isinstance(option, click.Option)
    }
    names = sorted(options - _OWN) + list(_INSTALLING)
    known = {name: environ[name] for name in names if environ.get(name)} | _said(resolved, clusters)
    for name, value in known.items():
        if _CREDENTIALS.search(value):
            raise UserError(f"{name}: has a token in its address, which the child pipeline's file would show to all")
    return known


def _said(resolved: Options, clusters: Sequence[str]) -> dict[str, str]:
    said = {
        "CONFIG_REPO": resolved.config_repo if resolved.config_repo != "." else "",
        "KUBEAID": resolved.kubeaid or "",
        "KUBEAID_REF": resolved.kubeaid_ref,
        "CLUSTERS": joined(clusters),
    }
    return {f"{PREFIX}{name}": value for name, value in said.items() if value}


def tags(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Names comma-separated, or the JSON list that an array becomes in a variable of GitLab's."""
    text = (value or "").strip()
    if not text.startswith("["):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no list: {error}") from error
    if not all(isinstance(tag, str) for tag in found):
        raise click.BadParameter(f"{text!r} is no list of names")
    return tuple(found)
