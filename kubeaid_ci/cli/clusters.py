"""``kubeaid-ci clusters``, and the settings of this job that GitLab's child pipeline gets."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.environment import PREFIX, from_environment
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import Options, common_options, resolve
from kubeaid_ci.cli.shared_options import clusters_argument
from kubeaid_ci.cli.terminal import notice, print_documents
from kubeaid_ci.config_repo.names import joined
from kubeaid_ci.errors import UserError

# GitHub refuses a matrix with more jobs.
_MOST_JOBS = 256
# Variables about the output of one job.
_OWN = {f"{PREFIX}{name}" for name in ("FORMAT", "REPORT", "DOTENV", "PREVIEW", "CHECK", "DEBUG")}
_INSTALLING = (f"{PREFIX}PACKAGE", "PIP_CONSTRAINT")
_CREDENTIALS = re.compile(r"://[^/\s]*@")


def _tags(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return names, comma-separated or as the JSON list that an array becomes in a GitLab variable."""
    text = (value or "").strip()
    if not text.startswith("["):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        names = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a JSON list: {error}") from error
    if not all(isinstance(tag, str) for tag in names):
        raise click.BadParameter(f"{text!r} is not a list of names")
    return tuple(names)


@command()
@clusters_argument
@common_options
@click.option(
    "--format",
    "fmt",
    type=click.Choice(["text", "json", "markdown", "matrix", "gitlab-child"]),
    help="Output format (default: text).",
)
@click.option(
    "--shards",
    type=click.IntRange(1, _MOST_JOBS),
    metavar="N",
    help="Split the clusters among at most N jobs of the matrix.",
)
@click.option("--runner-image", metavar="IMAGE", help="With gitlab-child: container image of the jobs.")
@click.option(
    "--runner-tags",
    metavar="TAGS",
    callback=_tags,
    help="With gitlab-child: runner tags, comma-separated.",
)
@click.pass_context
def clusters(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    shards: int | None,
    runner_image: str | None,
    runner_tags: tuple[str, ...],
    **values: Any,
) -> None:
    """List the clusters of a config repo: name, folder, platform, versions, KubeAid revision, Applications.

    The format matrix prints the JSON for a GitHub strategy.matrix: a job for each cluster, or with --shards
    a job for each share of them. gitlab-child prints a pipeline for GitLab that builds each cluster in a
    job of its own and then publishes, with the settings of this job.

    \b
    Example: kubeaid-ci clusters --config-repo ../kubernetes-config
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.clusters import report
    from kubeaid_ci.clusters.clusters import list_clusters
    from kubeaid_ci.clusters.gitlab_pipeline import child_pipeline
    from kubeaid_ci.report.outcome import place

    options = resolve(ctx, values, needs_kubeaid=False)
    variables = _child_variables(os.environ, options, clusters) if options.output.fmt == "gitlab-child" else {}
    kubeaid = kubeaid_folder(options)[0] if options.kubeaid else None
    found = list_clusters(
        config_folder(options), clusters=clusters, kubeaid=kubeaid, settings=options.settings, jobs=options.jobs
    )
    if options.output.verbose:
        for reason in found.skipped:
            notice(reason)
    failure = 2 if found.findings else 0
    outputs = report.outputs(found.clusters, shards=shards)
    if options.output.fmt in ("matrix", "gitlab-child"):
        for finding in found.findings:
            notice(f"{place(finding)}: {finding.message}")
    if options.output.fmt == "matrix":
        print_documents(outputs["matrix"] + "\n")
        ctx.exit(failure)
    if options.output.fmt == "gitlab-child":
        print_documents(child_pipeline(found.clusters, variables=variables, image=runner_image, tags=runner_tags))
        ctx.exit(failure)
    result = report.report(found.clusters, found.findings, version=__version__)
    done(ctx, result, options, outputs=outputs, failure=failure)


def _child_variables(environ: Mapping[str, str], options: Options, clusters: Sequence[str]) -> dict[str, str]:
    """Return the variables of this job that the jobs of its child pipeline need, and its command-line options.

    Only what is an option of building or publishing: tokens are settings of the project, which every
    job has, and have no place in a file. Raises `UserError` for an address with a token in it.
    """
    from kubeaid_ci.cli.build import build
    from kubeaid_ci.cli.publish import publish

    own = {
        str(option.envvar)
        for command in (build, publish)
        for option in from_environment(command).params
        if isinstance(option, click.Option)
    }
    names = sorted(own - _OWN) + list(_INSTALLING)
    variables = {name: environ[name] for name in names if environ.get(name)} | _resolved(options, clusters)
    for name, value in variables.items():
        if _CREDENTIALS.search(value):
            raise UserError(f"{name}: has a token in its address, which the child pipeline's file would show to all")
    return variables


def _resolved(options: Options, clusters: Sequence[str]) -> dict[str, str]:
    """Return the variables for what this job's command line and settings files decide."""
    values = {
        "CONFIG_REPO": options.config_repo if options.config_repo != "." else "",
        "KUBEAID": options.kubeaid or "",
        "KUBEAID_REF": str(options.kubeaid_ref),
        "CLUSTERS": joined(clusters),
    }
    return {f"{PREFIX}{name}": value for name, value in values.items() if value}
