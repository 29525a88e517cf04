"""Copies a cluster under another name at a KubeAid revision, in a checkout of the config repo."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from kubeaid_ci.build import output
from kubeaid_ci.charts.update import folder as staged
from kubeaid_ci.check.applied import Applied, applied
from kubeaid_ci.check.backup.plan import plan
from kubeaid_ci.check.backup.volumes import is_exempt
from kubeaid_ci.check.context import CheckContext, ConfigFiles
from kubeaid_ci.config_repo import folders
from kubeaid_ci.config_repo.cluster import Cluster
from kubeaid_ci.config_repo.folders import HOME, Folders
from kubeaid_ci.config_repo.selection import select
from kubeaid_ci.errors import UserError
from kubeaid_ci.findings.finding import Finding
from kubeaid_ci.git.git_dir import git_dir
from kubeaid_ci.git.revision import PINNED, WORK_TREE
from kubeaid_ci.render.cluster_state import ClusterState
from kubeaid_ci.render.fleet import fleet_at
from kubeaid_ci.render.options import RunOptions
from kubeaid_ci.render.renderer import Progress
from kubeaid_ci.render.rendering import RenderStatus
from kubeaid_ci.render.repositories import LocalRepositories
from kubeaid_ci.runtime.files import paths_below
from kubeaid_ci.settings import Settings
from kubeaid_ci.suggestion import suggestion
from kubeaid_ci.upgrade import cluster_files, shadow, shadow_copy
from kubeaid_ci.upgrade.prepare import UpgradeOptions, addresses_of, prepare
from kubeaid_ci.upgrade.result import Upgrades
from kubeaid_ci.upgrade.shadow import Shadow, ShadowCluster, ShadowStatus


def shadow_cluster(
    config_repo: str | os.PathLike[str],
    kubeaid: str | os.PathLike[str],
    *,
    cluster: str,
    name: str,
    to: str,
    accept_dangers: bool = False,
    kubeaid_addresses: Sequence[str] = (),
    dry_run: bool = False,
    settings: Settings | None = None,
    jobs: int | None = None,
    cache: bool | str | os.PathLike[str] = True,
    timeout: float = 300.0,
    progress: Progress | None = None,
) -> Shadow:
    """Write ``k8s/<name>/`` as a copy of a cluster at a KubeAid revision, and report what both clusters would claim.

    `cluster` names the original, which stays as it is. The other parameters are those of `upgrade_clusters`. The copy
    is upgraded and rehearsed outside of the checkout, and then put in place as a whole: if the process is killed, it
    is complete or missing. If its rehearsal has errors, nothing is written unless `accept_dangers`.

    Raises `UserError` if the cluster or the revision does not exist, or if the name is taken or cannot be used.
    """
    config, library = Path(config_repo).resolve(), Path(kubeaid).resolve()
    original = _original(folders.folders(config), cluster)
    _check_name(config, name)
    options = UpgradeOptions(to, (name,), accepts_dangers=accept_dangers, addresses=addresses_of(kubeaid_addresses))
    run = RunOptions(settings or Settings(), jobs, cache, timeout, progress)
    with _work_copy(config) as work:
        _write_copy(work, original, name)
        made = prepare(work, library, options, run)
        if made.files.get(name):
            cluster_files.replace(work, f"{HOME}/{name}", made.files[name], before=made.before.get(name, {}))
        done = _compared(work, library, made, run, original=original, name=name)
        done = replace(done, dry_run=dry_run, status=ShadowStatus.REFUSED if made.refused else ShadowStatus.CREATED)
        if not dry_run and not made.refused:
            _put_in_place(config, work / HOME / name, f"{HOME}/{name}")
        collisions = shadow.findings_of(done.collisions, done.restores, old=original.label, new=done.cluster)
        found = (*made.findings, *collisions)
        return Shadow(done, made, tuple(_without(finding, work) for finding in found))


def _original(every: Folders, name: str) -> Cluster:
    """Return the cluster to copy. Raises `UserError` if the name means no cluster that can be read, or several."""
    clusters = select(every, [name]).clusters
    if len(clusters) != 1:
        known = [cluster.dir for cluster in every if isinstance(cluster, Cluster)]
        raise UserError(f"{name}: not one cluster that can be copied; {suggestion(name, known)}")
    return clusters[0]


def _check_name(config: Path, name: str) -> None:
    """Raise `UserError` if no cluster can have this name, or a cluster or a folder has it already."""
    if not shadow_copy.NAME.fullmatch(name):
        raise UserError(f"--shadow {name}: not a name for a cluster; use a-z, A-Z, digits, '-' and '.'")
    for folder in folders.folders(config):
        if name == folder.dir or (isinstance(folder, Cluster) and name == folder.name):
            raise UserError(f"--shadow {name}: {HOME}/{folder.dir} has this name already; choose another, or remove it")
    _refuse_existing(config / HOME / name, f"{HOME}/{name}")


def _refuse_existing(target: Path, path: str) -> None:
    if target.exists() or target.is_symlink():
        raise UserError(f"{path} exists already and is left as it is; choose another name, or remove it")


@contextmanager
def _work_copy(config: Path) -> Iterator[Path]:
    """Yield a copy of the checkout in a temporary folder, with the same Git repository, which is only read."""
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as folder:
        work = Path(folder).resolve() / config.name
        try:
            shutil.copytree(config, work, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        except (OSError, shutil.Error) as error:
            raise UserError(f"{config}: cannot be copied: {error}") from error
        if repository := git_dir(config):
            (work / ".git").write_text(f"gitdir: {repository.path}\n")
        yield work


def _write_copy(work: Path, original: Cluster, name: str) -> None:
    """Copy the folder of a cluster with its new name. Links stay links, and files keep their mode."""
    source, target = work / original.path, work / HOME / name
    shutil.copytree(source, target, symlinks=True)
    if original.vars_file:
        new = work / shadow_copy.renamed_path(original, name, original.vars_file)
        (target / Path(original.vars_file).name).rename(new)
    contents = {f"{original.path}/{path}": data for path, data in _contents(source)}
    for path, data in shadow_copy.copied(original, name, contents).items():
        place = work / path
        if place.read_bytes() != data:
            place.write_bytes(data)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a folder, without links and special files."""
    for path in paths_below(folder):
        place = folder / path
        if place.is_file() and not place.is_symlink():
            yield path, place.read_bytes()


