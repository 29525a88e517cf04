"""Restores a bundle into empty folders."""

import os
from collections.abc import Sequence
from pathlib import Path

from kubeaid_ci.bundle import repositories
from kubeaid_ci.bundle.model import Manifest
from kubeaid_ci.bundle.result import BundleResult, parts_of
from kubeaid_ci.bundle.staging import publish, staging
from kubeaid_ci.bundle.verify import Trust, inspect
from kubeaid_ci.findings.finding import Severity

FOLDERS = {"config": "kubernetes-config", "kubeaid": "KubeAid"}
"""The folder of each restored repository."""


def restore_bundle(
    bundles: Sequence[str | os.PathLike[str]],
    into: str | os.PathLike[str],
    *,
    allowed_signers: str | os.PathLike[str] | None = None,
    require_signature: bool = False,
) -> BundleResult:
    """Restore a bundle, or a bundle and its increments in order, into a new folder; the network is not used.

    The folder gets ``kubernetes-config`` and ``KubeAid``, clones with the same commits, tags, branches and origin, and
    ``wheels``, ``images`` and ``records``. Everything is verified first: if one byte is wrong nothing is restored.
    Raises `UserError` if the folder is not empty, or a bundle cannot be read.
    """
    trust = Trust(Path(allowed_signers) if allowed_signers is not None else None, required=require_signature)
    target = Path(into)
    with staging(target) as scratch:
        files, folder = scratch / "files", scratch / "restored"
        files.mkdir()
        found = inspect([Path(path) for path in bundles], trust, into=files)
        if not any(finding.severity is Severity.ERROR for finding in found.findings):
            _restore(files, folder, found.last)
            publish(folder, target)
    result = parts_of(found.last)
    return BundleResult("bundle restore", result, found.findings, found.last.digest, signer=found.signer)


def _restore(files: Path, folder: Path, manifest: Manifest) -> None:
    folder.mkdir()
    for repository in manifest.repositories:
        bundles = [files / name for name in repository.files]
        repositories.restore(folder / FOLDERS[repository.name], repository, bundles)
    wanted = {file.path.partition("/")[0] for file in manifest.files} - {"repositories"}
    for name in sorted(wanted):
        _keep_listed(files / name, files, {file.path for file in manifest.files})
        (files / name).rename(folder / name)


def _keep_listed(folder: Path, top: Path, listed: set[str]) -> None:
    """Delete what an older bundle has and the newest does not list any more."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(top).as_posix() not in listed:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
