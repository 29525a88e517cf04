"""The checkout that holds the change under review in a CI job, and the revision that it is judged by."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from kubeaid_ci.ci import job
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.settings.file import Base, top_of

_TRACKING = "refs/remotes/origin/"


def base_of(folder: Path, env: Mapping[str, str]) -> Base | None:
    """Return the base of the job's change request if `folder` is in the checkout with the change, else None.

    A workflow may check out several repositories below the workspace, and a change may be checked out from a fork.
    """
    request = job.change_base(env)
    if request is None:
        return None
    names, source = request
    workspace, top = job.workspace(env), top_of(folder)
    if top is None:
        return Base(names, source) if folder.resolve() == workspace else None
    repository = Repository.at(top)
    if repository is None:
        return None
    if top != workspace and not _has_change(repository, env):
        return None
    if _is_own(repository, env) is not False:
        return Base((*names, *_commits(env, "base")), source)
    # It is a fork, and the author of the change owns its branches.
    names = (*(name for name in names if not name.startswith(_TRACKING)), *_commits(env, "base"))
    if not names:
        raise UserError(
            f"{folder}: origin is {repository.remote()}, which is not {_own_path(env)}, so its branches are not the"
            f" base of the change; check out {_own_path(env)} (fetch-depth: 0 of actions/checkout)"
        )
    return Base(names, source)


def _has_change(repository: Repository, env: Mapping[str, str]) -> bool:
    """Return whether a repository is the job's own, or has the commit that the job runs for."""
    commits = {env.get("GITHUB_SHA"), env.get("CI_COMMIT_SHA"), *_commits(env, "head")}
    return repository.commit("HEAD") in commits or _is_own(repository, env) is True


def _is_own(repository: Repository, env: Mapping[str, str]) -> bool | None:
    """Return whether ``origin`` is the job's repository, by its path. None if that is not known."""
    path, remote = _own_path(env), repository.remote()
    if not path or remote is None or remote.is_local:
        return None
    return f"/{remote.path}".endswith(f"/{path.lower()}")


def _own_path(env: Mapping[str, str]) -> str:
    """Return the path of the repository that the change is proposed to, or an empty text."""
    names = ("GITHUB_REPOSITORY",) if job.github(env) else ("CI_MERGE_REQUEST_PROJECT_PATH", "CI_PROJECT_PATH")
    return next((env[name] for name in names if env.get(name)), "")


def _commits(env: Mapping[str, str], side: str) -> Iterator[str]:
    """Yield the commit of a side of the pull request, ``base`` or ``head``, from the event of the job.

    See https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request
    """
    path = env.get("GITHUB_EVENT_PATH") if job.github(env) else None
    if not path:
        return
    try:
        commit = json.loads(Path(path).read_bytes())["pull_request"][side]["sha"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if isinstance(commit, str):
        yield commit