def _compared(
    work: Path, kubeaid: Path, made: Upgrades, run: RunOptions, *, original: Cluster, name: str
) -> ShadowCluster:
    """Render both clusters, and return what they share."""
    path = f"{HOME}/{name}"
    files = {f"{path}/{inside}": data for inside, data in _contents(work / path)}
    repositories = LocalRepositories.of(work, kubeaid, config_ref=WORK_TREE, kubeaid_ref=PINNED)
    with fleet_at(repositories, run, clusters=(original.dir, name)) as fleet:
        context = CheckContext(run.settings.check)
        states = {state.cluster.dir: state for state in fleet.clusters()}
        copy, before = states[name], states[original.dir]
        shared = shadow.collisions(_applied(copy, files), _applied(before, {}), files, old=original.name, new=name)
        left = shadow_copy.leftovers(path, original.name, name, files)
        volumes = [volume for volume in plan(before, context).volumes if not is_exempt(volume, context)]
        return ShadowCluster(
            name,
            original.label,
            path,
            made.to,
            ShadowStatus.CREATED,
            tuple(sorted(files)),
            (*shared, *shadow.of_leftovers(left, shared, original.name)),
            shadow.restores(volumes, partial(shadow_copy.renamed_path, original, name)),
            tuple(sorted(set(_unknown(copy)) | set(_unknown(before)))),
            sum(cluster.errors for cluster in made.clusters),
        )


def _applied(state: ClusterState, files: dict[str, bytes]) -> list[Applied]:
    context = CheckContext(files=ConfigFiles(dict.fromkeys(files, ""), files.__getitem__))
    return list(applied(state, context))


def _unknown(state: ClusterState) -> Iterable[str]:
    return (app.app for app in state.apps if app.status is not RenderStatus.RENDERED)


def _without(finding: Finding, work: Path) -> Finding:
    """Return a finding whose message does not name the temporary folder."""
    message = finding.message.replace(f"{work}/", "")
    return finding if message == finding.message else replace(finding, message=message)


def _put_in_place(config: Path, made: Path, path: str) -> None:
    """Move the complete copy into the checkout in one step. Raises `UserError` if the name was taken meanwhile."""
    target = config / path
    with output.locked(config / HOME):
        staged.tidy(config)
        _refuse_existing(target, path)
        staging = staged.staging(config)
        try:
            shutil.copytree(made, staging / target.name, symlinks=True)
            (staging / target.name).rename(target)
        except (OSError, shutil.Error) as error:
            raise UserError(f"{path}: cannot be written: {error}; nothing is changed") from error
        finally:
            staged.tidy(config)
