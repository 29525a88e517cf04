"""Checks access to the forge of the config repo, whether its remote can be read and pushed to, and the token."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kubeaid_ci import forge as forges
from kubeaid_ci.checkup import checks
from kubeaid_ci.checkup.result import Area, Check, NotReached, Refused
from kubeaid_ci.errors import OutsideError, UserError
from kubeaid_ci.forge import environment
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind, token_advice
from kubeaid_ci.forge.interface import ForgeError
from kubeaid_ci.git.access import GitAccess, remote_git, split_address
from kubeaid_ci.git.http_status import Moved, git_status
from kubeaid_ci.git.process import reason
from kubeaid_ci.git.remote import HEADS, READ, WRITE, Heads, heads
from kubeaid_ci.net import session
from kubeaid_ci.net.address import Remote
from kubeaid_ci.net.credentials import Token
from kubeaid_ci.net.retries import RetryPolicy
from kubeaid_ci.publishing.branches import ROOT as BRANCH
from kubeaid_ci.publishing.target import forge_of
from kubeaid_ci.settings.publish import PublishOptions

_SECONDS = 30.0
_FATAL = 128
_REFUSALS = (401, 403, 404)


@dataclass(frozen=True, slots=True)
class RemoteAccess:
    """The config repo's remote, its credentials, and its answer to a request for its branches.

    `forge` is the error if the type of forge is unknown. `held` is the token in the address, `from_argument` the same
    token if it comes before those of the environment.
    """

    remote: Remote
    access: GitAccess
    forge: ForgeAddress | UserError
    from_argument: Token | None
    held: Token | None
    base: str | None
    answer: Heads | Refused | NotReached

    @property
    def kind(self) -> ForgeKind:
        """The type of forge; empty if it is unknown."""
        return self.forge.kind if isinstance(self.forge, ForgeAddress) else ForgeKind.NONE


def with_short_timeout(access: GitAccess) -> GitAccess:
    """Return the access with one attempt and a short timeout, because a person waits for the answer."""
    return replace(access, retries=RetryPolicy(attempts=1), timeout=_SECONDS)


def approach(address: str, options: PublishOptions, *, is_origin: bool = False) -> RemoteAccess:
    """Return the access to a remote with its branches. Raises `UserError` for an invalid address.

    A token in an address of the command line is used first. One in the ``origin`` of a checkout is used last, as when
    publishing: a CI system put it there to clone with.
    """
    url, held = split_address(address)
    remote = Remote.parse(url)
    forge = _detected(remote, options)
    bundle = Path(options.ca_bundle) if options.ca_bundle else None
    from_argument = None if is_origin else held
    kind = forge.kind if isinstance(forge, ForgeAddress) else ForgeKind.NONE
    token = from_argument or _git_token(remote, kind) or held
    known = forge if isinstance(forge, ForgeAddress) else ForgeAddress(ForgeKind.NONE, "", remote, "", "")
    access = with_short_timeout(forges.git_access(known, url, token, ca_bundle=bundle))
    named = environment.base_branch(os.environ)
    base = options.base or (named.value if named else None)
    answer = readable(access, *([base] if base else []))
    return RemoteAccess(remote, access, forge, from_argument, held, base, answer)


def _detected(remote: Remote, options: PublishOptions) -> ForgeAddress | UserError:
    try:
        return forge_of(remote, options)
    except UserError as error:
        return error


def _git_token(remote: Remote, kind: ForgeKind) -> Token | None:
    try:
        return environment.git_token(remote, kind, os.environ)
    except UserError:
        return None  # a malformed one, which the check of its variable names


def check_forge(way: RemoteAccess | None, checkout: Path | None, options: PublishOptions) -> Iterator[Check]:
    """Check the forge: reading, pushing, change requests, and the variables with tokens.

    `checkout` is a folder with a commit of the config repo; None if it has no local files.
    """
    yield from checks.old_variables(environment.old_names(os.environ))
    if way is None:
        return
    yield checks.forge(way.forge)
    answer = way.answer
    default = answer.default if isinstance(answer, Heads) else answer
    yield checks.reading(Area.FORGE, way.access.url, default, way.access.help)
    if isinstance(answer, Heads) and way.base and way.base not in answer.commits:
        yield checks.base(way.base, way.access.url)
    yield from _variables(way)
    if isinstance(answer, Heads) and checkout and (way.access.token or not way.access.over_http):
        refusal = writable(way.access, checkout, BRANCH)
        yield checks.pushing(refusal, who=_owner(way.access.token), needs=way.access.help)
    yield from _api(way, options)


def _variables(way: RemoteAccess) -> Iterator[Check]:
    if way.remote.is_local:
        return
    kind = way.kind
    needed = (
        () if kind is ForgeKind.NONE or way.from_argument else environment.token_variables(kind, way.remote, os.environ)
    )
    found = environment.tokens_set(way.remote, kind, os.environ)
    yield from checks.token_variables(found, needed=needed)


def _api(way: RemoteAccess, options: PublishOptions) -> Iterator[Check]:
    if not isinstance(way.forge, ForgeAddress) or way.kind is ForgeKind.NONE:
        return
    try:
        token = way.from_argument or environment.forge_token(way.remote, way.kind, os.environ) or way.held
    except UserError:
        return  # malformed, and named by the check of its variable
    if token is None:
        return
    bundle = Path(options.ca_bundle) if options.ca_bundle else None
    retries = RetryPolicy(attempts=1)
    forge = forges.connect(way.forge, token, environ=os.environ, ca_bundle=bundle, retries=retries)
    if forge is None:
        return
    needs = token_advice(way.forge, token)
    try:
        yield checks.requesting(forge.access(), who=_owner(token), needs=needs)
        opened = forge.find_open(BRANCH)
    except ForgeError as error:
        kind = Refused if error.status in _REFUSALS else NotReached
        yield checks.requesting(kind(str(error)), who=_owner(token), needs=needs)
        return
    yield checks.change_request(opened[0].url if opened else None, BRANCH)


def _owner(token: Token | None) -> str:
    return f"the token from {token.source}" if token else "Git on this machine"


def readable(access: GitAccess, *branches: str) -> Heads | Refused | NotReached:
    """Return the default branch of the remote and those of `branches` that it has, or why it cannot be read."""
    if (closed := _closed(access, READ)) is not None:
        return closed
    try:
        return heads(access, *branches)
    except OutsideError as error:
        return NotReached(str(error))


def writable(access: GitAccess, checkout: Path, branch: str) -> Refused | NotReached | None:
    """Return why the branch cannot be pushed to; None if the remote accepts it.

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
