"""The target of publishing, from the options and the environment."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kubeaid_ci import forge as forges
from kubeaid_ci.errors import UserError
from kubeaid_ci.forge import environment
from kubeaid_ci.forge.detection import detect
from kubeaid_ci.forge.forge import ForgeAddress, ForgeKind, Size
from kubeaid_ci.git import remote as git_remote
from kubeaid_ci.git.access import GitAccess, split_address
from kubeaid_ci.git.commit import CommitStyle, Identity, Signing
from kubeaid_ci.git.repository import Repository
from kubeaid_ci.net.address import Remote, without_credentials
from kubeaid_ci.net.credentials import Token, is_at_home
from kubeaid_ci.repositories.folders import is_address
from kubeaid_ci.settings.publish import PublishOptions

if TYPE_CHECKING:
    from kubeaid_ci.forge.interface import Forge

_AUTHOR = Identity("kubeaid-ci", "kubeaid-ci@users.noreply.github.com")
# What the publisher puts around the text: markers, state and the box to hand the branch back.
_FRAME = 1000


@dataclass(frozen=True)
class Target:
    """The config repo to publish to, and how. No request was made yet.

    `token` is for the forge, None if no forge is used; `base` is None if it is the remote's
    default branch; `objects` is the folder of a local checkout's objects, which need not be fetched.
    """

    address: ForgeAddress
    access: GitAccess
    token: Token | None
    base: str | None
    options: PublishOptions
    style: CommitStyle
    objects: Path | None = None

    @cached_property
    def forge(self) -> "Forge | None":
        """Return the forge, connected to on first use: not at all if there is nothing to publish."""
        if self.token is None:
            return None
        return forges.connect(self.address, self.token, environ=os.environ, ca_bundle=self.access.ca_bundle)

    @property
    def limit(self) -> int:
        """Return how much text there is room for, as `size` measures it."""
        from kubeaid_ci.publishing import body

        return (self.forge.body_limit if self.forge else body.NO_LIMIT) - _FRAME

    @property
    def size(self) -> Size:
        """Measures a text in the forge's unit."""
        return self.forge.body_size if self.forge else len


def resolve(config_repo: str, options: PublishOptions) -> Target:
    """Return the target that an address, or the ``origin`` of a checkout, leads to.

    Raises `UserError` if it leads nowhere, the forge is unknown, or a token is missing.
    """
    environ, named = os.environ, is_address(config_repo)
    url, held = split_address(config_repo if named else _origin(Path(config_repo)))
    # The origin of a job's checkout holds the job's own token, which seldom may do more than read.
    given = held if named else None
    remote = Remote.parse(url)
    address = forge_of(remote, options)
    bundle = Path(options.ca_bundle) if options.ca_bundle else None
    token = given or environment.git_token(remote, address.kind, environ) or held
    api_token = None
    if address.kind is not ForgeKind.NONE and not options.dry_run:
        found = given or environment.forge_token(remote, address.kind, environ) or _for_api(held)
        api_token = forges.required(address, found, environ=environ)
    base = environment.base_branch(environ)
    return Target(
        address,
        forges.git_access(address, url, token, ca_bundle=bundle),
        api_token,
        options.base or (base.value if base else None),
        _with_reviewers(options),
        _style(options),
        None if named else git_remote.objects_of(Path(config_repo)),
    )


def forge_of(remote: Remote, options: PublishOptions) -> ForgeAddress:
    """Return the forge of a repository. Raises `UserError` if it is unknown, or only settings name another host."""
    url = options.forge_url or options.settings_forge_url
    address = detect(remote, os.environ, kind=ForgeKind.parse(options.forge or "auto"), forge_url=url)
    if url and not options.forge_url and address.kind is not ForgeKind.NONE and not is_at_home(address.api, remote):
        raise UserError(
            f"publish.forge-url of a settings file is {without_credentials(url)}, not at the origin (scheme, host and"
            f" port) of {remote}, and the"
            " token would go there; if that is intended, pass --forge-url or KUBEAID_CI_FORGE_URL"
        )
    return address


def _for_api(token: Token | None) -> Token | None:
    """Return the token, but for a GitLab job's: it cannot open merge requests, so the error must request another."""
    return None if token and token.user == "gitlab-ci-token" else token


def _origin(folder: Path) -> str:
    repository = Repository.at(folder.resolve()) if folder.is_dir() else None
    address = repository.push_address() if repository and not repository.is_bare() else None
    if address is None:
        advice = _advice(folder, repository)
        raise UserError(f"{folder}: not a checkout with a remote origin, so there is nowhere to publish to: {advice}")
    return address


def _advice(folder: Path, repository: Repository | None) -> str:
    """Return why nothing can be published from a folder, and what to do."""
    if not folder.exists():
        return "it does not exist; name the repository by its address or by a checkout of it"
    if repository is None:
        return "it is not the top of a Git repository; go to that folder, or name the repository by its address"
    if repository.is_bare():
        return f"it is a bare repository; to publish to it, name it as the address {folder.resolve().as_uri()}"
    return f"the checkout has no such remote; add it with `git -C {folder} remote add origin URL`"


def _with_reviewers(options: PublishOptions) -> PublishOptions:
    found = environment.reviewers(os.environ)
    if found is None or options.reviewers or options.team_reviewers:
        return options
    people, teams = found.value
    return replace(options, reviewers=people, team_reviewers=teams)


def _style(options: PublishOptions) -> CommitStyle:
    found = environment.committer(os.environ)
    author = Identity.parse(options.author) if options.author else found.value if found else _AUTHOR
    return CommitStyle(author, sign_off=bool(options.sign_off), signing=Signing(options.sign) if options.sign else None)
