"""Upgrades clusters in a checkout of the config repo."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.settings import Settings
from kubeaid_ci.upgrade import cluster_files
from kubeaid_ci.upgrade.prepare import UpgradeOptions, addresses_of, prepare
from kubeaid_ci.upgrade.result import ClusterUpgrade, Upgrades, UpgradeStatus
from kubeaid_ci.upgrade.rules import FAILED


def upgrade_clusters(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    to: str,
    clusters: Sequence[str] = (),
    apps: Sequence[str] = (),
    wave: str | None = None,
    accept_dangers: bool = False,
    kubeaid_addresses: Sequence[str] = (),
    dry_run: bool = False,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Upgrades:
    """Move clusters to a KubeAid revision in a checkout of the config repo: sources, labels, settings, monitoring.

    `config_repo` and `kubeaid` are folders. `to` is a tag, ``latest``, a range of versions, a branch or a commit.
    `clusters` and `apps` name some (none: all); `wave` names a wave of the settings instead, or is ``next``. The
    upgrade is rehearsed first, as `diff_clusters` does; if that has errors, nothing is written unless `accept_dangers`.
    `kubeaid_addresses` are further addresses of the KubeAid repo, such as old names. With `dry_run` nothing is written.
    The other parameters are those of `diff_clusters`.

    Each cluster is written as a whole or not at all, and one that fails does not block the others. Nothing is
    committed. Raises `UserError` if nothing can be upgraded at all.
    """
    options = UpgradeOptions(
        to,
        tuple(clusters),
        tuple(apps),
        accepts_dangers=accept_dangers,
        wave=wave or "",
        addresses=addresses_of(kubeaid_addresses),
    )
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    config = Path(config_repo).resolve()
    made = prepare(config, Path(kubeaid).resolve(), options, run)
    if dry_run:
        return replace(made, clusters=tuple(replace(cluster, dry_run=True) for cluster in made.clusters))
    cluster_files.tidy(config)
    done: list[ClusterUpgrade] = []
    failures: list[Finding] = []
    for cluster in made.clusters:
        try:
            if files := made.files.get(cluster.dir):
                cluster_files.replace(config, f"k8s/{cluster.dir}", files, before=made.before.get(cluster.dir, {}))
        except UserError as error:
            message = str(error).replace(f"{config}/", "")
            failures.append(FAILED.at(f"k8s/{cluster.dir}", message, subject=cluster.cluster, key="write"))
            cluster = replace(cluster, status=UpgradeStatus.FAILED, written=(), removed=(), error=message, exit_code=2)  # noqa: PLW2901
        done.append(cluster)
    return replace(made, clusters=tuple(done), findings=(*made.findings, *failures))
