"""The two repositories as Git bundles: https://git-scm.com/docs/gitformat-bundle."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubeaid_ci.bundle.model import BundledRepository
from kubeaid_ci.errors import UserError
from kubeaid_ci.git.process import Settings, checked, git, reason
from kubeaid_ci.git.remote import objects_of
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote, without_credentials

_REFS = ("refs/heads/", "refs/remotes/origin/", "refs/tags/")
_USUAL = ("main", "master")
_HEAD = "refs/kubeaid-ci/head"
_PINNED = "refs/kubeaid-ci/pinned/"
# Deltas that several threads look for depend on timing, and the bytes with them.
_STEADY: Settings = (("pack.threads", "1"),)


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions of a repository that something pins: commits by the names that are written there."""

    folder: Path
    pinned: Mapping[str, str]


def describe(name: str, revisions: Revisions, *, files: Sequence[str] = ()) -> BundledRepository:
    """Return what a bundle has of a repository. Raises `UserError` if it is no repository, or has no commit."""
    repository = Repository.at(revisions.folder)
    if repository is None:
        raise UserError(f"{revisions.folder}: not a Git repository, so it cannot be bundled; name a clone")
    if repository.is_shallow():
        raise UserError(
            f"{revisions.folder}: a shallow clone lacks history that a bundle needs; fetch it:"
            f" git -C {revisions.folder} fetch --unshallow"
        )
    if repository.uses_sha256():
        raise UserError(f"{revisions.folder}: repositories with SHA-256 ids cannot be bundled yet")
    head = repository.commit("HEAD") or repository.default_branch()
    branch = repository.current_branch() or ""
    default = branch if repository.is_bare() else repository.default_branch_name() or ""
    refs = _refs(revisions, head, [branch, default, *_USUAL])
    if repository.is_bare() and branch:
        # A mirror has the remote's choice as its HEAD; the restored clone needs it as origin/HEAD.
        refs[f"refs/remotes/origin/{branch}"] = head
    return BundledRepository(
        name=name,
        files=tuple(files),
        address=_address(repository),
        head=head,
        branch=branch,
        default_branch=default,
        refs=dict(sorted(refs.items())),
        pinned=dict(sorted(revisions.pinned.items())),
    )


def _address(repository: Repository) -> str:
    address = repository.address()
    if address is None or Remote.parse(address).is_local:
        return ""  # a path of this machine names nothing elsewhere
    return without_credentials(address)


def _refs(revisions: Revisions, head: str, branches: Iterable[str]) -> dict[str, str]:
    """Return the refs to bundle: HEAD, the branches, what is pinned, and every tag in their history."""
    existing = _existing(revisions.folder)
    names = {*filter(None, branches), *revisions.pinned}
    refs = {full: existing[full] for name in names for full in _full_names(name) if full in existing}
    refs[_HEAD] = head
    for commit in revisions.pinned.values():
        refs[f"{_PINNED}{commit}"] = commit
    wanted = sorted({head, *revisions.pinned.values(), *refs.values()})
    merged = [f"--merged={commit}" for commit in wanted]
    listed = git(["for-each-ref", "--format=%(refname)", *merged, "refs/tags"], folder=revisions.folder)
    tags = checked(listed, f"{revisions.folder}: cannot list the tags").text.splitlines()
    return {**refs, **{tag: existing[tag] for tag in tags}}


def _full_names(name: str) -> list[str]:
    short = name.removeprefix("refs/heads/").removeprefix("refs/tags/")
    return [f"{start}{short}" for start in _REFS]


def _existing(folder: Path) -> dict[str, str]:
    """Return every ref of a repository with the id that it has, of a tag the tag's own."""
    done = git(["for-each-ref", "--format=%(objectname) %(refname)", *_REFS], folder=folder)
    lines = checked(done, f"{folder}: cannot list the refs").text.splitlines()
    return {name: identity for identity, _, name in (line.partition(" ") for line in lines)}


