"""Check whether a remote answers and lets us in, found out without writing to it."""

from pathlib import Path

from kubeaid_ci.checkup.result import NotReached, Refused
from kubeaid_ci.errors import OutsideError
from kubeaid_ci.git.access import GitAccess, remote_git
from kubeaid_ci.git.http_status import Moved, git_status
from kubeaid_ci.git.process import reason
from kubeaid_ci.git.remote import HEADS, READ, WRITE, Heads, heads
from kubeaid_ci.net import session

_FATAL = 128


def readable(access: GitAccess, *branches: str) -> Heads | Refused | NotReached:
    """The remote's default branch and those of the given branches that it has, or why it cannot be read."""
    if (closed := _closed(access, READ)) is not None:
        return closed
    try:
        return heads(access, *branches)
    except OutsideError as error:
        return NotReached(str(error))


def writable(access: GitAccess, checkout: Path, branch: str) -> Refused | NotReached | None:
    """Why the branch cannot be pushed to; None if the remote lets us.

    Over HTTP the remote reports it before anything is sent. Elsewhere a push from a checkout with a commit
    in it goes as far as the remote's own refusal, and is not made.
    """
    if access.over_http:
        return _closed(access, WRITE)
    dry = ["push", "--dry-run", "--porcelain", "--no-verify", "--", access.url, f"+HEAD:{HEADS}{branch}"]
    try:
        done = remote_git(dry, access, folder=checkout)
    except OutsideError as error:
        return NotReached(str(error))
    return Refused(reason(done)) if done.code == _FATAL else None


def _closed(access: GitAccess, service: str) -> Refused | NotReached | None:
    """Return the HTTP error of the first request that Git would make; None if it succeeds, or if it is not HTTP."""
    if not access.over_http:
        return None
    match git_status(access, service):
        case Moved(address):
            return Refused(f"redirects to {address}; name that address if you trust it")
        case session.NoResponse(detail):
            return NotReached(access.redact(f"{access.url}: {detail}"))
        case 200:
            return None
        case 401 | 403 | 404 as status:
            return Refused(f"HTTP {status}")
        case status:
            return NotReached(f"{access.url}: HTTP {status}")
