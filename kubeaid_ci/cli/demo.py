"""``kubeaid-ci demo``."""

import os
import shlex
import sys
import tempfile
from pathlib import Path

import click

from kubeaid_ci.cli.options import common_options, refuse_idle
from kubeaid_ci.cli.terminal import is_coloured, write
from kubeaid_ci.visible import visible

_IDLE = (
    "config_repo", "kubeaid", "kubeaid_ref", "jobs", "fmt", "report", "fail_on", "dotenv", "no_cache", "verbose"
)  # fmt: skip


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@common_options
@click.pass_context
def demo(ctx: click.Context, /, folder: Path | None, **given: object) -> None:
    """Make a small KubeAid repo, a config repo with three clusters and a chart repository, and run the jobs on them.

    Uses no network outside this machine.

    DIR is a new folder (default: a temporary one, kept and named). The jsonnet library is a small one
    of our own; production builds use the kube-prometheus library of your KubeAid repo.

    Example: kubeaid-ci demo /tmp/kubeaid-demo
    """
    refuse_idle(ctx, _IDLE, "in the demo, which shows the commands with options of its own")
    quiet = ["-q"] if given.get("quiet") or (ctx.find_root().obj or {}).get("quiet") else []

    from kubeaid_ci.cli.build import build
    from kubeaid_ci.cli.check import check
    from kubeaid_ci.cli.clusters import clusters
    from kubeaid_ci.cli.groups import charts
    from kubeaid_ci.cli.publish import publish
    from kubeaid_ci.demo import charts as demo_charts
    from kubeaid_ci.demo import demo as job
    from kubeaid_ci.demo.charts import served

    made = job.create(folder or Path(tempfile.mkdtemp(prefix="kubeaid-ci-demo-")))
    # What an earlier demo left in the usual cache would make the first build a cached one.
    os.environ["KUBEAID_CI_CACHE"] = str(made.config.parent / "cache")
    repos = ["--config-repo", str(made.config), "--kubeaid", str(made.kubeaid), "--kubeaid-ref", "pinned"]
    _title("The clusters of the config repo")
    _run(ctx, clusters, ["clusters", *repos, *quiet])
    _title("Build the monitoring manifests of every cluster")
    _run(ctx, build, ["build", *repos, *quiet])
    job.merge(made, "build: kube-prometheus manifests")
    changed = job.lengthen_retention(made)
    _title(f"Prometheus keeps data longer on staging (edited {changed.name}): what would that change?")
    _run(ctx, build, ["build", "--check", "--fail-on", "never", *repos, *quiet])
    job.merge(made, "feat: keep metrics longer on staging")
    preview = made.config.parent / "preview"
    _title("Offer the rebuilt manifests: the text of the change request, then the branch on the bare remote")
    _run(ctx, publish, ["publish", "--dry-run", "--preview", str(preview), *repos, *quiet])
    for text in sorted(preview.glob("*.md")):
        _print(visible(text.read_text(encoding="utf-8")))
    _run(ctx, publish, ["publish", *repos, *quiet])
    rules = "gitops,chart"
    _title("Check all clusters as Git describes them")
    _run(ctx, check, ["check", "--rules", rules, *repos, *quiet])
    broken = job.break_edge(made)
    _title(f"Somebody adds {broken.relative_to(made.config)}: what is wrong with it?")
    _run(ctx, check, ["check", "--rules", rules, "--new-only", "--base", "HEAD", "--fail-on", "never", *repos, *quiet])
    _title("A network policy for its workload to start with")
    _run(ctx, check, ["check", "edge", "--suggest", "network", *repos, *quiet])
    # A proxy cannot reach servers on this machine, and no other host is contacted.
    os.environ["no_proxy"] = "127.0.0.1"
    with served(made.charts) as address:
        verify = [
            "charts",
            "verify",
            "--kubeaid",
            str(made.kubeaid),
            f"--mirror={demo_charts.UPSTREAM}={address}",
            *quiet,
        ]
        _title("Compare the vendored chart with the ledger and with what the chart repository publishes")
        _run(ctx, charts, verify)
        tampered = demo_charts.tamper(made.kubeaid)
        _title(f"Somebody changes one character of {tampered.relative_to(made.kubeaid)}: the alarm")
        _run(ctx, charts, [*verify, "--fail-on", "never"])
    _title("Done")
    _print(f"Everything is in {made.config.parent}; look at it with: git -C {made.remote} log --stat --all")


def _title(text: str) -> None:
    _print(f"\n== {text}", bold=True)


def _print(text: str, **style: bool) -> None:
    write(sys.stdout, (click.style(text, **style) if style and is_coloured(sys.stdout, os.environ) else text) + "\n")


def _run(ctx: click.Context, command: click.Command, arguments: list[str]) -> None:
    """Run a command as a person would, and show how; its failure is the demo's."""
    _print(f"$ kubeaid-ci {shlex.join(arguments)}\n", dim=True)
    code = command.main(arguments[1:], prog_name=f"kubeaid-ci {arguments[0]}", standalone_mode=False)
    if code:
        ctx.exit(code)
