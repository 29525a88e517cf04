"""Lists the refs of a Git remote, and clones it."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import NoReturn

from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.git.access import GitAccess, remote_git
from kubeaid_ci.git.http_status import Moved, git_status
from kubeaid_ci.git.process import checked, git, reason
from kubeaid_ci.net import session
from kubeaid_ci.runtime.processes import Finished

HEADS = "refs/heads/"
_MOST_NAMED = 10
READ, WRITE = "git-upload-pack", "git-receive-pack"


@dataclass(frozen=True, slots=True)
class Heads:
    """The requested branches that exist, each with its commit, and the default branch."""

    default: str | None
    commits: Mapping[str, str]


def heads(access: GitAccess, *patterns: str) -> Heads:
    """Return the remote's default branch, and the branches of these names; ``name/*`` asks for those below.

    Raises `OutsideError` if the remote cannot be reached.
    """
    asked = [f"{HEADS}{pattern}" for pattern in patterns]
    done = run_remote(access, ["ls-remote", "--symref", "--", access.url, "HEAD", *asked])
    default, found = None, {}
    for line in done.text.splitlines():
        left, _, name = line.partition("\t")
        if name == "HEAD" and left.startswith(f"ref: {HEADS}"):
            default = left.removeprefix(f"ref: {HEADS}")
        elif name.startswith(HEADS):
            found[name.removeprefix(HEADS)] = left
    return Heads(default, found)


def default_branch(access: GitAccess) -> str:
    """Return the branch that the remote's HEAD names; raises `OutsideError` if it does not exist."""
    found = heads(access).default
    if found is None:
        raise OutsideError(f"{access.url}: has no default branch; name one with --base")
    return found


def remote_head(access: GitAccess, branch: str) -> str | None:
    """Return the commit that a branch of the remote ends with, or None if the branch does not exist."""
    return heads(access, branch).commits.get(branch)


def clone(access: GitAccess, into: Path, *, branch: str | None = None, shallow: bool = True) -> Path:
    """Clone into a folder and return it. A full clone has every branch and tag.

    Nothing secret is left in the clone. Raises `OutsideError` if the remote cannot be read.
    """
    named = ["--branch", branch] if branch else []
    depth = ["--depth=1", "--single-branch", "--no-tags"] if shallow else []
    run_remote(
        access,
        ["clone", "--quiet", "--template=", "--no-checkout", *depth, *named, "--", access.url, str(into.absolute())],
    )
    _check_out(into)
    return into


def clone_branch(
    access: GitAccess, into: Path, *, branch: str | None = None, objects: Path | None = None
) -> tuple[str, str]:
    """Clone one branch (default: the remote's default branch) with its history; gives its name and its commit.

    Objects that are in the folder `objects` are not fetched. Raises `UserError` if there is no such
    branch or no commit, `OutsideError` where the remote cannot be read.
    """
    named = [f"--branch={branch}"] if branch else []
    borrowed = [f"--reference={objects.parent}"] if objects else []
    options = ["--quiet", "--template=", "--no-checkout", "--no-tags", "--single-branch", *named, *borrowed]
    explain = partial(_require, access, branch) if branch else None
    run_remote(access, ["clone", *options, "--", access.url, str(into.absolute())], explain=explain)
    found = git(["rev-parse", "HEAD", "--abbrev-ref", "HEAD"], folder=into)
    if found.code != 0:
        head = git(["symbolic-ref", "--short", "HEAD"], folder=into)
        raise _no_such_branch(access, head.text if head.code == 0 else None, chosen=False)
    _check_out(into)
    commit, name = found.text.splitlines()
    return name, commit


def _check_out(clone: Path) -> None:
    """Write the files of a new clone, by the settings of the repository only, not by those of the user."""
    if git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], folder=clone).code == 0:
        checked(git(["reset", "--hard", "--quiet"], folder=clone, reads_files=True), f"{clone}")


def _require(access: GitAccess, branch: str) -> None:
    if branch not in heads(access, branch).commits:
        raise _no_such_branch(access, branch, chosen=True)


def _no_such_branch(access: GitAccess, branch: str | None, *, chosen: bool) -> UserError:
    """Return the error about a missing base: one that was `chosen`, or the one that the remote's HEAD names."""
    found = heads(access, "*")
    if not found.commits:
        return UserError(f"{access.url}: has no commit yet, so there is nothing to build; push one first")
    names = sorted(found.commits)
    known = [found.default] if found.default else [*difflib.get_close_matches(branch or "", names, 3), *names]
    listed = ", ".join(list(dict.fromkeys(known))[:_MOST_NAMED])
    if not chosen:
        missing = f"its HEAD names the branch {branch}, which does not exist" if branch else "its HEAD names no branch"
        return UserError(f"{access.url}: {missing}; name one with --base: {listed}")
    default = f"its default branch is {listed}" if found.default else f"its branches are {listed}"
    return UserError(f"{access.url}: has no branch {branch} to propose to; {default}")


def objects_of(checkout: Path) -> Path | None:
    """Return the folder of a checkout's objects, or None if it does not have all of them."""
    asked = ["rev-parse", "--is-shallow-repository", "--git-path", "objects"]
    shallow, objects = checked(git(asked, folder=checkout), f"{checkout}").text.splitlines()
    partial = git(["config", "--get-regexp", r"^remote\..*\.promisor$"], folder=checkout).code == 0
    return None if shallow == "true" or partial else Path(checkout.absolute(), objects).resolve()


def run_remote(
    access: GitAccess,
    arguments: list[str],
    *,
    folder: Path | None = None,
    explain: Callable[[], None] | None = None,
) -> Finished:
    """Run Git against the remote to read from it, again where a fault may pass.

    `explain` is called when it failed, and raises where it knows why. Raises `OutsideError` if it goes
    on failing, at once where the token is refused.
    """
    for attempt in count(1):
        done = remote_git(arguments, access, folder=folder)
        if done.code == 0:
            return done
        if explain:
            explain()
        fault = fault_of(access, writing=False)
        if not fault.may_pass or not access.retries.wait_and_retry(attempt):
            break
    raise fault.error(access, f"git {arguments[0]} ended with code {done.code}: {reason(done)}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why Git failed, as far as the network explains it. `reason` is empty if the server answers."""

    may_pass: bool
    reason: str = ""

    def error(self, access: GitAccess, message: str) -> OutsideError:
        """Return the error to raise: the network's fault in one sentence, else Git's own `message`."""
        return OutsideError(access.redact(f"{access.url}: {self.reason or message}"))


def fault_of(access: GitAccess, *, writing: bool) -> Fault:
    """Ask the server why Git failed. Raises `OutsideError` if it refuses the token, or can never be reached."""
    if not access.over_http:
        return Fault(may_pass=False)
    answer = git_status(access, WRITE if writing else READ)
    match answer:
        case session.NoResponse(detail, may_pass):
            fault = Fault(may_pass, detail)
            if not may_pass:
                raise fault.error(access, detail)
            return fault
        case Moved(address):
            raise OutsideError(f"{access.url}: redirects to {address}; name that address if you trust it")
        case 401 | 403 | 404:
            _turned_away(access, answer, writing=writing)
    return Fault(may_pass=True)


def _turned_away(access: GitAccess, status: int, *, writing: bool) -> NoReturn:
    wish = "write to" if writing else "read"
    reason = f"the token from {access.token.source} does not let us" if access.token else "without a token we may not"
    raise OutsideError(f"{access.url}: HTTP {status}: {reason} {wish} it. {access.help}")