def write(target: Path, repository: BundledRepository, folder: Path, before: BundledRepository | None) -> bool:
    """Write a Git bundle of a repository, without what the bundle `before` has. Return False if nothing is new.

    The same repository gives the same bytes with the same version of Git, unless it is packed again in between.
    """
    known = sorted(set(before.refs.values())) if before else []
    new = {name: identity for name, identity in repository.refs.items() if identity not in known}
    if not new:
        return False
    with tempfile.TemporaryDirectory(prefix="kubeaid-ci-") as scratch:
        borrowed = _borrowing(Path(scratch) / "refs.git", folder, repository.refs)
        present = [identity for identity in known if _has(borrowed, identity)]
        lines = [*new, *(f"^{identity}" for identity in present)]
        arguments = ["bundle", "create", "--quiet", "--version=2", str(target), "--stdin"]
        done = git(arguments, folder=borrowed, settings=_STEADY, stdin="".join(f"{line}\n" for line in lines).encode())
        checked(done, f"{folder}: cannot make a Git bundle")
    return True


def _borrowing(place: Path, folder: Path, refs: Mapping[str, str]) -> Path:
    """Make a bare repository with the objects of another one and refs of our own. The other one is only read."""
    repository = Repository.create(place, bare=True).folder
    objects = objects_of(folder)
    if objects is None:
        raise UserError(f"{folder}: its objects cannot be read; is it a partial clone? Clone it as a whole")
    (repository / "objects" / "info").mkdir(exist_ok=True)
    (repository / "objects" / "info" / "alternates").write_text(f"{objects}\n")
    _set(repository, refs)
    return repository


def _has(folder: Path, identity: str) -> bool:
    return git(["cat-file", "-e", identity], folder=folder).code == 0


def _set(folder: Path, refs: Mapping[str, str]) -> None:
    lines = "".join(f"create {name} {identity}\n" for name, identity in refs.items())
    done = git(["update-ref", "--stdin"], folder=folder, stdin=lines.encode())
    if done.code:
        raise UserError(f"{folder}: cannot write the refs of the bundle: {reason(done)}")


def restore(target: Path, repository: BundledRepository, bundles: Sequence[Path]) -> None:
    """Make a clone from Git bundles: the same commits, tags, branches and origin, and HEAD checked out.

    Raises `UserError` if the bundles do not have what the manifest lists.
    """
    folder = Repository.create(target).folder
    for bundle in bundles:
        done = git(["bundle", "unbundle", str(bundle)], folder=folder)
        if done.code:
            raise UserError(f"{bundle.name}: Git cannot read it: {reason(done)}")
    missing = next((identity for identity in repository.refs.values() if not _has(folder, identity)), None)
    if missing:
        raise UserError(f"the Git bundles of {repository.name} lack {missing}, which the manifest lists")
    _refuse_huge(folder, repository.head)
    own = {name: identity for name, identity in repository.refs.items() if not name.startswith(_HEAD)}
    _set(folder, own)
    _connect(folder, repository)
    _check_out(folder, repository)


MOST_CHECKED_OUT = 4 * 1024**3
"""Bytes of all files of a checkout; KubeAid has a tenth of a gigabyte. Packed zeros need a thousandth of their size."""


def _refuse_huge(folder: Path, commit: str) -> None:
    done = git(["ls-tree", "-r", "-l", "--full-tree", "-z", commit], folder=folder)
    listed = checked(done, "cannot list the files of the bundle").stdout.split(b"\0")[:-1]
    sizes = (line.partition(b"\t")[0].split()[3] for line in listed)
    total = sum(int(size) for size in sizes if size.isdigit())
    if total > MOST_CHECKED_OUT:
        raise UserError(f"commit {commit[:12]} of the bundle has {total:,} bytes of files, more than are checked out")


def _connect(folder: Path, repository: BundledRepository) -> None:
    if repository.address:
        Repository(folder).add_remote(repository.address)
    origin = f"refs/remotes/origin/{repository.default_branch}"
    if repository.default_branch and origin in repository.refs:
        done = git(["symbolic-ref", "refs/remotes/origin/HEAD", origin], folder=folder)
        checked(done, "cannot set the default branch")


def _check_out(folder: Path, repository: BundledRepository) -> None:
    branch = f"refs/heads/{repository.branch}"
    if repository.branch and repository.refs.get(branch) == repository.head:
        checked(git(["symbolic-ref", "HEAD", branch], folder=folder), "cannot select the branch")
    else:
        checked(git(["update-ref", "--no-deref", "HEAD", repository.head], folder=folder), "cannot select the commit")
    done = git(["reset", "--quiet", "--hard"], folder=folder, reads_files=True)
    if done.code:
        raise UserError(f"the files of {repository.name} cannot be checked out: {reason(done)}")
