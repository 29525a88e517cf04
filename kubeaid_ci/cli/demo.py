"""``kubeaid-ci demo``."""

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kubeaid_ci.cli.help import command
from kubeaid_ci.cli.options import common_options, refuse_idle
from kubeaid_ci.cli.terminal import is_coloured, write
from kubeaid_ci.visible import visible

if TYPE_CHECKING:
    from kubeaid_ci.demo.demo import Demo

_IDLE = (
    "config_repo", "kubeaid", "kubeaid_ref", "jobs", "fmt", "report", "fail_on", "dotenv", "no_cache", "verbose"
)  # fmt: skip


@command(idle=_IDLE)
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@common_options
@click.pass_context
def demo(ctx: click.Context, /, folder: Path | None, **values: object) -> None:
    """Make a small KubeAid repo, a config repo with three clusters and a chart repository, and run the jobs on them.

    Uses no network outside this machine. DIR is a new folder (default: a temporary folder, which is kept). The jsonnet
    library is a small substitute: your own builds use the kube-prometheus library of your KubeAid repo.

    \b
    Example: kubeaid-ci demo /tmp/kubeaid-demo
    """
    refuse_idle(ctx, _IDLE, "in the demo, which shows the commands with options of its own")

    from kubeaid_ci.demo import demo as job

    quiet = ("-q",) if values.get("quiet") or (ctx.find_root().obj or {}).get("quiet") else ()
    world = job.create(folder or Path(tempfile.mkdtemp(prefix="kubeaid-ci-demo-")))
    # The usual cache may have results of an earlier demo, and the first build would be a cached one.
    os.environ["KUBEAID_CI_CACHE"] = str(world.config.parent / "cache")
    repositories = ("--config-repo", str(world.config), "--kubeaid", str(world.kubeaid), "--kubeaid-ref", "pinned")
    _build(ctx, world, (*repositories, *quiet))
    _publish(ctx, world, (*repositories, *quiet))
    _check(ctx, world, (*repositories, *quiet))
    _verify_charts(ctx, world, quiet)
    _title("Done")
    _print(f"Everything is in {world.config.parent}; look at it with: git -C {world.remote} log --stat --all")


def _build(ctx: click.Context, world: "Demo", options: Sequence[str]) -> None:
    """List the clusters, build their monitoring, and show what an edit would change."""
    from kubeaid_ci.cli.build import build
    from kubeaid_ci.cli.clusters import clusters
    from kubeaid_ci.demo import demo as job

    _title("The clusters of the config repo")
    _run(ctx, clusters, "clusters", *options)
    _title("Build the monitoring manifests of every cluster")
    _run(ctx, build, "build", *options)
    job.merge(world, "build: kube-prometheus manifests")
    changed = job.lengthen_retention(world)
    _title(f"Prometheus keeps data longer on staging (edited {changed.name}): what would that change?")
    _run(ctx, build, "build", "--check", "--fail-on", "never", *options)
    job.merge(world, "feat: keep metrics longer on staging")


def _publish(ctx: click.Context, world: "Demo", options: Sequence[str]) -> None:
    """Show the text of the change request, then push its branch."""
    from kubeaid_ci.cli.publish import publish

    preview = world.config.parent / "preview"
    _title("Publish the rebuilt manifests: the text of the change request, then the branch on the bare remote")
    _run(ctx, publish, "publish", "--dry-run", "--preview", str(preview), *options)
    for text in sorted(preview.glob("*.md")):
        _print(visible(text.read_text(encoding="utf-8")))
    _run(ctx, publish, "publish", *options)


def _check(ctx: click.Context, world: "Demo", options: Sequence[str]) -> None:
    """Check the clusters, then an Application that breaks one, and suggest a network policy for it."""
    from kubeaid_ci.cli.check import check
    from kubeaid_ci.demo import demo as job

    rules = ("--rules", "gitops,chart")
    _title("Check all clusters as Git describes them")
    _run(ctx, check, "check", *rules, *options)
    broken = job.break_edge(world)
    _title(f"Somebody adds {broken.relative_to(world.config)}: what is wrong with it?")
    _run(ctx, check, "check", *rules, "--new-only", "--base", "HEAD", "--fail-on", "never", *options)
    _title("A network policy for its workload to start with")
    _run(ctx, check, "check", "edge", "--suggest", "network", *options)


def _verify_charts(ctx: click.Context, world: "Demo", quiet: Sequence[str]) -> None:
    """Compare the vendored chart with its upstream, before and after somebody changes it."""
    from kubeaid_ci.cli.groups import charts
    from kubeaid_ci.demo import charts as demo_charts

    # A proxy cannot reach servers on this machine, and no other host is contacted.
    os.environ["no_proxy"] = "127.0.0.1"
    with demo_charts.served(world.charts) as address:
        verify = ("charts", "verify", "--kubeaid", str(world.kubeaid), f"--mirror={demo_charts.UPSTREAM}={address}")
        _title("Compare the vendored chart with the ledger and with what the chart repository publishes")
        _run(ctx, charts, *verify, *quiet)
        tampered = demo_charts.tamper(world.kubeaid)
        _title(f"Somebody changes one character of {tampered.relative_to(world.kubeaid)}: the alarm")
        _run(ctx, charts, *verify, *quiet, "--fail-on", "never")


def _title(text: str) -> None:
    _print(f"\n== {text}", bold=True)


def _print(text: str, **style: bool) -> None:
    write(sys.stdout, (click.style(text, **style) if style and is_coloured(sys.stdout, os.environ) else text) + "\n")


def _run(ctx: click.Context, program: click.Command, *arguments: str) -> None:
    """Print a command line and run it. If it fails, the demo ends with its exit code."""
    _print(f"$ kubeaid-ci {shlex.join(arguments)}\n", dim=True)
    code = program.main(list(arguments[1:]), prog_name=f"kubeaid-ci {arguments[0]}", standalone_mode=False)
    if code:
        ctx.exit(code)
