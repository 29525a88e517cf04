"""Commits made by GitHub itself, which signs them: shown as Verified for Apps and workflow tokens."""

import base64
from typing import Any

from kubeaid_ci.errors import OutsideError
from kubeaid_ci.forge.answers import reading
from kubeaid_ci.forge.github_requests import GRAPHQL
from kubeaid_ci.forge.interface import Forge, ForgeError
from kubeaid_ci.git import remote
from kubeaid_ci.git.access import GitAccess
from kubeaid_ci.git.trees import Changed

# Files in one request: GitHub ends requests that take longer than ten seconds.
_CHUNK = 100
_NO_COMMIT = "0" * 40


def commit(
    forge: Forge,
    parent: str,
    *,
    base_tree: str,
    tree: str,
    changed: Changed,
    message: str,
) -> str:
    """Have GitHub make a commit, and return its name. It is on no branch yet.

    `changed` maps a path to its mode and its bytes, nothing for a deletion, as against `base_tree`.
    Raises `OutsideError` if the result is not the `tree` that Git on this machine computes.
    """
    with reading(forge.address):
        return _commit(forge, parent, base_tree=base_tree, tree=tree, changed=changed, message=message)


def _commit(forge: Forge, parent: str, *, base_tree: str, tree: str, changed: Changed, message: str) -> str:
    repo = f"/repos/{forge.address.project}"
    entries = [_entry(forge, repo, path, mode, data) for path, (mode, data) in changed.items()]
    made = base_tree
    for start in range(0, len(entries), _CHUNK):
        fields = {"base_tree": made, "tree": entries[start : start + _CHUNK]}
        made = forge.api.send("POST", f"{repo}/git/trees", body=fields, repeatable=True)["sha"]
    if made != tree:
        raise OutsideError(f"{forge.address.remote}: made tree {made} of the files, which should be {tree}")
    # Without an author GitHub signs the commit as its own.
    fields = {"message": message, "tree": tree, "parents": [parent]}
    return str(forge.api.send("POST", f"{repo}/git/commits", body=fields, repeatable=True)["sha"])


def _entry(forge: Forge, repo: str, path: str, mode: str, data: bytes | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": path, "mode": mode, "type": "blob"}
    if data is None:
        return entry | {"sha": None}
    try:
        return entry | {"content": data.decode()}
    except UnicodeDecodeError:
        fields = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
        blob = forge.api.send("POST", f"{repo}/git/blobs", body=fields, repeatable=True)
        return entry | {"sha": blob["sha"]}


def move(forge: Forge, access: GitAccess, branch: str, *, new: str, seen: str | None) -> bool:
    """Move a branch from `seen` (nothing: it does not exist) to `new`, as `CommitRepository.push` does.

    The REST API has no such condition, only the GraphQL one has. False where somebody else moved the
    branch meanwhile: then nothing was done.
    """
    update = {
        "name": f"refs/heads/{branch}",
        "beforeOid": seen or _NO_COMMIT,
        "afterOid": new,
        "force": True,
    }
    with reading(forge.address):
        repository = forge.api.get(f"/repos/{forge.address.project}")["node_id"]
    arguments = {"repositoryId": repository, "refUpdates": [update]}
    try:
        forge.api.send("POST", GRAPHQL, body=("updateRefs", arguments))
    except ForgeError:
        # For any answer, or none: the current position of the branch shows what happened.
        now = remote.remote_head(access, branch)
        if now == seen:
            raise
        return now == new
    return True
