"""The digests of the lock file, in the work tree or at a revision."""

from pathlib import Path

from kubeaid_ci.git.repository import Repository
from kubeaid_ci.images.lock import LOCK, read_lock
from kubeaid_ci.images.locking import read_lock_file


def digests_at(config_repo: Path, ref: str | None) -> dict[str, str]:
    """Return the digests by image in its full spelling; empty if there is no lock. `ref` is None for the work tree."""
    if ref is None:
        return read_lock_file(config_repo / LOCK)
    repository = Repository.at(config_repo.resolve())
    commit = repository.commit(ref) if repository else None
    data = repository.show(commit, LOCK) if repository and commit else None
    return read_lock(data.decode("utf-8", "replace"), where=f"{LOCK} at {ref[:12]}") if data is not None else {}
