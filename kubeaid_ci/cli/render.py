"""``kubeaid-ci render``, and the output of rendered objects."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli import completion
from kubeaid_ci.cli.new_only import base_to_subtract, clusters_baseline, new_only_options
from kubeaid_ci.cli.options import common_options, resolve
from kubeaid_ci.cli.terminal import print_documents

if TYPE_CHECKING:
    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.git.revision import TreeRevision
    from kubeaid_ci.k8s.manifest import Manifest
    from kubeaid_ci.render.rendering import Renderings


@click.command()
@click.argument("clusters", nargs=-1, metavar="[CLUSTER]...", shell_complete=completion.clusters)
@click.option(
    "--app",
    "apps",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.applications,
    help="Only this Application; repeatable.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write each object to a file in DIR.")
@new_only_options
@common_options
@click.option(
    "--format", "fmt", type=click.Choice(["yaml", "text", "json", "markdown"]), help="Output format (default: yaml)."
)
@click.pass_context
def render(
    ctx: click.Context,
    /,
    clusters: tuple[str, ...],
    apps: tuple[str, ...],
    out: Path | None,
    *,
    base: str | None,
    new_only: bool,
    **given: Any,
) -> None:
    """Render all objects that Argo CD would apply to clusters (default: all).

    Prints the objects as YAML to standard output, each below a comment that names its source, and findings to
    standard error. With --out the objects are written to files. Any other --format prints only the report.

    \b
    Example: kubeaid-ci render staging --kubeaid-ref pinned --kubeaid ../KubeAid
             kubeaid-ci render staging --app traefik --out rendered
             kubeaid-ci render --format text --new-only --base origin/main
    """
    from kubeaid_ci.cli.ending import done
    from kubeaid_ci.cli.progress import Progress
    from kubeaid_ci.cli.repositories import config_folder, kubeaid_folder
    from kubeaid_ci.render.render import render_clusters
    from kubeaid_ci.render.report import report

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, given, base=subtracted, base_of="config")
    config_repo, (kubeaid, kubeaid_ref) = config_folder(options), kubeaid_folder(options)
    with Progress(quiet=options.quiet) as progress:
        same: dict[str, Any] = {
            "kubeaid_ref": kubeaid_ref,
            "settings": options.settings,
            "jobs": options.jobs,
            "cache": options.cache,
            "progress": progress.rendered,
        }
        renderings = render_clusters(config_repo, kubeaid, clusters=clusters, apps=apps, **same)

        def findings_at(revision: "TreeRevision", names: "Sequence[str]") -> "Sequence[Finding]":
            return render_clusters(config_repo, kubeaid, clusters=names, config_ref=revision, **same).findings

        known = clusters_baseline(config_repo, subtracted, clusters, findings_at)
    printed = write_manifests(renderings.manifests, fmt=given["fmt"], out=out)
    told = report(renderings, command="render", version=__version__)
    failure = partial(_failure, renderings)
    done(ctx, told, options, stdout=sys.stderr if printed else None, failure=failure, baseline=known)


def _failure(renderings: "Renderings", findings: "Sequence[Finding]") -> int:
    """Return 2 if a reported finding is about an Application that failed, or a folder that could not be read."""
    failed = {f"{app.cluster}/{app.app}" for app in renderings.failed}
    wrong = any(finding.key == "folder" for finding in findings)
    return 2 if wrong or any(finding.subject in failed for finding in findings) else 0


def write_manifests(manifests: "Sequence[Manifest]", *, fmt: str | None, out: Path | None) -> bool:
    """Write the objects into a folder, or print them if the format is YAML. Return whether it printed."""
    from kubeaid_ci.render.report import as_document, as_files
    from kubeaid_ci.runtime.files import write_folder

    if out is not None:
        write_folder(out, {path: text.encode() for path, text in as_files(manifests)})
        return False
    if fmt not in (None, "yaml"):
        return False
    for manifest in manifests:
        print_documents(as_document(manifest))
    return True
