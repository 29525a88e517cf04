"""``kubeaid-ci render``, and the output of rendered objects."""

import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubeaid_ci import __version__
from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.new_only import base_to_subtract, clusters_baseline, new_only_options
from kubeaid_ci.cli.options import chosen_format, common_options, resolve
from kubeaid_ci.cli.shared_options import app_option, clusters_argument, manifest_format_option, manifests_option
from kubeaid_ci.cli.terminal import print_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from kubeaid_ci.findings.finding import Finding
    from kubeaid_ci.git.revision import TreeRevision
    from kubeaid_ci.render.fleet import Fleet
    from kubeaid_ci.render.rendering import RenderedApp, Renderings
    from kubeaid_ci.runtime.spool import Spool


@command()
@clusters_argument
@app_option
@manifests_option
@new_only_options
@common_options
@manifest_format_option
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
    **values: Any,
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
    from kubeaid_ci.cli.repositories import both_folders
    from kubeaid_ci.render.fleet import open_fleet
    from kubeaid_ci.render.render import render_each
    from kubeaid_ci.render.rendering import Renderings
    from kubeaid_ci.render.report import report
    from kubeaid_ci.runtime.spool import Spool

    subtracted = base_to_subtract(ctx, base, new_only=new_only)
    options = resolve(ctx, values, base=subtracted, base_of="config")
    repositories = both_folders(options)
    with Spool() if options.output.writes_json else nullcontext() as texts:
        with (
            manifest_writer(fmt=chosen_format(ctx, values), out=out, texts=texts) as written,
            # On a terminal the documents themselves are the progress.
            Progress(quiet=options.quiet or (written.prints and sys.stdout.isatty())) as progress,
        ):
            how = options.fleet_arguments(repositories, progress)
            open_at = partial(open_fleet, repositories.config, repositories.kubeaid, **how)
            with open_at(clusters=clusters) as fleet:
                findings = render_each(fleet, written.add, apps=apps)
            baseline = clusters_baseline(repositories.config, subtracted, clusters, partial(_findings, open_at))
        renderings = Renderings(tuple(written.apps), findings)
        result = report(renderings, command="render", version=__version__, objects=written.objects)
        stdout = sys.stderr if written.prints else None
        failure = partial(_failure, renderings)
        done(ctx, replace(result, result_texts=texts), options, stdout=stdout, failure=failure, baseline=baseline)


def _findings(
    open_at: "Callable[..., AbstractContextManager[Fleet]]", revision: "TreeRevision", names: "Sequence[str]"
) -> "Sequence[Finding]":
    """Return the findings of rendering clusters at a revision of the config repo, without keeping their objects."""
    from kubeaid_ci.render.render import render_each

    with open_at(clusters=names, config_ref=revision) as fleet:
        return render_each(fleet, lambda _: None)


def _failure(renderings: "Renderings", findings: "Sequence[Finding]") -> int:
    """Return 2 if a reported finding is about an Application that failed, or a folder that could not be read."""
    failed = {f"{app.cluster}/{app.app}" for app in renderings.failed}
    wrong = any(finding.key == "folder" for finding in findings)
    return 2 if wrong or any(finding.subject in failed for finding in findings) else 0


@dataclass(slots=True)
class ManifestWriter:
    """Writes the objects of Applications one Application after the other, so that they need not stay in memory.

    `prints` is true if standard output gets the objects, `write` writes a file of the folder for ``--out``, and `texts`
    gets the Applications as JSON. `apps` are the Applications without their objects, `objects` the numbers of these.
    """

    prints: bool
    write: "Callable[[str, bytes], None] | None" = None
    texts: "Spool | None" = None
    apps: "list[RenderedApp]" = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    _paths: dict[str, int] = field(default_factory=dict)

    def add(self, app: "RenderedApp") -> None:
        """Write the objects of an Application."""
        from kubeaid_ci.render.report import as_document, as_files
        from kubeaid_ci.report.json import result_text

        if self.write:
            for path, text in as_files(app.manifests, self._paths):
                self.write(path, text.encode())
        if self.prints:
            for manifest in app.manifests:
                print_documents(as_document(manifest))
        if self.texts is not None:
            self.texts.add(result_text(app))
        self.apps.append(replace(app, manifests=()))
        self.objects.append(len(app.manifests))


@contextmanager
def manifest_writer(*, fmt: str | None, out: Path | None, texts: "Spool | None" = None) -> "Iterator[ManifestWriter]":
    """Yield a writer of objects: into a folder, else to standard output if the format is YAML.

    The folder appears when the block ends, and not at all if the block raises.
    """
    from kubeaid_ci.runtime.files import new_folder

    with new_folder(out) if out else nullcontext() as write:
        yield ManifestWriter(out is None and fmt in (None, "yaml"), write, texts)
