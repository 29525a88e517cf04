"""The revision that an upgrade moves clusters to."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.errors import UserError
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.git.target_revision import range_of
from kubeaid_ci.semver.version import Version

LATEST = "latest"
_NOT_FIXED = ("HEAD", "worktree", "pinned")
_MOST_NAMES, _ALIKE = 3, 0.7


@dataclass(frozen=True, slots=True)
class UpgradeTarget:
    """A revision of the KubeAid repo, as it is written into files, and its commit.

    `moves` is true for a branch: what it names changes without a change of the config repo.
    """

    name: str
    commit: str
    moves: bool = False


def resolve_target(kubeaid: Path, to: str) -> UpgradeTarget:
    """Return the revision that ``latest``, a range of versions, a tag, a branch or a commit means.

    ``latest`` is the newest tag that is a version and no pre-release. A range means its newest tag, as in Argo CD.
    Raises `UserError` if there is no such revision, or the name means two.
    """
    repository = Repository.at(kubeaid) if kubeaid.is_dir() else None
    if repository is None:
        raise UserError(f"{kubeaid}: not a Git repository, so it has no revision {to}; name one with --kubeaid")
    if not to or to in _NOT_FIXED:
        raise UserError(f"--to {to}: does not name one revision; write a tag such as 1.2.3, or latest")
    name = _newest(repository) if to == LATEST else repository.target_name(to)
    if to != LATEST and name == to and range_of(to):
        raise UserError(f"--to {to}: {kubeaid} has no tag in this range; {_fetch(kubeaid)}")
    if len(both := repository.ambiguous_refs(name)) > 1:
        raise UserError(f"--to {to}: names {' and '.join(both)} of {kubeaid}; write the full name or the commit id")
    commit = repository.target(name)
    if commit is None:
        raise UserError(f"--to {to}: {kubeaid} has no such revision; {_near(name, repository)}")
    return UpgradeTarget(name, commit, repository.is_branch(name))


def _near(name: str, repository: Repository) -> str:
    """Return advice: the most similar tags, else the newest ones."""
    tags = repository.tags()
    similar = difflib.get_close_matches(name, tags, _MOST_NAMES, _ALIKE)
    newest = [version.text for version in sorted(_versions(tags), reverse=True)[:_MOST_NAMES]]
    advice = f"did you mean {' or '.join(similar)}?" if similar else f"the newest are {', '.join(newest) or 'none'}."
    return f"{advice} If it is new, {_fetch(repository.folder)}"


def _newest(repository: Repository) -> str:
    versions = _versions(repository.tags())
    if not versions:
        raise UserError(f"--to latest: {repository.folder} has no tag that is a version; {_fetch(repository.folder)}")
    return max(versions).text


def _versions(tags: Iterable[str]) -> list[Version]:
    """Return the tags that are versions, without pre-releases."""
    versions = []
    for tag in tags:
        try:
            version = Version.parse(tag)
        except UserError:
            continue
        if not version.prerelease:
            versions.append(version)
    return versions


def _fetch(kubeaid: Path) -> str:
    return f"fetch its tags: git -C {kubeaid} fetch --tags origin"
