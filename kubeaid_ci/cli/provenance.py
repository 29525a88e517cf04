"""The repositories and revisions that a report is about, and the run that made it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubeaid_ci.cli.options import Options
from kubeaid_ci.net.address import names_address, without_credentials
from kubeaid_ci.report.revisions import RepositoryRevisions, Revision, Side

if TYPE_CHECKING:
    from kubeaid_ci.diff.comparison import Revisions

_WORKTREE = "worktree"


def of_options(options: Options) -> dict[str, RepositoryRevisions]:
    """Return the two repositories with the one revision that a command looks at."""
    found = {"config": _repository(options.config_repo, {"revision": _WORKTREE})}
    if options.kubeaid:
        found["kubeaid"] = _repository(options.kubeaid, {"revision": options.kubeaid_ref})
    return {name: revisions for name, revisions in found.items() if revisions}


def of_change(
    options: Options, config: Path, kubeaid: Path, before: "Revisions", after: "Revisions"
) -> dict[str, RepositoryRevisions]:
    """Return the two repositories with the revisions of both sides of a change."""
    sides = {
        "config": _repository(options.config_repo, {"before": before.config, "after": after.config}, config),
        "kubeaid": _repository(str(options.kubeaid), {"before": before.kubeaid, "after": after.kubeaid}, kubeaid),
    }
    return {name: revisions for name, revisions in sides.items() if revisions}


def run_address(env: Mapping[str, str] = os.environ) -> str:
    """Return the address of the CI job's page; empty outside CI."""
    if env.get("GITLAB_CI") == "true":
        return env.get("CI_JOB_URL", "")
    server, repository, run = (env.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if env.get("GITHUB_ACTIONS") == "true" and server and repository and run:
        return f"{server}/{repository}/actions/runs/{run}"
    return ""


def _repository(place: str, refs: Mapping[Side, str], folder: Path | None = None) -> RepositoryRevisions:
    """Return a repository's public address and its revisions; empty for a folder that is no Git repository."""
    from kubeaid_ci.git.repository import Repository

    is_address = names_address(place) and not Path(place).exists()
    folder = folder or (None if is_address else Path(place))
    repository = Repository.at(folder.resolve()) if folder and folder.is_dir() else None
    if repository is None:
        return {"repository": without_credentials(place)} if is_address else {}
    remote = repository.remote()
    address = without_credentials(place) if is_address else str(remote) if remote else ""
    found: RepositoryRevisions = {"repository": address} if address else {}
    for side, ref in refs.items():
        found[side] = _revision(repository, ref)
    return found


def _revision(repository: Any, ref: str) -> Revision:
    if ref == "pinned":
        return {"ref": ref}
    commit = repository.commit("HEAD" if ref == _WORKTREE else ref)
    return {"ref": ref, "commit": commit} if commit else {"ref": ref}
